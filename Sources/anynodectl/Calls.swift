internal import AdminClient
internal import ArgumentParser
internal import StrictJSON

/// The calls: those of now, those that ended, and what happened in them.
struct Calls: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists calls, explains or ends one.",
        discussion: """
            Examples:
              anynodectl calls
              anynodectl calls history --number 30 --limit 20
              anynodectl calls trace 30          the last call to 30, step by step
              anynodectl calls trace 8.1         the call of this id
            """,
        subcommands: [List.self, Show.self, Terminate.self, History.self, Trace.self],
        defaultSubcommand: List.self
    )

    struct List: ListCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the calls of now (what is done by default).")
        @Option(help: "Only those from or to this number.") var number: String?
        @Option(help: "At most so many; all by default.") var limit: Int?
        @OptionGroup var options: GlobalOptions

        func request() -> AdminRequest {
            AdminRequest("calls.list", params: ["dialString": self.number.json])
        }

        var columns: [Table.Column] {
            [
                .init("ID"), .init("STATE", isStatus: true), .init("FROM"), .init("DIALLED"), .init("TO"),
                .init("STARTED"), .init("ANSWERED"),
            ]
        }

        func row(_ item: JSONValue) -> [String?] {
            [
                item["id"]?.words, item["state"]?.words, item["caller"].map(Self.party), item["dialled"]?.words,
                item["callees"]?.elements.map(Self.party).joined(separator: "; "), item["startedAt"]?.words.timeText,
                item["answeredAt"]?.words.timeText,
            ]
        }

        static func party(_ party: JSONValue) -> String {
            var text = party.personText
            if let state = party["state"]?.string { text += " (\(state)" + Self.remarks(party) + ")" }
            return text
        }

        private static func remarks(_ party: JSONValue) -> String {
            (party["onHold"]?.bool == true ? ", on hold" : "") + (party["connected"]?.bool == false ? ", away" : "")
        }
    }

    struct Show: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Shows all of one call.")
        @Argument(help: "Its id, such as 8.1.") var call: String
        @OptionGroup var options: GlobalOptions

        func request() -> AdminRequest { AdminRequest("calls.get", params: ["call": .string(self.call)]) }
    }

    struct Terminate: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Ends a call for everyone in it.")
        @Argument(help: "Its id, such as 8.1.") var call: String
        @OptionGroup var options: GlobalOptions

        func request() -> AdminRequest { AdminRequest("calls.terminate", params: ["call": .string(self.call)]) }
        func lines(for result: JSONValue, on screen: Screen) -> [String] { ["call \(self.call.shown) is ended"] }
    }

    struct History: ListCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the calls that ended, the newest first.")
        @Option(help: "Only those from or to this number.") var number: String?
        @Option(help: "At most so many; all by default.") var limit: Int?
        @OptionGroup var options: GlobalOptions

        func request() -> AdminRequest {
            AdminRequest("calls.history", params: ["dialString": self.number.json])
        }

        var columns: [Table.Column] {
            [
                .init("ID"), .init("STARTED"), .init("FROM"), .init("DIALLED"), .init("ANSWERED BY"),
                .init("TALK", isNumeric: true), .init("REASON"), .init("PUSHES", isNumeric: true),
            ]
        }

        func row(_ item: JSONValue) -> [String?] {
            [
                item["id"]?.words, item["startedAt"]?.words.timeText, item["caller"]?.personText,
                item["dialled"]?.words, item["callee"]?.personText, item["talkSeconds"]?.double?.duration,
                item["reason"]?.words, item["pushes"]?.words,
            ]
        }
    }

    struct Trace: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tells what happened in a call, step by step: why didn't it ring?",
            discussion: "An id has a dot in it, a number has none."
        )
        @Argument(help: ArgumentHelp("A number, or a call's id such as 8.1.", valueName: "number-or-call"))
        var subject: String
        @Option(help: "So many of the last calls to a number.") var limit = 1
        @OptionGroup var options: GlobalOptions

        func validate() throws {
            guard (1...largestPage).contains(self.limit) else {
                throw ValidationError("--limit is 1 to \(largestPage)")
            }
        }

        func request() -> AdminRequest {
            guard !self.subject.contains(".") else {
                return AdminRequest("calls.trace", params: ["call": .string(self.subject)])
            }
            return AdminRequest(
                "calls.trace",
                params: ["dialString": .string(self.subject), "limit": .number(String(self.limit))]
            )
        }

        func lines(for result: JSONValue, on screen: Screen) -> [String] {
            guard !result.items.isEmpty else { return ["no call to \(self.subject.shown) is remembered"] }
            let traces = result.items.map { Timeline.lines(ofCall: $0, on: screen) }
            return Array(traces.joined(separator: [""]))
        }
    }
}

extension JSONValue {
    /// Number and name of somebody.
    var personText: String {
        let number = self["dialString"]?.words ?? "?"
        return self["displayName"]?.string.map { "\(number) \($0)" } ?? number
    }
}
