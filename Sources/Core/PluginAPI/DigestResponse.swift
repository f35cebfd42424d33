public import Telephony

/// A hash that HTTP Digest is spoken with (RFC 7616 §3.3).
public enum DigestAlgorithm: String, Sendable, Hashable, CaseIterable {
    /// What every current browser speaks.
    case sha256 = "SHA-256"
    /// For telephones that know nothing better; broken as a hash, and off unless configured.
    case md5 = "MD5"
}

/// What a client made of its password to prove that it knows it, without sending it (RFC 7616).
///
/// Replay protection, the nonce and the target are the server's business; an authenticator only lends what it stores.
public struct DigestResponse: Sendable {
    /// The name as the client wrote it.
    public let username: Username
    /// The realm the client was asked for.
    public let realm: String
    /// The hash the client chose among those offered.
    public let algorithm: DigestAlgorithm
    private let check: @Sendable (Secret) -> Bool

    /// Made by the server, and by tests. `check`: whether the response belongs to this HA1.
    public init(
        username: Username,
        realm: String,
        algorithm: DigestAlgorithm,
        check: @escaping @Sendable (_ ha1: Secret) -> Bool
    ) {
        self.username = username
        self.realm = realm
        self.algorithm = algorithm
        self.check = check
    }

    /// Whether the response was made with this HA1: the digest of `username:realm:password`, in lower-case hexadecimal
    /// digits. Takes microseconds, and the same time for a right one as for a wrong one.
    public func isProved(byHA1 ha1: Secret) -> Bool {
        self.check(ha1)
    }
}
