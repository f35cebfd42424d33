internal import AdminClient
internal import ArgumentParser
internal import StrictJSON

/// The server's log.
struct Log: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Sets how much the server logs, until its next restart.",
        discussion: """
            Examples:
              anynodectl log level debug
              anynodectl log level trace --label plugin.ldap
            """,
        subcommands: [Level.self]
    )

    struct Level: AdminCommand {
        /// What swift-log knows.
        enum Name: String, ExpressibleByArgument, CaseIterable {
            case trace, debug, info, notice, warning, error, critical
        }

        static let configuration = CommandConfiguration(abstract: "Sets the level, of all or of one label.")
        @Argument(help: "The least that is logged.") var level: Name
        @Option(help: "Only of the loggers of this label.") var label: String?
        @OptionGroup var options: GlobalOptions

        func request() -> AdminRequest {
            AdminRequest(
                "system.setLogLevel",
                params: ["level": .string(self.level.rawValue), "label": self.label.json]
            )
        }
    }
}

/// Refuse new work, let calls end.
struct Drain: AdminCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes the server take no new work; calls go on until they end.",
        discussion: """
            Comes back at once; "anynodectl events --follow 'system.*'" tells when it is done.

            Example:
              anynodectl drain --deadline 600
            """
    )
    @Option(help: ArgumentHelp("How long calls may go on.", valueName: "seconds")) var deadline: Seconds?
    @OptionGroup var options: GlobalOptions

    func request() -> AdminRequest {
        AdminRequest("system.drain", params: ["deadlineSeconds": self.deadline?.json])
    }
}

/// The end of draining.
struct Resume: AdminCommand {
    static let configuration = CommandConfiguration(abstract: "Makes a draining server take new work again.")
    @OptionGroup var options: GlobalOptions

    func request() -> AdminRequest { AdminRequest("system.resume") }
}

/// Drain, then stop.
struct Shutdown: AdminCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stops the server; with a deadline it lets calls end before."
    )
    @Option(help: ArgumentHelp("How long calls may go on.", valueName: "seconds")) var deadline: Seconds?
    @OptionGroup var options: GlobalOptions

    func request() -> AdminRequest {
        AdminRequest("system.shutdown", params: ["deadlineSeconds": self.deadline?.json])
    }
}

/// Any method at all.
struct RPC: AdminCommand {
    static let configuration = CommandConfiguration(
        commandName: "rpc",
        abstract: "Calls a method of the admin API as it is, and prints the result as JSON.",
        discussion: """
            Examples:
              anynodectl rpc rpc.discover
              anynodectl rpc registrations.list '{"connected": true, "limit": 1}'
            """
    )
    @Argument(help: "The method, such as system.info.") var method: String
    @Argument(help: "An object with its parameters, or - to read it from standard input.") var params: String = "{}"
    @OptionGroup var options: GlobalOptions

    func request() throws -> AdminRequest {
        let value =
            self.params == "-"
            ? try JSONInput.read("-") : try JSONInput.parse(Array(self.params.utf8), name: "the parameters")
        guard case .object(let object) = value else {
            throw LocalFailure(message: "expected an object with parameters, found \(value.kind)")
        }
        return AdminRequest(self.method, object)
    }

    func lines(for result: JSONValue, on screen: Screen) -> [String] {
        [String(screen.json(result).dropLast())]
    }
}
