package import PluginAPI

/// An HA1 (RFC 7616 §3.4.2): the hash of `username:realm:password`, which lets a client log in by HTTP Digest.
///
/// Unlike a crypt(3) hash it is as good as the password for this realm, and cheap to guess from: keep it as a secret.
package struct DigestHash: Sendable, Equatable {
    let text: Secret

    /// `nil` unless the text is a whole hash of that algorithm, in lower-case hexadecimal digits.
    package init?(_ text: String, _ algorithm: DigestAlgorithm) {
        let isDigit: (UInt8) -> Bool = { byte in
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
        }
        guard text.utf8.count == Self.length(algorithm), text.utf8.allSatisfy(isDigit) else { return nil }
        self.text = Secret(text)
    }

    private init(unchecked text: String) {
        self.text = Secret(text)
    }

    /// Compared with when there is nobody to compare with.
    static let decoy = DigestHash(unchecked: String(repeating: "0", count: 64))

    /// What to say when something else was found; the value itself is nobody's business.
    static func expected(_ algorithm: DigestAlgorithm) -> String {
        "expected \(Self.length(algorithm)) lower-case hexadecimal digits (made with `anynode-server hash-password --digest`), "
            + "found something else"
    }

    private static func length(_ algorithm: DigestAlgorithm) -> Int {
        switch algorithm {
        case .sha256: 64
        case .md5: 32
        }
    }
}
