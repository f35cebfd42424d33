internal import AdminClient
internal import ArgumentParser
internal import StrictJSON

/// Would somebody be let in?
struct Auth: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Checks whether a user or a token would be let in.",
        discussion: """
            The secret is read from standard input, from a terminal without echo; never from an argument.

            Examples:
              anynodectl auth check alice
              anynodectl auth check --token < token.jwt
            """,
        subcommands: [Check.self]
    )

    struct Check: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Would this user, or whoever has this token, be let in, and if not, why?",
            discussion: "Ends with 1 when not."
        )
        @Argument(help: "The user whose password is read.") var user: String?
        @Flag(help: "Read a token instead of a password.") var token = false
        @OptionGroup var options: GlobalOptions

        func validate() throws {
            guard (self.user != nil) != self.token else { throw ValidationError("give either a user or --token") }
        }

        func request() throws -> AdminRequest {
            self.request(secret: try SecretInput.read(self.token ? "Token" : "Password"))
        }

        func request(secret: String) -> AdminRequest {
            self.token
                ? AdminRequest("auth.check", params: ["token": .string(secret)])
                : AdminRequest("auth.check", params: ["username": self.user.json, "password": .string(secret)])
        }

        func isYes(_ result: JSONValue) -> Bool { result["accepted"]?.bool ?? false }

        func lines(for result: JSONValue, on screen: Screen) -> [String] {
            let word = self.isYes(result) ? "accepted" : "refused"
            let user = result["username"]?.string.map { " as \($0.shown)" } ?? ""
            let plugin = result["plugin"]?.string.map { " by \($0.shown)" } ?? ""
            let reason = result["reason"]?.string.map { ": \($0.shown)" } ?? ""
            let time = result["milliseconds"]?.double.map { " (\($0.short) ms)" } ?? ""
            return ["\(screen.paint(word))\(user)\(plugin)\(reason)\(time)"]
        }
    }
}
