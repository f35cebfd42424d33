internal import AdminClient
internal import ArgumentParser
internal import StrictJSON

/// The registrations: who is there.
struct Registrations: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists registrations, wakes or ends one.",
        discussion: """
            Examples:
              anynodectl registrations
              anynodectl registrations --username alice --json
              anynodectl registrations list --away
              anynodectl registrations wake 12.3
            """,
        subcommands: [List.self, Show.self, Wake.self, Terminate.self, Disconnect.self],
        defaultSubcommand: List.self
    )

    struct List: ListCommand {
        static let configuration = CommandConfiguration(abstract: "Lists registrations (what is done by default).")

        @Option(help: "Only those of this number.") var number: String?
        @Option(help: "Only those of this user.") var username: String?
        @Flag(help: "Only those with a connection.") var connected = false
        @Flag(help: "Only those without a connection.") var away = false
        @Option(help: "Only those whose number this plugin assigned.") var plugin: String?
        @Option(help: "Only those made since, such as 2026-11-23T15:00:00Z.") var since: String?
        @Option(help: "At most so many; all by default.") var limit: Int?
        @OptionGroup var options: GlobalOptions

        func validate() throws {
            if self.connected && self.away { throw ValidationError("--connected and --away exclude each other") }
            if let limit, limit < 1 { throw ValidationError("--limit is at least 1") }
        }

        func request() -> AdminRequest {
            let isConnected: JSONValue? = self.connected ? .bool(true) : self.away ? .bool(false) : .none
            return AdminRequest(
                "registrations.list",
                params: [
                    "dialString": self.number.json, "username": self.username.json, "connected": isConnected,
                    "plugin": self.plugin.json, "since": self.since.json,
                ]
            )
        }

        var columns: [Table.Column] {
            [
                .init("ID"), .init("NUMBER"), .init("NAME"), .init("USER"), .init("STATE", isStatus: true),
                .init("SINCE"), .init("PUSH"), .init("CALLS"), .init("CLIENT"), .init("PEER"),
            ]
        }

        func row(_ item: JSONValue) -> [String?] {
            let isConnected = item["connected"]?.bool ?? false
            let isQuarantined = item["quarantined"]?.bool ?? false
            let since = isConnected ? item["registeredAt"] : item["absentSince"] ?? item["registeredAt"]
            return [
                item["id"]?.words, item["dialString"]?.words, item["displayName"]?.words, item["username"]?.words,
                isQuarantined ? "quarantined" : isConnected ? "connected" : "away", since?.words.timeText,
                item["canBeWoken"]?.words, item["calls"]?.words, item["client"]?.words, item["peer"]?.words,
            ]
        }
    }

    struct Show: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Shows all of one registration.")
        @Argument(help: "Its id, such as 12.3.") var registration: String
        @OptionGroup var options: GlobalOptions

        func request() -> AdminRequest {
            AdminRequest("registrations.get", params: ["registration": .string(self.registration)])
        }
    }

    struct Wake: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sends a push now and waits for the device: does it come back?",
            discussion: "Ends with 1 when the device did not come back."
        )
        @Argument(help: "Its id, such as 12.3.") var registration: String
        @Option(help: ArgumentHelp("How long to wait for the device.", valueName: "seconds"))
        var wait = Seconds(value: 30)
        @OptionGroup var options: GlobalOptions

        func request() -> AdminRequest {
            var request = AdminRequest(
                "registrations.wake",
                params: ["registration": .string(self.registration), "waitSeconds": self.wait.json]
            )
            request.patience = self.wait.value
            return request
        }

        func isYes(_ result: JSONValue) -> Bool {
            result["returned"]?.bool ?? false || result["outcome"]?.string == "connected"
        }

        func lines(for result: JSONValue, on screen: Screen) -> [String] {
            let outcome = result["outcome"]?.words.shown ?? "unknown"
            let plugin = result["plugin"]?.string.map { " by \($0.shown)" } ?? ""
            let problem = result["problem"]?.string.map { ": \($0.shown)" } ?? ""
            let steps = Timeline.lines(of: result["steps"]?.elements ?? [], on: screen)
            let ending: String? =
                switch result["outcome"]?.string {
                case "connected": nil
                default: result["returned"]?.bool == true ? "The device is back." : "The device did not come back."
                }
            return ["Push\(plugin): \(screen.paint(outcome))\(problem)"] + steps + [ending].compactMap { $0 }
        }
    }

    struct Terminate: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Ends a registration, and its calls with it.")
        @Argument(help: "Its id, such as 12.3.") var registration: String
        @OptionGroup var options: GlobalOptions

        func request() -> AdminRequest {
            AdminRequest("registrations.terminate", params: ["registration": .string(self.registration)])
        }
        func lines(for result: JSONValue, on screen: Screen) -> [String] {
            ["registration \(self.registration.shown) is ended"]
        }
    }

    struct Disconnect: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Closes only the connection of a registration; the device may come back to it."
        )
        @Argument(help: "Its id, such as 12.3.") var registration: String
        @OptionGroup var options: GlobalOptions

        func request() -> AdminRequest {
            AdminRequest("registrations.disconnect", params: ["registration": .string(self.registration)])
        }
        func lines(for result: JSONValue, on screen: Screen) -> [String] {
            ["registration \(self.registration.shown) is disconnected"]
        }
    }
}
