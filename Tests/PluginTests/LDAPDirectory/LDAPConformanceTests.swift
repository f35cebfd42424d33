import LDAPDirectory
import PluginAPI
import StrictJSON
import Telephony
import Testing

/// Both roles' contracts, over each way to reach a server and each way to log in.
@Suite("LDAP: contract", .serialized, .timeLimit(.minutes(2)))
struct LDAPConformanceTests {
    private static func entry(
        _ name: String,
        _ number: String,
        _ more: [String] = [],
        _ displayName: String
    ) throws -> DirectoryEntry {
        DirectoryEntry(
            username: try #require(Username(name)),
            dialString: try #require(DialString(number)),
            furtherDialStrings: try more.map { try #require(DialString($0)) },
            displayName: displayName
        )
    }

    private static func check(_ settings: JSONValue) async throws {
        try await checkDirectoryConformance(
            LDAPDirectoryPlugin.self,
            settings: settings,
            knows: [
                self.entry("alice", "4953638195123", "Alice A."), self.entry("bob", "4953638195999", "Bob Brown"),
                self.entry("carol", "4953638195777", ["4953638195778"], "Carol Clark"),
                self.entry("b\u{E9}a", "4953638195601", "B\u{E9}a"),
                self.entry(Company.trickyName, "4953638195600", "Tricky"),
                self.entry(Company.longName, "4953638195602", "Long"),
            ],
            strangers: [("Alice", "4953638195124"), ("be\u{301}a", "alice"), ("bo", "*31")].map {
                (try #require(Username($0.0)), try #require(DialString($0.1)))
            }
        )
        try await self.checkPasswords(settings, "alice")
    }

    private static func entry(_ name: String, _ number: String, _ displayName: String) throws -> DirectoryEntry {
        try self.entry(name, number, [], displayName)
    }

    private static func checkPasswords(_ settings: JSONValue, _ name: String) async throws {
        try await checkAuthenticatorConformance(
            LDAPDirectoryPlugin.self,
            settings: settings,
            username: try #require(Username(name)),
            password: Company.password(name),
            stranger: try #require(Username("nobody"))
        )
    }

    @Test("ldap, nobody logged in")
    func anonymous() async throws {
        try await withSlapd { try await Self.check($0.settings()) }
    }

    @Test("ldap with StartTLS, logged in with a password")
    func startTLS() async throws {
        let authority = try await TestAuthority()
        let options = Slapd.Options(certificate: try await authority.issue("server"), isOpen: false)
        try await withSlapd(options) { slapd in
            let tls: JSONValue = ["startTLS": "required", "authorities": .string(authority.path)]
            try await Self.check(slapd.settings(["tls": tls, "bind": .simpleBind]))
        }
    }

    @Test("ldaps, logged in with a client certificate")
    func certificate() async throws {
        let authority = try await TestAuthority()
        var options = Slapd.Options(certificate: try await authority.issue("server"), isOpen: false)
        options.clientAuthority = authority
        let client = try await authority.issue("anynode", for: [], usage: "clientAuth")
        try await withSlapd(options) { slapd in
            let tls: JSONValue = [
                "authorities": .string(authority.path), "certificate": .string(client.certificate),
                "privateKey": .string(client.privateKey),
            ]
            try await Self.check(companySettings([slapd.secureURL], ["tls": tls, "bind": ["method": "external"]]))
        }
    }

    @Test("ldapi, logged in as the user of the system")
    func local() async throws {
        try await withSlapd(Slapd.Options(isOpen: false)) { slapd in
            // Whether StartTLS is demanded or not: the socket of this machine needs none.
            let more: JSONValue = ["tls": ["startTLS": "required"], "bind": ["method": "external"]]
            try await Self.check(companySettings([slapd.localURL], more))
        }
    }

    @Test("Names made, not searched")
    func template() async throws {
        try await withSlapd { slapd in
            let users: JSONValue = ["dn": .string("uid={username},\(Company.people)")]
            let settings = slapd.settings(["users": users])
            try await Self.checkPasswords(settings, "alice")
            try await withDirectory(settings) { plugin async throws in
                for name in ["alice", "bob", "carol", "b\u{E9}a", Company.trickyName] {
                    #expect(try await plugin.entry(named: name)?.username.text == name)
                }
                #expect(try await plugin.entry(at: "4953638195600")?.username.text == Company.trickyName)
                #expect(slapd.logged("SRCH base=\"uid=alice,\(Company.people)\" scope=0").count >= 1)
                // Who stands elsewhere is nobody; and of two with one name, one is meant.
                #expect(try await plugin.entry(named: Company.longName) == nil)
                #expect(try await plugin.entry(named: "twin")?.dialString.text == "4953638195801")
            }
        }
    }

    @Test("Active Directory's preset")
    func activeDirectory() async throws {
        let options = Slapd.Options(tree: ActiveDirectory.tree, schema: ActiveDirectory.schema)
        try await withSlapd(options) { slapd in
            let settings = slapd.settings([
                "preset": "activeDirectory", "users": ["base": .string(ActiveDirectory.users)],
            ])
            try await checkDirectoryConformance(
                LDAPDirectoryPlugin.self,
                settings: settings,
                knows: [
                    Self.entry("alice", "4953638195123", "Adams, Alice"),
                    Self.entry("bob", "4953638195999", "Brown, Bob"),
                ],
                strangers: [("gone", "4953638195444"), ("gone2", "4953638195445"), ("Alice", "1")].map {
                    (try #require(Username($0.0)), try #require(DialString($0.1)))
                }
            )
            try await Self.checkPasswords(settings, "alice")
            try await withDirectory(settings) { plugin async throws in
                // An account that is switched off does not let in, whatever the password.
                #expect(try await plugin.judge("gone") == .notMine)
            }
        }
    }
}
