import PluginAPI
import StaticDirectory
import StrictJSON
import Telephony
import Testing

@Suite("Static directory", .timeLimit(.minutes(1)))
struct StaticDirectoryTests {
    private let folder = TemporaryFolder()

    private static let entries: JSONValue = [
        [
            "username": "alice", "dialString": "4953638195123", "displayName": "Alice Adams",
            "furtherDialStrings": ["+49-5363", "alice"], "password": .string(Hashes.sha256),
        ],
        ["username": "bob", "dialString": "4953638195999"],
        ["username": "béa", "dialString": "*31#", "displayName": "Béa", "password": .string(Hashes.sha512)],
    ]

    private func known() throws -> [DirectoryEntry] {
        [
            DirectoryEntry(
                username: try #require(Username("alice")),
                dialString: try #require(DialString("4953638195123")),
                furtherDialStrings: [try #require(DialString("495363")), try #require(DialString("alice"))],
                displayName: "Alice Adams"
            ),
            DirectoryEntry(
                username: try #require(Username("bob")),
                dialString: try #require(DialString("4953638195999"))
            ),
            DirectoryEntry(
                username: try #require(Username("béa")),
                dialString: try #require(DialString("*31#")),
                displayName: "Béa"
            ),
        ]
    }

    private func strangers() throws -> [(username: Username, dialString: DialString)] {
        try [("Alice", "4953638195124"), ("be\u{301}a", "Alice"), ("bo", "*31")].map {
            (try #require(Username($0.0)), try #require(DialString($0.1)))
        }
    }

    private static let csv = """
        username,dialString,displayName,password,furtherDialStrings\r
        alice,4953638195123,Alice Adams,\(Hashes.sha256),+495363 alice\r
        \r
        bob,4953638195999,,,\r
        béa,*31#,"Béa",\(Hashes.sha512),
        """

    @Test("A directory, from the settings, a CSV file and a JSON file")
    func directory() async throws {
        try self.folder.write(Self.csv, to: "people.csv")
        try self.folder.write("\u{FEFF}" + Self.csv.replacingLineEnds, to: "people2.CSV")
        try self.folder.write(Self.entries.text, to: "people.json")
        for settings: JSONValue in [
            ["entries": Self.entries], ["file": "people.csv"], ["file": "people2.CSV"], ["file": "people.json"],
        ] {
            try await checkDirectoryConformance(
                StaticDirectoryPlugin.self,
                settings: settings,
                baseDirectory: self.folder.path,
                knows: self.known(),
                strangers: self.strangers()
            )
        }
    }

    @Test("An authenticator")
    func authenticator() async throws {
        try await checkAuthenticatorConformance(
            StaticDirectoryPlugin.self,
            settings: ["entries": Self.entries],
            username: try #require(Username("alice")),
            password: "demo",
            stranger: try #require(Username("Alice"))
        )
    }

    /// As `echo demo | anynode-server hash-password --digest alice` prints it.
    static let ha1 = "f3f42e410fd3571b45e8c84fcf922127cd4a19a81080a5e80f2e5f9bcca7eebe"

    @Test("An authenticator for HTTP Digest")
    func digest() async throws {
        let entry: JSONValue = [
            "username": "alice", "dialString": "1", "password": .string(Hashes.sha256),
            "digest": ["SHA-256": .string(Self.ha1)],
        ]
        try await checkAuthenticatorConformance(
            StaticDirectoryPlugin.self,
            settings: ["entries": .array([entry])],
            username: try #require(Username("alice")),
            password: "demo",
            ha1: Self.ha1,
            stranger: try #require(Username("Alice"))
        )
    }

    @Test("HA1s from a CSV file")
    func digestColumns() async throws {
        let md5 = String(Self.ha1.prefix(32))
        try self.folder.write(
            "username,dialString,digestSHA256,digestMD5\nalice,1,\(Self.ha1),\nbob,2,,\(md5)\n",
            to: "p.csv"
        )
        let plugin = try PluginFixture.make(
            StaticDirectoryPlugin.self,
            ["file": "p.csv"],
            baseDirectory: self.folder.path
        )
        try await plugin.start()
        func outcome(_ name: String, _ algorithm: DigestAlgorithm, _ ha1: String) async throws -> AuthenticationOutcome
        {
            let username = try #require(Username(name))
            let response = DigestResponse(username: username, realm: "r", algorithm: algorithm) { $0 == Secret(ha1) }
            return try await plugin.authenticate(.digest(response))
        }
        #expect(try await outcome("alice", .sha256, Self.ha1) == .accepted(#require(Username("alice"))))
        #expect(try await outcome("alice", .md5, md5) == .refused)
        #expect(try await outcome("bob", .md5, md5) == .accepted(#require(Username("bob"))))
        #expect(try await outcome("carol", .sha256, String(repeating: "0", count: 64)) == .notMine)
        await plugin.stop()
    }

    @Test("Who has no password does not get in; who is unknown may be known elsewhere")
    func outcomes() async throws {
        let plugin = try PluginFixture.make(StaticDirectoryPlugin.self, ["entries": Self.entries])
        try await plugin.start()
        for (name, password, expected) in [
            ("bob", "demo", AuthenticationOutcome.refused), ("bob", "", .refused), ("carol", "demo", .notMine),
        ] {
            let username = try #require(Username(name))
            let credential = Credential.password(username: username, password: Secret(password))
            #expect(try await plugin.authenticate(credential) == expected)
        }
        await plugin.stop()
    }

    @Test("More log-ins than can wait are told to come back; the others are served")
    func bounded() async throws {
        let plugin = try PluginFixture.make(StaticDirectoryPlugin.self, ["entries": Self.entries])
        try await plugin.start()
        let alice = try #require(Username("alice"))
        let outcomes = await withTaskGroup(of: AuthenticationOutcome?.self) { group in
            for _ in 0..<2000 {
                group.addTask {
                    try? await plugin.authenticate(.password(username: alice, password: Secret("demo")))
                }
            }
            return await group.reduce(into: [AuthenticationOutcome?]()) { $0.append($1) }
        }
        #expect(outcomes.allSatisfy { $0 == nil || $0 == .accepted(alice) })
        #expect(outcomes.count { $0 != nil } >= 256)
        #expect(try await plugin.authenticate(.password(username: alice, password: Secret("demo"))) == .accepted(alice))
        await plugin.stop()
    }

    @Test("Settings and file are one directory")
    func both() async throws {
        try self.folder.write("username,dialString\ndave,4\n", to: "people.csv")
        let settings: JSONValue = ["entries": Self.entries, "file": "people.csv"]
        let plugin = try PluginFixture.make(StaticDirectoryPlugin.self, settings, baseDirectory: self.folder.path)
        try await plugin.start()
        for name in ["alice", "dave"] {
            let username = try #require(Username(name))
            #expect(await plugin.entry(forUsername: username) != nil)
        }
        await plugin.stop()
    }

    @Test("Passwords may stand elsewhere")
    func secretFile() async throws {
        try self.folder.write(Hashes.sha256 + "\n", to: "alice.hash")
        let entry: JSONValue = ["username": "alice", "dialString": "1", "password": ["$file": "alice.hash"]]
        let plugin = try PluginFixture.make(
            StaticDirectoryPlugin.self,
            ["entries": [entry]],
            baseDirectory: self.folder.path
        )
        try await plugin.start()
        let alice = try #require(Username("alice"))
        #expect(try await plugin.authenticate(.password(username: alice, password: Secret("demo"))) == .accepted(alice))
        await plugin.stop()
    }

    @Test("A hundred thousand people")
    func large() async throws {
        var text = "username,dialString,displayName,password\n"
        for number in 0..<100_000 {
            text += "user\(number),49\(number),\"User, \(number)\",\(Hashes.sha256)\n"
        }
        try self.folder.write(text, to: "people.csv")
        let plugin = try PluginFixture.make(
            StaticDirectoryPlugin.self,
            ["file": "people.csv"],
            baseDirectory: self.folder.path
        )
        try await plugin.start()
        for number in [0, 1, 49999, 99999] {
            let dialString = try #require(DialString("49\(number)"))
            let entry = await plugin.entry(forUsername: try #require(Username("user\(number)")))
            #expect(entry?.displayName == "User, \(number)")
            #expect(await plugin.entry(forDialString: dialString) == entry)
        }
        let stranger = try #require(Username("user100000"))
        #expect(await plugin.entry(forUsername: stranger) == nil)
        await plugin.stop()
    }
}

extension String {
    fileprivate var replacingLineEnds: String { String(self.unicodeScalars.filter { $0 != "\r" }.map(Character.init)) }
}
