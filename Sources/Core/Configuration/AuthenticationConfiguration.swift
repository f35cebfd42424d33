package import PluginAPI

/// A way of proving who one is.
package enum AuthenticationMethod: String, Sendable, CaseIterable {
    /// HTTP Basic (RFC 7617): user name and password, judged by the authenticators among the plugins.
    case basic
    /// HTTP Digest (RFC 7616), judged by those authenticators that store what it needs.
    case digest
    /// A JSON Web Token of an issuer that is known (§4.2).
    case token
}

/// How clients prove who they are (§4).
package struct AuthenticationConfiguration: Sendable, Equatable {
    /// What is offered to a client, in this order.
    package var methods: [AuthenticationMethod] = [.basic]
    /// What browsers show when they ask for a password.
    package var realm = "anynode"
    /// Whether clients may come in without any proof.
    package var anonymous = false
    package var digest = DigestConfiguration()
    /// Who may sign access tokens.
    package var token: TokenConfiguration?
    /// How long a ticket may be used.
    package var ticketLifetime = Duration.seconds(30)

    package init() {}

    init(from reader: SettingsReader) {
        let standard = AuthenticationConfiguration()
        let methods: [AuthenticationMethod]? = reader.optionalChoices(
            "methods",
            summary: """
                What a client may prove itself with, in the order in which it is offered. Unless given: `basic`, and \
                `token` where issuers are configured; none when `anonymous` is true.
                """
        )
        self.realm = reader.string("realm", default: standard.realm, summary: "The name that goes with the password.")
        self.anonymous = reader.bool(
            "anonymous",
            default: standard.anonymous,
            summary: "Whether clients may come in without any proof; they may then claim any number of the directory."
        )
        self.digest = reader.object("digest", summary: "HTTP Digest.", DigestConfiguration.init(from:))
        self.token = reader.optionalObject("token", summary: "Access tokens (JWT).", TokenConfiguration.init(from:))
        self.ticketLifetime = reader.duration(
            "ticketLifetime",
            default: standard.ticketLifetime,
            in: .seconds(1) ... .seconds(300),
            summary: "How long a ticket from `POST /ticket` may be used."
        )
        self.methods = methods ?? (self.anonymous ? [] : standard.methods) + (self.token == nil ? [] : [.token])
        if !self.realm.utf8.allSatisfy({ (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "\"") && $0 != 0x5C }) {
            reader.problem(
                at: "realm",
                "expected ASCII without quotes, backslashes and control characters, found others"
            )
        }
        guard !reader.hasProblem(at: "methods"), !reader.hasProblem(at: "anonymous") else { return }
        if self.methods.isEmpty, !self.anonymous {
            reader.problem("expected a way to log in, found neither methods nor anonymous")
        }
        if self.methods.contains(.token) != (self.token != nil) {
            let found = self.token == nil ? "\"token\" without them" : "issuers, but no \"token\""
            reader.problem(at: "methods", "expected \"token\" when issuers are configured under token, found \(found)")
        }
    }
}

/// HTTP Digest.
package struct DigestConfiguration: Sendable, Equatable {
    /// What is offered, in this order.
    package var algorithms: [DigestAlgorithm] = [.sha256]
    /// How long a nonce is good.
    package var nonceLifetime = Duration.seconds(300)

    package init() {}

    init(from reader: SettingsReader) {
        let standard = DigestConfiguration()
        self.algorithms = reader.choices(
            "algorithms",
            default: standard.algorithms,
            summary: "What is offered, in this order. Add `MD5` only for devices that know nothing better."
        )
        self.nonceLifetime = reader.duration(
            "nonceLifetime",
            default: standard.nonceLifetime,
            in: .seconds(10) ... .seconds(86400),
            summary: "How long a client may use the same nonce."
        )
        if self.algorithms.isEmpty, !reader.hasProblem(at: "algorithms") {
            reader.problem(at: "algorithms", "expected at least one algorithm, found none")
        }
    }
}

/// How a client says which number it wants (§5).
package enum AssignmentMode: String, Sendable, CaseIterable {
    /// It gives its user name, and the directory answers with the number.
    case username
    /// It gives the number, and the directory checks it.
    case dialString
}

/// How clients get their numbers.
package struct AssignmentConfiguration: Sendable, Equatable {
    package var modes = Set(AssignmentMode.allCases)

    package init() {}

    init(from reader: SettingsReader) {
        let modes = reader.choices(
            "modes",
            default: AssignmentMode.allCases,
            summary: "What a client may name to get its number: its user name, the number itself, or either."
        )
        self.modes = Set(modes)
        if modes.isEmpty, !reader.hasProblem(at: "modes") {
            reader.problem(at: "modes", "expected at least one mode, found none")
        }
    }
}
