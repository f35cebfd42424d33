package import NIOHTTP1
package import PluginAPI
package import Telephony

/// What an HTTP request wants of us, judged by its head alone: no socket, no clock, no directory (docs/protocol.md, section 2).
package struct Handshake: Sendable {
    package struct Rules: Sendable, Hashable {
        package var paths: [String]
        /// Who may open a socket from a page: `*` for anybody, otherwise exact origins; none means pages of this host only.
        package var origins: [String]
        package var acceptsBasic: Bool
        package var acceptsAnonymous: Bool
        package var realm: String

        package init(
            paths: [String] = ["/"],
            origins: [String] = [],
            acceptsBasic: Bool = true,
            acceptsAnonymous: Bool = false,
            realm: String = "anynode"
        ) {
            self.paths = paths
            self.origins = origins
            self.acceptsBasic = acceptsBasic
            self.acceptsAnonymous = acceptsAnonymous
            self.realm = realm
        }
    }

    /// How a client proves who it is.
    package enum Proof: Sendable {
        /// By coming back to its registration (§9.5.1).
        case registration(RegistrationIdentifier)
        /// By name and password (§4.1).
        case credential(Credential)
        /// It need not.
        case anonymous
    }

    package enum Verdict: Sendable {
        /// A proper handshake; the key is that of RFC 6455 §4.2.1.
        case upgrade(key: String, Proof)
        /// Not a handshake but a plain request for a page.
        case page(path: String, isHead: Bool)
        case refuse(HTTPRefusal)
    }

    private let rules: Rules

    package init(rules: Rules) {
        self.rules = rules
    }

    package func judge(_ head: HTTPRequestHead) -> Verdict {
        do throws(HTTPRefusal) {
            return try self.examine(head)
        } catch {
            return .refuse(error)
        }
    }

    private func examine(_ head: HTTPRequestHead) throws(HTTPRefusal) -> Verdict {
        guard head.headers["host"].count == 1 || head.version == .http1_0 else {
            throw .badRequest("exactly one Host header is expected")
        }
        guard head.uri.hasPrefix("/"), head.uri.utf8.count <= 8192 else {
            throw .badRequest("the request target must be a path")
        }
        let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = String(parts[0])
        let wantsUpgrade = head.headers[canonicalForm: "upgrade"].contains { $0.lowercased() == "websocket" }
        guard wantsUpgrade else {
            guard head.method == .GET || head.method == .HEAD else { throw .methodNotAllowed }
            return .page(path: path, isHead: head.method == .HEAD)
        }
        guard self.rules.paths.contains(path) else { throw .notFound }
        guard head.method == .GET else { throw .methodNotAllowed }
        guard head.version == .http1_1 else { throw .badRequest("a WebSocket handshake needs HTTP/1.1") }
        guard head.headers[canonicalForm: "connection"].contains(where: { $0.lowercased() == "upgrade" }) else {
            throw .badRequest("the Connection header must name Upgrade")
        }
        guard head.headers["sec-websocket-version"] == ["13"] else {
            throw .upgradeRequired("WebSocket version 13 is expected")
        }
        let keys = head.headers["sec-websocket-key"]
        guard keys.count == 1, let key = keys.first, Self.isKey(key) else {
            throw .badRequest("Sec-WebSocket-Key must be 16 bytes in base64")
        }
        try self.checkOrigin(head)
        let query = parts.count > 1 ? String(parts[1]) : ""
        return .upgrade(key: key, try self.proof(query: query, headers: head.headers))
    }

    static func announcesBody(_ head: HTTPRequestHead) -> Bool {
        head.headers.contains(name: "transfer-encoding")
            || head.headers["content-length"].contains { $0 != "0" }
    }

    /// Whether the decoder takes what follows for another protocol: by both headers, not by one (RFC 9110 §7.8).
    static func endsHTTP(_ head: HTTPRequestHead) -> Bool {
        head.headers.contains(name: "upgrade")
            && head.headers[canonicalForm: "connection"].contains { $0.lowercased() == "upgrade" }
    }

    /// 22 characters of base64 and two of padding: 16 bytes, and no bits left over that could be anything.
    private static func isKey(_ key: String) -> Bool {
        Base64.decode(key)?.count == 16
    }

    // MARK: Origin

    private func checkOrigin(_ head: HTTPRequestHead) throws(HTTPRefusal) {
        let origins = head.headers["origin"]
        guard origins.count <= 1 else { throw .badRequest("at most one Origin header is expected") }
        // Programs that are no browser send none.
        guard let origin = origins.first, !self.rules.origins.contains("*") else { return }
        let isAllowed =
            if self.rules.origins.isEmpty {
                Self.authority(of: origin) == head.headers["host"].first?.lowercased()
            } else {
                self.rules.origins.contains { $0.lowercased() == origin.lowercased() }
            }
        guard isAllowed else { throw .forbiddenOrigin }
    }

    /// Host and port of an origin (RFC 6454 §6.2): whatever follows `http://` or `https://`, and nothing more.
    private static func authority(of origin: String) -> String? {
        let origin = origin.lowercased()
        for scheme in ["http://", "https://"] where origin.hasPrefix(scheme) {
            let authority = origin.dropFirst(scheme.count)
            return authority.contains { "/@?#\\".contains($0) } ? nil : String(authority)
        }
        return nil
    }

    // MARK: Proof

    private func proof(query: String, headers: HTTPHeaders) throws(HTTPRefusal) -> Proof {
        let items = try QueryItem.parse(query)
        let proofs = items.filter { ["access_token", "identifier", "wakeupToken", "ticket"].contains($0.name) }
        guard proofs.count <= 1 else {
            throw .badRequest("the query may carry only one of access_token, identifier, wakeupToken, ticket")
        }
        let authorizations = headers["authorization"]
        guard authorizations.count <= 1 else { throw .badRequest("at most one Authorization header is expected") }
        if let proof = proofs.first {
            switch proof.name {
            case "identifier":
                guard let identifier = RegistrationIdentifier(proof.value) else {
                    throw self.unauthorized(.registration)
                }
                return .registration(identifier)
            default:
                // No token, ticket or wakeup is issued by this build: each one is unknown.
                throw self.unauthorized(.token)
            }
        }
        if let authorization = authorizations.first {
            guard self.rules.acceptsBasic else { throw self.unauthorized(.login) }
            guard let credential = BasicCredentials.parse(authorization) else { throw self.unauthorized(.login) }
            return .credential(credential)
        }
        guard self.rules.acceptsAnonymous else { throw self.unauthorized(.login) }
        return .anonymous
    }

    package enum FailedProof: Sendable {
        case login
        case registration
        case token
    }

    /// 401, with the challenge that the configuration allows.
    package func unauthorized(_ proof: FailedProof) -> HTTPRefusal {
        let reason =
            switch proof {
            case .login: "user name and password are needed, or were wrong"
            case .registration: "the registration is unknown or over"
            case .token: "the token is unknown, used or expired"
            }
        let challenge = self.rules.acceptsBasic ? "Basic realm=\"\(self.rules.realm)\", charset=\"UTF-8\"" : nil
        return .unauthorized(reason, challenge: challenge)
    }
}
