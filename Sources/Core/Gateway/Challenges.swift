import PluginAPI

/// What a 401 asks for: one challenge for each way to log in, in the order of the configuration (RFC 9110 §11.6.1).
struct Challenges {
    let rules: Handshake.Rules

    /// For somebody who should log in. `nonce` makes a new one for each Digest challenge.
    func login(isStale: Bool, nonce: () -> String) -> [String] {
        self.rules.methods.flatMap { method -> [String] in
            switch method {
            case .basic: ["Basic realm=\"\(self.rules.realm)\", charset=\"UTF-8\""]
            case .digest: self.rules.digestAlgorithms.map { self.digest($0, isStale: isStale, nonce: nonce()) }
            case .token: ["Bearer realm=\"\(self.rules.realm)\""]
            }
        }
    }

    /// For somebody who brought a secret in the query. A password won't help him, and asking for one would make browsers
    /// forget the one they know.
    var secret: [String] { ["Bearer realm=\"\(self.rules.realm)\", error=\"invalid_token\""] }

    /// RFC 7616 §3.3.
    private func digest(_ algorithm: DigestAlgorithm, isStale: Bool, nonce: String) -> String {
        let stale = isStale ? ", stale=true" : ""
        return """
            Digest realm="\(self.rules.realm)", qop="auth", algorithm=\(algorithm.rawValue), nonce="\(nonce)", \
            charset=UTF-8\(stale)
            """
    }
}
