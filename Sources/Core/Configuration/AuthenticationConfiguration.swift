internal import PluginAPI

/// A way of proving who one is.
package enum AuthenticationMethod: String, Sendable, CaseIterable {
    /// HTTP Basic (RFC 7617): user name and password, judged by the authenticators among the plugins.
    case basic
}

/// How clients prove who they are (§4).
package struct AuthenticationConfiguration: Sendable, Equatable {
    /// What is offered to a client, in this order.
    package var methods: [AuthenticationMethod] = [.basic]
    /// What browsers show when they ask for a password.
    package var realm = "anynode"
    /// Whether clients may come in without any proof.
    package var anonymous = false

    package init() {}

    init(from reader: SettingsReader) {
        let standard = AuthenticationConfiguration()
        let methods: [AuthenticationMethod]? = reader.optionalChoices(
            "methods",
            planned: ["digest", "token"],
            summary: "What a client may prove itself with; `[\"basic\"]` unless `anonymous` is true, then none."
        )
        self.realm = reader.string("realm", default: standard.realm, summary: "The name that goes with the password.")
        self.anonymous = reader.bool(
            "anonymous",
            default: standard.anonymous,
            summary: "Whether clients may come in without any proof; they may then claim any number of the directory."
        )
        self.methods = methods ?? (self.anonymous ? [] : standard.methods)
        if !self.realm.utf8.allSatisfy({ (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "\"") && $0 != 0x5C }) {
            reader.problem(
                at: "realm",
                "expected ASCII without quotes, backslashes and control characters, found others"
            )
        }
        if self.methods.isEmpty, !self.anonymous, !reader.hasProblem(at: "methods"), !reader.hasProblem(at: "anonymous")
        {
            reader.problem("expected a way to log in, found neither methods nor anonymous")
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
