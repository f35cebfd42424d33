import PluginAPI
import StrictJSON
import Telephony
import Testing

@testable import LDAPDirectory

@Suite("LDAP: how values become numbers")
struct NumberRewritingTests {
    private func rewriting(_ rules: JSONValue) throws -> NumberRewriting {
        let reader = SettingsReader(["rewrite": rules], at: "")
        let settings = NumberSettings(from: reader)
        try #require(reader.problems.isEmpty, "\(reader.problems)")
        return settings.rewriting
    }

    @Test(
        "Unless told otherwise: what is there for the reader is left out",
        arguments: [
            ("+49 (5363) 8195-123", "4953638195123"),
            ("+49 5363/8195 123", "4953638195123"),
            ("4953638195123", "4953638195123"),
            ("reception", "reception"),
            ("123", "123"),
        ]
    )
    func usual(written: String, number: String) {
        #expect(NumberRewriting.usual.dialString(of: written)?.text == number)
    }

    @Test(
        "What is no number stays none",
        arguments: ["", " ", "ask at the desk!", "+", "é", "+49,123", String(repeating: "1", count: 65), "١٢٣"]
    )
    func unusable(written: String) {
        #expect(NumberRewriting.usual.dialString(of: written) == nil)
    }

    @Test("Rules, one after the other")
    func rules() throws {
        let national = try self.rewriting([
            ["strip": " ()/-"], ["pattern": "^00", "with": ""], ["pattern": "^0", "with": "49"],
            ["pattern": #"^(\d{3})$"#, "with": "4953638195$1"],
        ])
        #expect(national.dialString(of: "05363 8195-123")?.text == "4953638195123")
        #expect(national.dialString(of: "0049 5363 8195 123")?.text == "4953638195123")
        #expect(national.dialString(of: "123")?.text == "4953638195123")
        // Digits are those of ASCII.
        #expect(national.dialString(of: "١٢٣") == nil)
    }

    @Test("What may stand in a replacement")
    func template() throws {
        func replaced(_ pattern: String, _ with: String, in text: String) throws -> String {
            try Replacement(pattern: pattern, template: with).apply(to: text)
        }
        #expect(try replaced("(a)(b)?", "<$1$2$9$0$$x$y$>", in: "a") == "<aa$x$y$>")
        #expect(try replaced("1", "2", in: "111") == "222")
    }

    @Test("Rules that are none are refused with their place")
    func refused() {
        let reader = SettingsReader(
            ["rewrite": [["pattern": "(", "with": ""], ["strip": "x", "with": ""], [:], ["pattern": "x"]]],
            at: "/numbers"
        )
        _ = NumberSettings(from: reader)
        let places = reader.problems.map(\.pointer)
        #expect(
            places == ["/numbers/rewrite/0/pattern", "/numbers/rewrite/1", "/numbers/rewrite/2", "/numbers/rewrite/3"]
        )
    }
}

@Suite("LDAP: the list of all numbers")
struct NumberIndexTests {
    private func person(_ name: String, _ numbers: String...) throws -> Person {
        Person(
            name: "uid=\(name)",
            username: try #require(Username(name)),
            displayName: nil,
            numbers: numbers.compactMap(DialString.init),
            unusable: []
        )
    }

    @Test("It knows whom to look at, and who shares")
    func owners() throws {
        var index = NumberIndex()
        index.add(try self.person("alice", "1", "2"))
        index.add(try self.person("bob", "2", "3"))
        index.add(try self.person("carol", "2"))
        index.complete()
        func users(_ number: String) throws -> [String] {
            index.users(at: try #require(DialString(number))).map(\.text)
        }
        #expect(try users("1") == ["alice"])
        #expect(try users("2") == ["alice", "bob", "carol"])
        #expect(try users("3") == ["bob"])
        #expect(try users("4") == [])
        #expect(index.count == 3)
        #expect(index.contested == [try #require(DialString("2")): ["uid=alice", "uid=bob", "uid=carol"]])
    }
}
