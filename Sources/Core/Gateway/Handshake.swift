package import NIOHTTP1
package import PluginAPI
package import Telephony

/// What an HTTP request wants of us, judged by its head alone: no socket, no clock, no directory (docs/protocol.md, section 2).
package struct Handshake: Sendable {
    package struct Rules: Sendable, Hashable {
        package var paths: [String]
        /// Who may open a socket from a page: `*` for anybody, otherwise exact origins; none means pages of this host only.
        package var origins: [String]
        package var methods: [AuthenticationMethod]
        package var digestAlgorithms: [DigestAlgorithm]
        package var acceptsAnonymous: Bool
        package var realm: String

        package init(
            paths: [String] = ["/"],
            origins: [String] = [],
            methods: [AuthenticationMethod] = [.basic],
            digestAlgorithms: [DigestAlgorithm] = [.sha256],
            acceptsAnonymous: Bool = false,
            realm: String = "anynode"
        ) {
            self.paths = paths
            self.origins = origins
            self.methods = methods
            self.digestAlgorithms = digestAlgorithms
            self.acceptsAnonymous = acceptsAnonymous
            self.realm = realm
        }
    }

    /// How a client proves who it is.
    package enum Proof: Sendable {
        /// By coming back to its registration (§9.5.1).
        case registration(RegistrationIdentifier)
        /// By the secret of a push (§9.5.2).
        case wakeup(WakeupToken)
        /// By a log-in of a moment ago.
        case ticket(Ticket)
        /// By an access token (§4.2).
        case token(String)
        /// By name and password (§4.1).
        case password(Credential)
        /// By having answered a challenge.
        case digest(DigestAuthorization)
        /// It need not.
        case anonymous
    }

    /// What was missing or wrong, for the answer.
    package enum FailedProof: String, Sendable {
        case login = "a log-in is needed, or it was wrong"
        case token = "the access token is not valid"
        case registration = "the registration is unknown or over"
        case wakeup = "the wakeup token is unknown, used or expired"
        case ticket = "the ticket is unknown, used or expired"
    }

    package enum Verdict: Sendable {
        /// A proper handshake; the key is that of RFC 6455 §4.2.1.
        case upgrade(key: String, Proof)
        /// Somebody logs in to get a ticket.
        case ticket(Proof)
        /// A browser asks whether a page of another origin may ask for a ticket (the Fetch standard's CORS preflight).
        case preflight
        /// Not a handshake but a plain request for a page.
        case page(path: String, isHead: Bool)
        /// What should prove something can't be a proof at all.
        case unauthorized(FailedProof)
        case refuse(HTTPRefusal)
    }

    let rules: Rules

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

    /// Whether a page of this origin may read our answers: the value of `Access-Control-Allow-Origin`.
    package func sharedOrigin(_ head: HTTPRequestHead) -> String? {
        let origins = head.headers["origin"]
        guard origins.count == 1, let origin = origins.first, self.isAllowed(origin, head) else { return nil }
        return self.rules.origins.contains("*") ? "*" : origin
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
        let query = parts.count > 1 ? String(parts[1]) : ""
        guard wantsUpgrade else {
            if self.isTicketPath(path) {
                return try self.examineTicketRequest(head, query: query)
            }
            guard head.method == .GET || head.method == .HEAD else { throw .methodNotAllowed("GET, HEAD") }
            return .page(path: path, isHead: head.method == .HEAD)
        }
        guard self.rules.paths.contains(path) else { throw .notFound }
        guard head.method == .GET else { throw .methodNotAllowed("GET") }
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
        switch try self.proof(query: query, head) {
        case .success(let proof): return .upgrade(key: key, proof)
        case .failure(let missing): return .unauthorized(missing.proof)
        }
    }

    // MARK: Tickets

    /// `/ticket`, and the same below each path at which signaling is spoken, for proxies that pass on only that.
    private func isTicketPath(_ path: String) -> Bool {
        path == "/ticket"
            || self.rules.paths.contains { $0.hasSuffix("/") ? path == "\($0)ticket" : path == "\($0)/ticket" }
    }

    private func examineTicketRequest(_ head: HTTPRequestHead, query: String) throws(HTTPRefusal) -> Verdict {
        try self.checkOrigin(head)
        if head.method == .OPTIONS, head.headers.contains(name: "access-control-request-method") {
            return .preflight
        }
        guard head.method == .POST else { throw .methodNotAllowed("POST") }
        guard query.isEmpty else { throw .badRequest("a ticket is asked for without a query") }
        switch try self.proof(query: "", head) {
        case .success(.anonymous): return .unauthorized(.login)
        case .success(let proof): return .ticket(proof)
        case .failure(let missing): return .unauthorized(missing.proof)
        }
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
        guard let origin = origins.first else { return }
        guard self.isAllowed(origin, head) else { throw .forbiddenOrigin }
    }

    private func isAllowed(_ origin: String, _ head: HTTPRequestHead) -> Bool {
        if self.rules.origins.isEmpty {
            // Two that are missing are not the same.
            Self.authority(of: origin).map { $0 == head.headers["host"].first?.lowercased() } ?? false
        } else {
            self.rules.origins.contains { $0 == "*" || $0.lowercased() == origin.lowercased() }
        }
    }

    /// Host and port of an origin (RFC 6454 §6.2): whatever follows `http://` or `https://`, and nothing more.
    private static func authority(of origin: String) -> String? {
        let origin = origin.lowercased()
        for scheme in ["http://", "https://"] where origin.hasPrefix(scheme) {
            let authority = origin.dropFirst(scheme.count)
            let isPlain = authority.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"/@?#\\".utf8.contains($0) }
            return isPlain ? String(authority) : nil
        }
        return nil
    }

    // MARK: Proof

    private struct Missing: Error {
        let proof: FailedProof
    }

    private func proof(query: String, _ head: HTTPRequestHead) throws(HTTPRefusal) -> Result<Proof, Missing> {
        let items = try QueryItem.parse(query)
        let proofs = items.filter { ["access_token", "identifier", "wakeupToken", "ticket"].contains($0.name) }
        guard proofs.count <= 1 else {
            throw .badRequest("the query may carry only one of access_token, identifier, wakeupToken, ticket")
        }
        let authorizations = head.headers["authorization"]
        guard authorizations.count <= 1 else { throw .badRequest("at most one Authorization header is expected") }
        if let proof = proofs.first {
            return self.proof(proof)
        }
        if let authorization = authorizations.first {
            return self.proof(authorization, head)
        }
        return self.rules.acceptsAnonymous ? .success(.anonymous) : .failure(Missing(proof: .login))
    }

    private func proof(_ item: QueryItem) -> Result<Proof, Missing> {
        switch item.name {
        case "identifier":
            RegistrationIdentifier(item.value).map { .success(.registration($0)) }
                ?? .failure(Missing(proof: .registration))
        case "wakeupToken":
            WakeupToken(item.value).map { .success(.wakeup($0)) } ?? .failure(Missing(proof: .wakeup))
        case "ticket":
            Ticket(item.value).map { .success(.ticket($0)) } ?? .failure(Missing(proof: .ticket))
        default:
            self.rules.methods.contains(.token) ? .success(.token(item.value)) : .failure(Missing(proof: .token))
        }
    }

    private func proof(_ authorization: String, _ head: HTTPRequestHead) -> Result<Proof, Missing> {
        let scheme = authorization.prefix { $0 != " " }.lowercased()
        switch scheme {
        case "basic" where self.rules.methods.contains(.basic):
            return BasicCredentials.parse(authorization).map { .success(.password($0)) }
                ?? .failure(Missing(proof: .login))
        case "digest" where self.rules.methods.contains(.digest):
            let digest = DigestAuthorization(
                header: authorization,
                method: head.method.rawValue,
                target: head.uri,
                rules: .init(realm: self.rules.realm, algorithms: self.rules.digestAlgorithms)
            )
            return digest.map { .success(.digest($0)) } ?? .failure(Missing(proof: .login))
        case "bearer" where self.rules.methods.contains(.token):
            let token = authorization.dropFirst(scheme.count).drop { $0 == " " }
            return .success(.token(String(token)))
        default:
            return .failure(Missing(proof: .login))
        }
    }
}
