internal import AdminClient
internal import ArgumentParser
internal import StrictJSON

/// The pushes.
struct Notifications: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists the last pushes: where to, and what became of them.",
        discussion: """
            Examples:
              anynodectl notifications
              anynodectl notifications history --number 30 --limit 20
            """,
        subcommands: [History.self],
        defaultSubcommand: History.self
    )

    struct History: ListCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the last pushes, the newest first (what is done by default)."
        )
        @Option(help: "Only those to this registration.") var registration: String?
        @Option(help: "Only those to this number.") var number: String?
        @Option(help: "At most so many; all by default.") var limit: Int?
        @OptionGroup var options: GlobalOptions

        func request() -> AdminRequest {
            AdminRequest(
                "notifications.history",
                params: ["registration": self.registration.json, "dialString": self.number.json]
            )
        }

        var columns: [Table.Column] {
            [
                .init("TIME"), .init("REGISTRATION"), .init("NUMBER"), .init("PLUGIN"), .init("KIND"),
                .init("OUTCOME", isStatus: true), .init("MS", isNumeric: true), .init("CALL"), .init("PROBLEM"),
            ]
        }

        func row(_ item: JSONValue) -> [String?] {
            [
                item["at"]?.words.timeText, item["registration"]?.words, item["dialString"]?.words,
                item["plugin"]?.words, item["kind"]?.words, item["outcome"]?.words,
                item["latencyMilliseconds"]?.double?.short, item["call"]?.words, item["problem"]?.words,
            ]
        }
    }
}
