package import PluginAPI
package import Telephony

/// An `Authorization: Digest …` header that is complete and belongs to the request it came with (RFC 7616 §3.4).
package struct DigestAuthorization: Sendable {
    package let username: Username
    package let realm: String
    package let algorithm: DigestAlgorithm
    package let question: DigestCalculation.Question
    /// How often the client has used the nonce, this time included.
    package let count: UInt32
    private let response: [UInt8]

    /// What a listener accepts.
    package struct Rules: Sendable, Hashable {
        package var realm: String
        /// What is offered, in order.
        package var algorithms: [DigestAlgorithm]

        package init(realm: String, algorithms: [DigestAlgorithm]) {
            self.realm = realm
            self.algorithms = algorithms
        }
    }

    /// `nil` for anything that could never be right: bad grammar, an algorithm that was not offered, another target, realm or
    /// quality of protection, no count. Whether nonce and response are right is not looked at here.
    package init?(header: String, method: String, target: String, rules: Rules) {
        let scheme = header.utf8.prefix { $0 != UInt8(ascii: " ") }
        guard header.utf8.count <= 8192, String(Substring(scheme)).lowercased() == "digest",
            let parameters = AuthorizationParameters(header.utf8.dropFirst(scheme.count)),
            parameters["realm"] == rules.realm, parameters["uri"] == target, parameters["qop"] == "auth",
            // We send none, and offer no hashed names.
            parameters["opaque"] == nil, parameters["userhash"].map({ $0.lowercased() == "false" }) ?? true,
            let nonce = parameters["nonce"],
            let clientNonce = parameters["cnonce"], (1...256).contains(clientNonce.utf8.count),
            let count = parameters["nc"], let number = Self.number(count), number > 0,
            let response = parameters["response"],
            let algorithm = Self.algorithm(parameters["algorithm"], among: rules.algorithms),
            let username = Self.username(parameters["username"], extended: parameters["username*"])
        else { return nil }
        self.username = username
        self.realm = rules.realm
        self.algorithm = algorithm
        self.question = DigestCalculation.Question(
            method: method,
            uri: target,
            nonce: nonce,
            count: count,
            clientNonce: clientNonce
        )
        self.count = number
        self.response = Array(response.utf8)
    }

    /// For authenticators.
    package var credential: Credential {
        let (algorithm, question, response) = (self.algorithm, self.question, self.response)
        return .digest(
            DigestResponse(username: self.username, realm: self.realm, algorithm: algorithm) { ha1 in
                let expected = ha1.withText { DigestCalculation.response(algorithm, ha1: $0, question) }
                return MessageDigest.areEqual(Array(expected.utf8), response)
            }
        )
    }

    /// Without a word the algorithm is MD5 (§3.3).
    private static func algorithm(_ text: String?, among offered: [DigestAlgorithm]) -> DigestAlgorithm? {
        let word = (text ?? DigestAlgorithm.md5.rawValue).lowercased()
        return offered.first { $0.rawValue.lowercased() == word }
    }

    /// Exactly eight hexadecimal digits.
    private static func number(_ text: String) -> UInt32? {
        let bytes = text.utf8
        let isDigit: (UInt8) -> Bool = { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
                UInt8(ascii: "A")...UInt8(ascii: "F"):
                true
            default: false
            }
        }
        return bytes.count == 8 && bytes.allSatisfy(isDigit) ? UInt32(text, radix: 16) : nil
    }

    // MARK: Names

    /// One of the two forms, not both (§3.4).
    private static func username(_ plain: String?, extended: String?) -> Username? {
        switch (plain, extended) {
        case (let text?, nil): Username(text)
        case (nil, let text?): Self.decode(extended: text).flatMap { Username($0) }
        case (_?, _?), (nil, nil): nil
        }
    }

    /// `UTF-8'language'percent-encoded` (RFC 8187 §3.2.1).
    private static func decode(extended text: String) -> String? {
        let parts = text.utf8.split(separator: UInt8(ascii: "'"), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, String(Substring(parts[0])).lowercased() == "utf-8" else { return nil }
        return PercentEncoding.decode(parts[2])
    }
}
