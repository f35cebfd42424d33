package import PluginAPI

/// How an issuer signs (RFC 7518 §3.1).
package enum TokenAlgorithm: String, Sendable, Hashable, CaseIterable {
    /// HMAC with SHA-256, by a key that both know.
    case hs256 = "HS256"
    /// RSA with SHA-256 (PKCS #1 v1.5), by a key of which we know the public half.
    case rs256 = "RS256"
}

/// Who may sign access tokens (§4.2.1).
package struct TokenConfiguration: Sendable, Equatable {
    package var issuers: [TokenIssuer]
    /// How far the issuers' clocks may be from ours.
    package var leeway = Duration.zero

    package init(issuers: [TokenIssuer]) {
        self.issuers = issuers
    }

    init(from reader: SettingsReader) {
        self.issuers = reader.objects(
            "issuers",
            atLeast: 1,
            summary: "Whose tokens are accepted.",
            TokenIssuer.init(from:)
        )
        self.leeway = reader.duration(
            "leeway",
            default: .zero,
            in: .zero ... .seconds(300),
            summary: "How far the issuers' clocks may be from this machine's."
        )
        for (index, issuer) in self.issuers.enumerated() {
            let isSame = { (other: TokenIssuer) in
                other.algorithm == issuer.algorithm && Array(other.name.utf8) == Array(issuer.name.utf8)
            }
            if let other = self.issuers[..<index].firstIndex(where: isSame) {
                reader.problem(
                    at: "issuers",
                    index: index,
                    "expected another issuer or algorithm than at \(reader.pointer)/issuers/\(other), found the same"
                )
            }
        }
    }
}

/// Somebody who signs access tokens.
package struct TokenIssuer: Sendable, Equatable {
    /// Where the key stands that his signatures are checked with.
    package enum Key: Sendable, Equatable {
        case secret(Secret)
        /// A PEM file with an X.509 certificate. Whether it has expired is not looked at: only its key counts.
        case certificate(String)
        /// A PEM file with a public key.
        case publicKey(String)
        /// A file with a JSON Web Key Set (RFC 7517).
        case keySet(String)
        /// Where a JSON Web Key Set is published.
        case keySetURL(String)
    }

    /// The claim `iss`.
    package var name: String
    package var algorithm: TokenAlgorithm
    package var key: Key
    /// What the claim `aud` must say, if anything.
    package var audience: String?
    /// Whether his tokens allow calls without a registration (§4.2).
    package var callMe: Bool

    package init(
        name: String,
        algorithm: TokenAlgorithm,
        key: Key,
        audience: String? = nil,
        callMe: Bool = false
    ) {
        self.name = name
        self.algorithm = algorithm
        self.key = key
        self.audience = audience
        self.callMe = callMe
    }

    /// The key that the technote uses as an example, and that everybody knows hence.
    private static let sampleKey = Secret("$C&F)J@McQfTjWnZr4u7x!A%D*G-KaPd")

    init(from reader: SettingsReader) {
        self.name = reader.string("issuer", summary: "The claim `iss` of his tokens, compared byte by byte.")
        self.algorithm = reader.choice(
            "algorithm",
            default: .rs256,
            summary: "How he signs: `HS256` by a shared secret, `RS256` by a private key of his own."
        )
        let secret = reader.optionalSecret("secret", summary: "The shared secret for HS256: 32 bytes at least.")
        let certificate = reader.optionalPath(
            "certificate",
            summary: "A PEM file with his X.509 certificate, for RS256."
        )
        let publicKey = reader.optionalPath("publicKey", summary: "A PEM file with his public key, for RS256.")
        let keySet = reader.optionalPath("keySet", summary: "A file with his JSON Web Key Set, for RS256.")
        let url = reader.optionalString("keySetURL", summary: "Where he publishes his JSON Web Key Set, for RS256.")
        self.audience = reader.optionalString(
            "audience",
            summary: "What the claim `aud` must say; not looked at unless given."
        )
        self.callMe = reader.bool(
            "callMe",
            default: false,
            summary: "Whether his tokens allow calls without a registration, as a \"call me\" button needs."
        )
        let isInsecure = reader.bool(
            "insecureSampleKey",
            default: false,
            summary: "Allows the sample key of the technote as `secret`, for trying things out."
        )
        let keys: [Key] =
            [secret.map(Key.secret), certificate.map(Key.certificate), publicKey.map(Key.publicKey)].compactMap { $0 }
            + [keySet.map(Key.keySet), url.map(Key.keySetURL)].compactMap { $0 }
        self.key = keys.first ?? .secret(Secret(""))
        if self.name.isEmpty, !reader.hasProblem(at: "issuer") {
            reader.problem(at: "issuer", "expected a name, found an empty one")
        }
        let hasReadKeys = ["secret", "certificate", "publicKey", "keySet", "keySetURL", "algorithm"].allSatisfy {
            !reader.hasProblem(at: $0)
        }
        guard hasReadKeys, !reader.isDescribing else { return }
        self.check(keys, secret: secret, url: url, isInsecure: isInsecure, reader)
    }

    private func check(_ keys: [Key], secret: Secret?, url: String?, isInsecure: Bool, _ reader: SettingsReader) {
        switch self.algorithm {
        case .hs256 where keys.count != 1 || secret == nil:
            // A secret that is not fetched now, because it is switched off, is noted by the reader.
            reader.problem("expected secret, and nothing else, as the key for HS256, found \(Self.words(keys))")
        case .rs256 where keys.count != 1 || secret != nil:
            reader.problem(
                "expected one of certificate, publicKey, keySet and keySetURL as the key for RS256, found \(Self.words(keys))"
            )
        case .hs256, .rs256:
            break
        }
        if let secret {
            let length = secret.withText { $0.utf8.count }
            if length < 32 {
                reader.problem(at: "secret", "expected at least 32 bytes, found \(length)")
            } else if secret == Self.sampleKey, !isInsecure {
                reader.problem(
                    at: "secret",
                    "expected a secret that nobody knows, found the technote's sample key (insecureSampleKey allows it)"
                )
            }
        }
        if let url, !Self.isFetchable(url) {
            // What stands before an @ may be a password.
            let found = url.utf8.contains(UInt8(ascii: "@")) ? "one with a name or password" : "\"\(url)\""
            reader.problem(at: "keySetURL", "expected an https URL, or an http URL of this machine, found \(found)")
        }
    }

    private static func words(_ keys: [Key]) -> String {
        let names = keys.map { key in
            switch key {
            case .secret: "secret"
            case .certificate: "certificate"
            case .publicKey: "publicKey"
            case .keySet: "keySet"
            case .keySetURL: "keySetURL"
            }
        }
        return names.isEmpty ? "none" : names.joined(separator: ", ")
    }

    private static func isFetchable(_ url: String) -> Bool {
        let bytes = Array(url.utf8)
        guard bytes.count <= 2048, bytes.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") }),
            let scheme = ["https://", "http://"].first(where: url.hasPrefix)
        else { return false }
        let ends = [UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#")]
        let authority = bytes.dropFirst(scheme.utf8.count).prefix { !ends.contains($0) }
        // After an @ comes the host that is meant, whatever stands before it.
        guard !authority.isEmpty, !authority.contains(UInt8(ascii: "@")) else { return false }
        return scheme == "https://" || self.isOwn(authority)
    }

    /// Whether a host, with a port or without, is this machine.
    private static func isOwn(_ authority: some Collection<UInt8>) -> Bool {
        ["127.0.0.1", "[::1]", "localhost"].contains { host in
            guard authority.starts(with: host.utf8) else { return false }
            let port = authority.dropFirst(host.utf8.count)
            let digits = port.dropFirst()
            return port.isEmpty
                || port.first == UInt8(ascii: ":") && (1...5).contains(digits.count)
                    && digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        }
    }
}
