internal import AdminClient
internal import ArgumentParser
internal import StrictJSON

/// The configuration of the running server.
struct Config: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows, checks and changes the configuration of the running server.",
        discussion: """
            A change is made as a whole or not at all. It lasts until the next restart, with --persist beyond it.
            Secrets are shown as "***", which when sent back means: as it is.

            Examples:
              anynodectl config edit --persist
              anynodectl config get > plugins.json; anynodectl config validate plugins.json
              echo '{"limits": {"registrations": 500}}' | anynodectl config apply - --patch --dry-run
              anynodectl config reload           after the file or a certificate changed
            """,
        subcommands: [Get.self, Schema.self, Apply.self, Validate.self, Edit.self, Reload.self],
        defaultSubcommand: Get.self
    )

    struct Get: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints the document, and its revision on standard error (done by default)."
        )
        @OptionGroup var options: GlobalOptions

        func request() -> AdminRequest { AdminRequest("config.get") }

        func run() throws {
            var session = try Session(self.options)
            let result = try session.ask(self.request())
            try self.conclude(result)
            guard !self.options.json, let revision = result["revision"] else { return }
            Screen.remark("revision \(revision.words.shown)")
        }

        func lines(for result: JSONValue, on screen: Screen) -> [String] {
            let text = (result["document"] ?? .null).indentedText.shownJSON
            return [String(text.dropLast())]
        }
    }

    struct Schema: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Prints the JSON Schema of the configuration.")
        @OptionGroup var options: GlobalOptions

        func request() -> AdminRequest { AdminRequest("config.schema") }
        func lines(for result: JSONValue, on screen: Screen) -> [String] {
            [String(result.indentedText.shownJSON.dropLast())]
        }
    }

    struct Validate: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says what is wrong with a configuration, and what it would change.",
            discussion: "Ends with 1 when something is wrong."
        )
        @Argument(help: "A JSON file, or - for standard input.", completion: .file()) var file: String
        @Flag(help: "It is a merge patch (RFC 7396) of the running configuration.") var patch = false
        @OptionGroup var options: GlobalOptions

        func request() throws -> AdminRequest { self.request(with: try JSONInput.read(self.file)) }

        func request(with document: JSONValue) -> AdminRequest {
            AdminRequest("config.validate", params: [self.patch ? "patch" : "document": document])
        }

        func isYes(_ result: JSONValue) -> Bool { result["valid"]?.bool ?? false }

        func lines(for result: JSONValue, on screen: Screen) -> [String] {
            guard self.isYes(result) else { return ["invalid:"] + ChangeReport.problems(result) }
            return ["valid"] + ChangeReport.lines(result, isDone: false)
        }
    }

    struct Apply: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a document, or what a patch makes of the running one, the configuration."
        )
        @Argument(help: "A JSON file, or - for standard input.", completion: .file()) var file: String
        @Flag(help: "It is a merge patch (RFC 7396) of the running configuration.") var patch = false
        @Option(help: "Only if this is still the revision of the running configuration.") var revision: String?
        @Flag(help: "Do everything but change it.") var dryRun = false
        @Flag(help: "Write it into the configuration file too.") var persist = false
        @OptionGroup var options: GlobalOptions

        func request() throws -> AdminRequest { self.request(with: try JSONInput.read(self.file)) }

        func request(with document: JSONValue) -> AdminRequest {
            AdminRequest(
                "config.apply",
                params: [
                    self.patch ? "patch" : "document": document, "revision": self.revision.json,
                    "dryRun": self.dryRun.orAbsent, "persist": self.persist.orAbsent,
                ]
            )
        }

        func lines(for result: JSONValue, on screen: Screen) -> [String] {
            ChangeReport.lines(result, isDone: !self.dryRun) + (self.dryRun ? ["nothing was changed (--dry-run)"] : [])
        }
    }

    struct Reload: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes the server read its configuration file and certificates again."
        )
        @OptionGroup var options: GlobalOptions

        func request() -> AdminRequest { AdminRequest("config.reload") }
        func lines(for result: JSONValue, on screen: Screen) -> [String] {
            ChangeReport.lines(result, tellsWhetherSaved: false)
        }
    }
}
