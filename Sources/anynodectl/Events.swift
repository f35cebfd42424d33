internal import AdminClient
internal import ArgumentParser
internal import StrictJSON

/// What happens while one looks on.
struct Events: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints what happens, one event a line.",
        discussion: """
            Topics: registration.*, call.*, notification.*, plugin.*, system.*, exact names such as call.answered;
            all by default. Ends after --seconds, or with --count after so many events, or with --follow not at all.

            Examples:
              anynodectl events --follow
              anynodectl events --count 1 call.answered     wait until a call is answered
              anynodectl events --follow --json 'call.*' | jq .data
            """
    )

    static let defaultSeconds = 10.0

    @Flag(name: .shortAndLong, help: "Go on until interrupted, or until the server stops.") var follow = false
    @Option(help: "End after so many events, however long that takes.") var count: Int?
    @Option(help: ArgumentHelp("End after so long (default: 10, unless --count or --follow)."))
    var seconds: Seconds?
    @Argument(help: "What to print, such as 'call.*'.") var topics: [String] = []
    @OptionGroup var options: GlobalOptions

    func validate() throws {
        if let count, count < 1 { throw ValidationError("--count is at least 1") }
        if self.follow, self.count != nil || self.seconds != nil {
            throw ValidationError("--follow does not go with --count or --seconds")
        }
    }

    func request() -> AdminRequest {
        let topics = self.topics.isEmpty ? ["*"] : self.topics
        return AdminRequest("events.subscribe", params: ["topics": .array(topics.map(JSONValue.string))])
    }

    /// How long to look on; `nil` without end.
    var period: Double? {
        if let seconds { return seconds.value }
        return self.follow || self.count != nil ? nil : Self.defaultSeconds
    }

    func run() throws {
        var session = try Session(self.options)
        _ = try session.ask(self.request())
        let deadline = self.period.map { ContinuousClock.now + .seconds($0) }
        let screen = Screen.current
        var left = self.count ?? .max
        while left > 0, let event = try session.nextEvent(before: deadline) {
            Screen.say([self.options.json ? event.text.shownJSON : Self.line(event, on: screen)])
            left -= 1
        }
    }

    /// Time, name and data.
    static func line(_ event: JSONValue, on screen: Screen) -> String {
        let name = event["event"]?.words ?? "?"
        let data = (event["data"]?.members ?? []).map { member in
            "\(member.name.shown)=\(Self.value(member.value))"
        }
        let painted = screen.paint(name.shown, as: Self.tone(name))
        return ([event["at"]?.words.shown ?? "?", painted] + data).joined(separator: " ")
    }

    /// Quoted where a blank would make it two.
    private static func value(_ value: JSONValue) -> String {
        let text = value.words.shown
        return text.isEmpty || text.contains(" ") && value.isScalar ? JSONValue.string(text).text : text
    }

    /// The word whose colour an event has.
    private static func tone(_ name: String) -> String {
        switch name {
        case "notification.failed", "system.lost": "failed"
        case "registration.lost", "system.drain": "away"
        case "call.answered", "registration.returned", "registration.created": "ok"
        default: name
        }
    }
}
