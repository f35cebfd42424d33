internal import AdminClient
internal import ArgumentParser
internal import StrictJSON

/// Who has which number.
struct Directory: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Looks up users and numbers, and changes a writable directory.",
        discussion: """
            Examples:
              anynodectl directory resolve alice
              anynodectl directory resolve 30 --fresh
              anynodectl directory put carol 32 --display-name "Carol C." --password --persist
            """,
        subcommands: [Resolve.self, List.self, Put.self, Delete.self]
    )

    struct Resolve: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Asks the directories about a user or a number: which one knows, and how fast?",
            discussion: "Digits, with * and # and a leading +, are a number. Ends with 1 when nobody knows."
        )
        @Argument(help: ArgumentHelp("A user's name, or a number.", valueName: "name-or-number"))
        var subject: String
        @Flag(help: "It is a user's name, whatever it looks like.") var username = false
        @Flag(help: "Pass by the cache.") var fresh = false
        @OptionGroup var options: GlobalOptions

        func request() -> AdminRequest {
            let isNumber = !self.username && Self.isNumber(self.subject)
            return AdminRequest(
                "directory.resolve",
                params: [isNumber ? "dialString" : "username": .string(self.subject), "fresh": self.fresh.orAbsent]
            )
        }

        static func isNumber(_ text: String) -> Bool {
            let digits = text.utf8.first == UInt8(ascii: "+") ? text.utf8.dropFirst() : text.utf8[...]
            return !digits.isEmpty
                && digits.allSatisfy {
                    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "*")
                        || $0 == UInt8(ascii: "#")
                }
        }

        func isYes(_ result: JSONValue) -> Bool { result["found"]?.bool ?? false }

        func lines(for result: JSONValue, on screen: Screen) -> [String] {
            let time = result["milliseconds"]?.double.map { " (\($0.short) ms)" } ?? ""
            var lines: [String]
            if let entry = result["entry"], self.isYes(result) {
                let plugin = result["plugin"]?.string.map { ", says \($0.shown)" } ?? ""
                lines = ["\(entry["username"]?.words.shown ?? "?"): \(entry.personText.shown)\(plugin)\(time)"]
            } else {
                lines = ["nobody knows \(self.subject.shown)\(time)"]
            }
            var table = Table([
                .init("ASKED"), .init("OUTCOME", isStatus: true), .init("MS", isNumeric: true), .init("PROBLEM"),
            ])
            for asked in result["asked"]?.elements ?? [] {
                table.append([
                    asked["plugin"]?.words, asked["outcome"]?.words, asked["milliseconds"]?.double?.short,
                    asked["problem"]?.words,
                ])
            }
            if !table.isEmpty { lines += table.lines(width: screen.width, paint: screen.paint) }
            return lines
        }
    }

    struct List: ListCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the entries of writable directories.")
        @Option(help: "Only those of this plugin.") var plugin: String?
        @Option(help: "At most so many; all by default.") var limit: Int?
        @OptionGroup var options: GlobalOptions

        func request() -> AdminRequest { AdminRequest("directory.list", params: ["plugin": self.plugin.json]) }

        var columns: [Table.Column] { [.init("USER"), .init("NUMBER"), .init("NAME"), .init("PLUGIN")] }

        func row(_ item: JSONValue) -> [String?] {
            ["username", "dialString", "displayName", "plugin"].map { item[$0]?.words }
        }
    }

    struct Put: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Adds an entry to a writable directory, or replaces it.",
            discussion: "With --password, one is read from standard input, from a terminal without echo."
        )
        @Argument(help: "The user's name.") var username: String
        @Argument(help: "The number.") var number: String
        @Option(help: "The name that others see.") var displayName: String?
        @Flag(help: "Read a password.") var password = false
        @Option(help: "The directory; where there is only one, that.") var plugin: String?
        @Flag(help: "Write it into the configuration file too.") var persist = false
        @OptionGroup var options: GlobalOptions

        func request() throws -> AdminRequest {
            self.request(password: self.password ? try SecretInput.read("Password") : nil)
        }

        func request(password: String?) -> AdminRequest {
            AdminRequest(
                "directory.put",
                params: [
                    "plugin": self.plugin.json, "username": .string(self.username), "dialString": .string(self.number),
                    "displayName": self.displayName.json, "password": password.json, "persist": self.persist.orAbsent,
                ]
            )
        }

        func lines(for result: JSONValue, on screen: Screen) -> [String] {
            ["\(self.username.shown) is \(result["created"]?.bool == false ? "replaced" : "added")"]
        }
    }

    struct Delete: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Takes an entry out of a writable directory.")
        @Argument(help: "The user's name.") var username: String
        @Option(help: "The directory; where there is only one, that.") var plugin: String?
        @Flag(help: "Write it into the configuration file too.") var persist = false
        @OptionGroup var options: GlobalOptions

        func request() -> AdminRequest {
            AdminRequest(
                "directory.delete",
                params: [
                    "plugin": self.plugin.json, "username": .string(self.username), "persist": self.persist.orAbsent,
                ]
            )
        }
        func lines(for result: JSONValue, on screen: Screen) -> [String] { ["\(self.username.shown) is deleted"] }
    }
}
