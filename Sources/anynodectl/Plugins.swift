internal import AdminClient
internal import ArgumentParser
internal import StrictJSON

/// The plugins, and changing them while the server runs.
struct Plugins: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists plugins, shows, changes, enables or disables one.",
        discussion: """
            Examples:
              anynodectl plugins
              anynodectl plugins show ldap
              echo '{"timeoutMilliseconds": 500}' | anynodectl plugins configure ldap - --persist
              anynodectl plugins disable ldap
            """,
        subcommands: [List.self, Show.self, Configure.self, Enable.self, Disable.self],
        defaultSubcommand: List.self
    )

    struct List: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the plugins (what is done by default).")
        @OptionGroup var options: GlobalOptions

        func request() -> AdminRequest { AdminRequest("plugins.list") }

        func lines(for result: JSONValue, on screen: Screen) -> [String] {
            var table = Table([
                .init("NAME"), .init("KIND"), .init("ROLES"), .init("STATUS", isStatus: true), .init("SINCE"),
                .init("PROBLEM"),
            ])
            for plugin in result.items {
                let health = plugin["health"]
                let status = plugin["enabled"]?.bool == false ? "disabled" : health?["status"]?.words
                table.append([
                    plugin["name"]?.words, plugin["kind"]?.words, (plugin["roles"] ?? plugin["role"])?.words, status,
                    health?["since"]?.words.timeText, health?["problem"]?.words,
                ])
            }
            return table.lines(width: screen.width, paint: screen.paint)
        }
    }

    struct Show: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows a plugin: its health, settings, what it was asked, and how fast it answered."
        )
        @Argument(help: "The plugin's name.") var name: String
        @OptionGroup var options: GlobalOptions

        func request() -> AdminRequest { AdminRequest("plugins.get", params: ["name": .string(self.name)]) }

        func lines(for result: JSONValue, on screen: Screen) -> [String] {
            var rest = JSONObject()
            for (name, value) in result.members where name != "counters" && name != "latencies" { rest[name] = value }
            let details = Details(.object(rest)).lines(paint: screen.paint)
            return details + Self.counters(result, on: screen) + Self.latencies(result, on: screen)
        }

        private static func counters(_ plugin: JSONValue, on screen: Screen) -> [String] {
            var table = Table([.init("QUESTION"), .init("OUTCOME", isStatus: true), .init("COUNT", isNumeric: true)])
            for counter in plugin["counters"]?.elements ?? [] {
                table.append([counter["question"]?.words, counter["outcome"]?.words, counter["count"]?.words])
            }
            return table.isEmpty ? [] : [""] + table.lines(width: screen.width, paint: screen.paint)
        }

        private static func latencies(_ plugin: JSONValue, on screen: Screen) -> [String] {
            let percentiles = ["p50", "p90", "p99"]
            var table = Table(
                [.init("QUESTION"), .init("COUNT", isNumeric: true)]
                    + percentiles.map { .init("\($0.uppercased()) MS", isNumeric: true) }
            )
            for latency in plugin["latencies"]?.elements ?? [] {
                table.append(
                    [latency["question"]?.words, latency["count"]?.words]
                        + percentiles.map { latency["\($0)Milliseconds"]?.double?.short }
                )
            }
            return table.isEmpty ? [] : [""] + table.lines(width: screen.width, paint: screen.paint)
        }
    }

    struct Configure: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Merges settings into those of a plugin, without dropping a connection.",
            discussion: "The settings are a JSON merge patch (RFC 7396): null takes a setting away."
        )
        @Argument(help: "The plugin's name.") var name: String
        @Argument(help: "A JSON file, or - for standard input.", completion: .file()) var file: String
        @Flag(help: "Write it into the configuration file too.") var persist = false
        @OptionGroup var options: GlobalOptions

        func request() throws -> AdminRequest { self.request(settings: try JSONInput.read(self.file)) }

        func request(settings: JSONValue) -> AdminRequest {
            AdminRequest(
                "plugins.configure",
                params: ["name": .string(self.name), "settings": settings, "persist": self.persist.orAbsent]
            )
        }

        func lines(for result: JSONValue, on screen: Screen) -> [String] { ChangeReport.lines(result) }
    }

    struct Enable: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Enables a plugin.")
        @Argument(help: "The plugin's name.") var name: String
        @Flag(help: "Write it into the configuration file too.") var persist = false
        @OptionGroup var options: GlobalOptions

        func request() -> AdminRequest {
            AdminRequest("plugins.enable", params: ["name": .string(self.name), "persist": self.persist.orAbsent])
        }
        func lines(for result: JSONValue, on screen: Screen) -> [String] { ChangeReport.lines(result) }
    }

    struct Disable: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Disables a plugin.")
        @Argument(help: "The plugin's name.") var name: String
        @Flag(help: "Write it into the configuration file too.") var persist = false
        @OptionGroup var options: GlobalOptions

        func request() -> AdminRequest {
            AdminRequest("plugins.disable", params: ["name": .string(self.name), "persist": self.persist.orAbsent])
        }
        func lines(for result: JSONValue, on screen: Screen) -> [String] { ChangeReport.lines(result) }
    }
}
