import Foundation
import PluginAPI
import StaticDirectory
import StrictJSON
import Testing

@Suite("Static directory: problems")
struct StaticDirectoryProblemTests {
    private let folder = TemporaryFolder()

    /// What the plugin says of a file when it starts.
    private func problems(file name: String, _ bytes: [UInt8], entries: JSONValue = []) async throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: "\(self.folder.path)/\(name)"))
        let settings: JSONValue = ["file": .string(name), "entries": entries]
        let plugin = try PluginFixture.make(StaticDirectoryPlugin.self, settings, baseDirectory: self.folder.path)
        do {
            try await plugin.start()
            await plugin.stop()
            return "no problem"
        } catch PluginError.invalidSettings(let problem) {
            let prefix = "\(self.folder.path)/\(name): "
            #expect(problem.hasPrefix(prefix))
            return String(problem.dropFirst(prefix.count))
        }
    }

    private func problems(csv text: String) async throws -> String {
        try await self.problems(file: "people.csv", Array(text.utf8))
    }

    @Test(
        "CSV: each line with all that is wrong with it",
        arguments: [
            ("alice,1,,", "no problem"),
            ("\"al\"\"ice\",1,\"a\nb\",", "no problem"),
            ("alice,1,", "line 2: expected 4 fields as in the header, found 3"),
            ("alice,1,,,", "line 2: expected 4 fields as in the header, found 5"),
            (",1,,", "line 2: expected a username of 1 to 256 bytes without control characters, found an empty field"),
            ("a\tb,1,,", "line 2: expected a username of 1 to 256 bytes without control characters, found \"a?b\""),
            (
                "alice,one two,,",
                "line 2: expected in dialString 1 to 64 characters 0–9 A–Z a–z + * # . _ -, found \"one two\""
            ),
            (
                "alice,,,",
                "line 2: expected in dialString 1 to 64 characters 0–9 A–Z a–z + * # . _ -, found an empty field"
            ),
            ("al\"ice,1,,", "line 2: expected a field in quotes as a whole, found a quote inside it"),
            ("\"alice\"x,1,,", "line 2: expected a comma after the closing quote, found text"),
            ("bob,2,,\n\"alice,1,,", "line 3: expected a closing quote, found the end of the file"),
            ("bob,2,\"B\nB\",\nalice,1,", "line 4: expected 4 fields as in the header, found 3"),
            ("alice,1,,\nalice,2,,", "line 3: expected one owner of the username alice, found another at line 2"),
            ("alice,1,,\nbob,+1,,", "line 3: expected one owner of the number 1, found another at line 2"),
            (
                "alice,1,,hunter2",
                "line 2: expected a crypt(3) hash such as `$y$…` (make one with `anynode-server hash-password`), "
                    + "found something else"
            ),
            (
                "alice,1,,$1$xyADfGuV$oqDsn6SjTPVgKayFv7GDV1",
                "line 2: expected a crypt(3) hash such as `$y$…` (make one with `anynode-server hash-password`), "
                    + "found something else"
            ),
            (
                "alice,1,\nbob,ö,,",
                "line 2: expected 4 fields as in the header, found 3; line 3: expected in dialString 1 to 64 "
                    + "characters 0–9 A–Z a–z + * # . _ -, found \"ö\""
            ),
        ]
    )
    func lines(text: String, problem: String) async throws {
        #expect(try await self.problems(csv: "username,dialString,displayName,password\n\(text)") == problem)
    }

    @Test(
        "CSV: the header",
        arguments: [
            (
                "",
                "line 1: expected a header such as username,dialString,displayName,password,furtherDialStrings,digestSHA256,digestMD5, found none"
            ),
            (
                "username,number",
                "line 1: expected columns among username,dialString,displayName,password,furtherDialStrings,digestSHA256,digestMD5, "
                    + "each once, found \"number\""
            ),
            (
                "username,dialString,username",
                "line 1: expected columns among username,dialString,displayName,password,furtherDialStrings,digestSHA256,digestMD5, "
                    + "each once, found \"username\""
            ),
            ("username,password", "line 1: expected a column dialString in the header, found none"),
            ("\n\ndialString", "line 3: expected a column username in the header, found none"),
            ("dialString,username\n1,alice", "no problem"),
        ]
    )
    func header(text: String, problem: String) async throws {
        #expect(try await self.problems(csv: text) == problem)
    }

    @Test("CSV: bytes that are not UTF-8, and further numbers")
    func otherBytes() async throws {
        let text = Array("username,dialString,furtherDialStrings\nal".utf8) + [0xFF] + Array("ice,1,2;3 2\n".utf8)
        #expect(
            try await self.problems(file: "people.csv", text) == "line 2: expected UTF-8 in username, found other bytes"
        )
        let header = "username,dialString,furtherDialStrings\n"
        #expect(try await self.problems(csv: header + "alice,1,2;3  1") == "no problem")
        #expect(
            try await self.problems(csv: header + "alice,1,2;3\nbob,4,3")
                == "line 3: expected one owner of the number 3, found another at line 2"
        )
    }

    @Test("The first twenty problems, and how many more there are")
    func many() async throws {
        let lines = (0..<50).map { "user\($0),?,," }.joined(separator: "\n")
        let problem = try await self.problems(csv: "username,dialString,displayName,password\n\(lines)")
        #expect(problem.hasPrefix("line 2: "))
        #expect(problem.contains("; line 21: "))
        #expect(!problem.contains("line 22"))
        #expect(problem.hasSuffix("; and 30 more"))
    }

    @Test(
        "JSON",
        arguments: [
            (#"[{"username":"alice","dialString":"1"}]"#, "no problem"),
            ("[,]", "line 1: expected JSON, found unexpected character in column 2"),
            ("{}", "line 1: expected an array of objects, found an object"),
            ("[1]", "/0: expected an object, found the number 1"),
            (#"[{"username":"alice"}]"#, "/0/dialString: expected a number or name of"),
            (
                #"[{"username":"alice","dialString":"1","pasword":"x"}]"#,
                "/0/pasword: unknown member, did you mean \"password\"?"
            ),
            (#"[{"username":"alice","dialString":"1","password":"hunter2"}]"#, "/0/password: expected a crypt(3) hash"),
            (
                #"[{"username":"alice","dialString":"1"},{"username":"bob","dialString":"1"}]"#,
                "/1: expected one owner of the number 1, found another at /0"
            ),
        ]
    )
    func json(text: String, problem: String) async throws {
        let found = try await self.problems(file: "people.json", Array(text.utf8))
        #expect(found.hasPrefix(problem))
        #expect(!found.contains("hunter2"))
    }

    @Test("An owner in the settings and another in the file")
    func across() async throws {
        let found = try await self.problems(
            file: "people.csv",
            Array("username,dialString\nalice,2".utf8),
            entries: [["username": "alice", "dialString": "1"]]
        )
        #expect(found == "line 2: expected one owner of the username alice, found another at /entries/0")
    }

    @Test("No file")
    func missing() async throws {
        let settings: JSONValue = ["file": "none.csv"]
        let plugin = try PluginFixture.make(StaticDirectoryPlugin.self, settings, baseDirectory: self.folder.path)
        let path = "\(self.folder.path)/none.csv"
        let problem = "\(path): expected a file, found an error: No such file or directory"
        await #expect(throws: PluginError.invalidSettings(problem)) { try await plugin.start() }
    }

    @Test("Settings: each problem with its place")
    func settings() throws {
        let settings: JSONValue = [
            "file": "people.txt",
            "reload": 2,
            "entries": [
                ["username": "a\nb", "dialString": "1"], ["username": "b"],
                ["username": "c", "dialString": "2", "password": "x"],
                ["username": "d", "dialString": "3", "furtherDialStrings": ["4", "?"]],
            ],
        ]
        let found = #expect(throws: ConfigurationProblems.self) {
            try PluginFixture.settings(StaticDirectoryPlugin.self, settings)
        }
        #expect(
            found?.list.map(\.pointer)
                == [
                    "entries/0/username", "entries/1/dialString", "entries/2/password",
                    "entries/3/furtherDialStrings/1",
                    "reload", "file",
                ].map { "/plugins/0/settings/\($0)" }
        )
    }

    @Test("Settings: owners that are two")
    func duplicates() throws {
        let settings: JSONValue = [
            "entries": [["username": "a", "dialString": "1"], ["username": "a", "dialString": "1"]]
        ]
        let found = #expect(throws: ConfigurationProblems.self) {
            try PluginFixture.settings(StaticDirectoryPlugin.self, settings)
        }
        #expect(
            found?.list.map(\.problem) == [
                "/entries/1: expected one owner of the username a, found another at /entries/0",
                "/entries/1: expected one owner of the number 1, found another at /entries/0",
            ]
        )
    }

    @Test("Whatever is made of a good file, it is read or refused, and nothing traps")
    func mutations() async throws {
        let good = Array(
            "username,dialString,displayName,password\r\nalice,1,\"A, \"\"a\"\"\",\(Hashes.sha256)\r\nbob,2,,\n".utf8
        )
        let spices: [UInt8] = Array("\",\r\n$ ".utf8) + [0, 0xEF, 0xFF]
        for _ in 0..<300 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...4) {
                let index = Int.random(in: bytes.indices)
                switch Int.random(in: 0..<3) {
                case 0: bytes[index] = spices.randomElement() ?? 0
                case 1: bytes.remove(at: index)
                default: bytes.insert(spices.randomElement() ?? 0, at: index)
                }
            }
            _ = try await self.problems(file: "people.csv", bytes)
        }
    }
}
