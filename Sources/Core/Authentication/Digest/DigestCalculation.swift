package import PluginAPI
package import Telephony

/// The arithmetic of HTTP Digest with `qop=auth` (RFC 7616 §3.4).
package enum DigestCalculation {
    /// What a server stores of a password, for one realm (§3.4.2).
    package static func ha1(
        _ algorithm: DigestAlgorithm,
        username: Username,
        realm: String,
        password: String
    ) -> String {
        self.hash(algorithm, Array("\(username.text):\(realm):\(password)".utf8))
    }

    /// What a client sends (§3.4.1).
    package static func response(_ algorithm: DigestAlgorithm, ha1: String, _ question: Question) -> String {
        let ha2 = self.hash(algorithm, Array("\(question.method):\(question.uri)".utf8))
        let parts = [ha1, question.nonce, question.count, question.clientNonce, "auth", ha2]
        return self.hash(algorithm, Array(parts.joined(separator: ":").utf8))
    }

    /// All that goes into a response beside the password.
    package struct Question: Sendable, Hashable {
        package var method: String
        package var uri: String
        package var nonce: String
        /// Eight hexadecimal digits, as the client wrote them.
        package var count: String
        package var clientNonce: String

        package init(method: String, uri: String, nonce: String, count: String, clientNonce: String) {
            self.method = method
            self.uri = uri
            self.nonce = nonce
            self.count = count
            self.clientNonce = clientNonce
        }
    }

    private static func hash(_ algorithm: DigestAlgorithm, _ bytes: [UInt8]) -> String {
        switch algorithm {
        case .sha256: MessageDigest.sha256(bytes).hexadecimal
        case .md5: MessageDigest.md5(bytes).hexadecimal
        }
    }
}
