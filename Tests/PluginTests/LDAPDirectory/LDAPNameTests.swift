import Foundation
import LDAPDirectory
import Logging
import PluginAPI
import StrictJSON
import Telephony
import Testing

/// Names that mean something to a filter or a distinguished name, or that a server compares more generously than we do.
@Suite("LDAP: names", .serialized, .timeLimit(.minutes(2)))
struct LDAPNameTests {
    /// None of these is anybody, though each would find alice, bob or everybody by a filter or a name put together carelessly,
    /// or is the same for the server.
    static let strangers = [
        // Filters (RFC 4515).
        "*", "a*", "*e", "al*ce", "alice*", "(", ")", "\\", "alice)", "alice)(uid=*", "*)(uid=*))(|(uid=*",
        "*)(objectClass=*", "nobody)(|(uid=alice)", "alice)(!(uid=bob)", "\\2a", "\\61lice", "al\\69ce", "alice\\", "&",
        "|",
        "!(uid=nobody)", "alice\\00",
        // An asterisk and a parenthesis that are no characters of their own.
        "*\u{301}", "alice\u{301}", "a*\u{301}", "*\u{200D}", ")\u{301}(uid=*", "\\\u{301}2a", "*)\u{301}(uid=*",
        // Distinguished names (RFC 4514).
        "alice,ou=people", "alice,\(Company.people)", "alice+cn=Alice Adams", "alice,", ",", "+", "=", "#616c696365",
        "#", ";",
        "\"alice\"", "<alice>", "uid=alice", "\\61lice",
        // What a server takes for the same: case, spaces, full width, other ways to write an accent, ignored characters.
        "Alice", "ALICE", "aLICE", " alice", "alice ", "  alice  ", "\u{A0}alice", "alice\u{3000}",
        "\u{FF41}\u{FF4C}\u{FF49}\u{FF43}\u{FF45}", "alic\u{212F}", "al\u{AD}ice", "ali\u{200B}ce", "al\u{FE0F}ice",
        "be\u{301}a", "B\u{C9}A", "b\u{C9}a",
        // Long ones.
        String(repeating: "*", count: 256), String(repeating: "(", count: 256), String(repeating: "\\", count: 256),
        String(repeating: "x", count: 255), String(repeating: "X", count: 256),
        String(repeating: "\u{FF0A}", count: 85),
    ]

    @Test("Nobody is found, let in or told of under another's name", arguments: [false, true])
    func strangers(isMade: Bool) async throws {
        try await withSlapd { slapd in
            let made: JSONValue = ["users": ["dn": .string("uid={username},\(Company.people)")]]
            let log = LogRecorder()
            try await withDirectory(slapd.settings(isMade ? made : [:]), log: log) { plugin async throws in
                for name in Self.strangers {
                    #expect(try await plugin.entry(named: name) == nil, "\(name)")
                    for password in ["alice", "bob", "bea"].map(Company.password) {
                        #expect(try await plugin.judge(name, password) == .notMine, "\(name)")
                    }
                }
                #expect(await plugin.isWell)
                #expect(try await plugin.judge("alice") == .accepted(#require(Username("alice"))))
            }
            #expect(log.entries.allSatisfy { $0.level < .warning })
        }
    }

    @Test("Whoever is called so is found and let in under just that name", arguments: [false, true])
    func tricky(isMade: Bool) async throws {
        try await withSlapd { slapd in
            let made: JSONValue = ["users": ["dn": .string("uid={username},\(Company.people)")]]
            try await withDirectory(slapd.settings(isMade ? made : [:])) { plugin async throws in
                for (name, password) in [(Company.trickyName, "tricky"), ("b\u{E9}a", "bea")] {
                    let entry = try #require(try await plugin.entry(named: name))
                    #expect(Array(entry.username.text.utf8) == Array(name.utf8))
                    let username = try #require(Username(name))
                    #expect(try await plugin.judge(name, Company.password(password)) == .accepted(username))
                    #expect(try await plugin.judge(name, Company.password("alice")) == .refused)
                }
            }
        }
    }

    @Test("The longest name")
    func long() async throws {
        try await withSlapd { slapd in
            try await withDirectory(slapd.settings()) { plugin async throws in
                let name = Company.longName
                #expect(try await plugin.entry(named: name)?.dialString.text == "4953638195602")
                #expect(try await plugin.judge(name, "long-secret") == .accepted(#require(Username(name))))
                // Longer ones, and those with a NUL, never come so far.
                #expect(Username(name + "x") == nil && Username("alice\0") == nil)
            }
        }
    }

    @Test("Numbers that are filters")
    func dialStrings() async throws {
        try await withSlapd { slapd in
            for isIndexed in [true, false] {
                try await withDirectory(slapd.settings(["numbers": ["index": .bool(isIndexed)]])) {
                    plugin async throws in
                    for number in ["*", "4953*", "*123", "**", "#", "+*", "4953638195*", "_", "alice", "*#06#"] {
                        #expect(try await plugin.entry(at: number) == nil, "\(number)")
                    }
                    #expect(await plugin.isWell)
                }
            }
        }
    }

    @Test("Spelling is the directory's or the client's", arguments: [false, true])
    func spelling(isLowercased: Bool) async throws {
        let more = Company.person("Zo\u{EB}.Z", "Zo\u{EB}", password: "zoe", numbers: ["+49 5363 8195-700"])
        try await withSlapd(Slapd.Options(tree: Company.tree + more)) { slapd in
            try await withDirectory(slapd.settings(["users": ["lowercase": .bool(isLowercased)]])) {
                plugin async throws in
                let (own, lower) = ("Zo\u{EB}.Z", "zo\u{EB}.z")
                let (right, wrong) = isLowercased ? (lower, own) : (own, lower)
                #expect(try await plugin.entry(named: right)?.username.text == right)
                #expect(try await plugin.entry(named: wrong) == nil)
                #expect(try await plugin.entry(named: "ZO\u{CB}.Z") == nil)
                #expect(try await plugin.judge(right, "zoe-secret") == .accepted(#require(Username(right))))
                #expect(try await plugin.judge(wrong, "zoe-secret") == .notMine)
                #expect(try await plugin.entry(at: "4953638195700")?.username.text == right)
            }
        }
    }

    @Test("Two entries for one user: nobody, and the log names both", arguments: [0, 1, 2])
    func twins(serverLimit: Int) async throws {
        // A server that tells of no more than one must not hide the other.
        let limit = serverLimit == 0 ? [] : ["sizelimit \(serverLimit)"]
        try await withSlapd(Slapd.Options(directives: limit)) { slapd in
            let log = LogRecorder()
            try await withDirectory(slapd.settings(), log: log) { plugin async throws in
                for _ in 0..<3 {
                    if serverLimit == 1 {
                        await #expect(throws: PluginError.self) { try await plugin.entry(named: "twin") }
                        await #expect(throws: PluginError.self) { try await plugin.judge("twin") }
                    } else {
                        await expectInconsistent { _ = try await plugin.entry(named: "twin") }
                        await expectInconsistent { _ = try await plugin.judge("twin") }
                    }
                }
                #expect(try await plugin.entry(named: "bob") != nil)
            }
            guard serverLimit != 1 else { return }
            let names = ("uid=twin,\(Company.people)", "uid=twin,ou=annex,\(Company.people)")
            #expect(log.errors(naming: names.0, names.1).count == 1)
            #expect(slapd.logged("BIND dn=\"uid=twin").isEmpty)
        }
    }

    @Test("Two entries for one user are not told apart by a number, either")
    func twinsByNumber() async throws {
        try await withSlapd { slapd in
            try await withDirectory(slapd.settings()) { plugin async throws in
                for number in ["4953638195801", "4953638195802"] {
                    #expect(try await plugin.entry(at: "4953638195123") != nil)
                    await expectInconsistent { _ = try await plugin.entry(at: number) }
                }
            }
        }
    }

    @Test("What is shown is fit to be shown, and text; what is none is passed over")
    func displayNames() async throws {
        let bytes = "displayName:: \(Data([0x41, 0xFF, 0xFE]).base64EncodedString())"
        let tree =
            Company.branches
            + Company.person(
                "evil",
                "Fallback",
                password: "evil",
                numbers: ["1"],
                ["displayName: A\r\nB\u{202E}C\u{7F}"]
            )
            + Company.person("empty", "Fallback", password: "empty", numbers: ["2"], ["displayName: \u{200E}"])
            + Company.person("binary", "Fallback", password: "binary", numbers: ["3"], ["jpegPhoto: x"])
            .replacingOccurrences(
                of: "jpegPhoto: x",
                with: bytes.replacingOccurrences(of: "displayName", with: "jpegPhoto")
            )
        try await withSlapd(Slapd.Options(tree: tree)) { slapd in
            let names: JSONValue = ["users": ["displayName": ["jpegPhoto", "displayName", "cn"]]]
            try await withDirectory(slapd.settings(names)) { plugin async throws in
                #expect(try await plugin.entry(named: "evil")?.displayName == "ABC")
                #expect(try await plugin.entry(named: "empty")?.displayName == "Fallback")
                #expect(try await plugin.entry(named: "binary")?.displayName == "Fallback")
            }
        }
    }
}
