import PluginAPI
import StrictJSON
import Telephony
import Testing

@Suite("Settings reader")
struct SettingsReaderTests {
    /// What is written, and a part of what is said about it.
    struct Case: Sendable {
        let json: JSONValue
        let problem: String

        init(_ json: JSONValue, _ problem: String) {
            self.json = json
            self.problem = problem
        }
    }

    enum Colour: String, CaseIterable {
        case red
        case green
    }

    /// What a reader complains of.
    private func problems(
        _ json: JSONValue,
        environment: [String: String] = [:],
        _ read: (SettingsReader) -> Void
    ) -> [String] {
        let reader = SettingsReader(json, at: "/s", baseDirectory: "/base", environment: environment)
        read(reader)
        reader.refuseUnknownMembers()
        return reader.problems.map(\.description)
    }

    @Test("Everything right: the values that are written")
    func values() {
        let json: JSONValue = [
            "text": "a", "texts": ["b", "c"], "yes": true, "count": 7, "time": "250ms", "size": "4KiB",
            "colour": "green",
            "colours": ["red"], "number": "+49-5363", "name": "alice", "secret": "s", "path": "x/y",
            "object": ["inner": 3], "objects": [["inner": 4], [:]], "raw": [1, .null],
        ]
        let found = self.problems(json) { reader in
            #expect(reader.string("text", summary: "") == "a")
            #expect(reader.strings("texts", summary: "") == ["b", "c"])
            #expect(reader.bool("yes", default: false, summary: ""))
            #expect(reader.integer("count", default: 1, in: 0...10, summary: "") == 7)
            #expect(reader.duration("time", default: .zero, summary: "") == .milliseconds(250))
            #expect(reader.size("size", default: 0, in: 0...9999, summary: "") == 4096)
            #expect(reader.choice("colour", default: Colour.red, summary: "") == .green)
            #expect(reader.choices("colours", default: Colour.allCases, summary: "") == [.red])
            #expect(reader.dialString("number", summary: "") == DialString("495363"))
            #expect(reader.username("name", summary: "") == Username("alice"))
            #expect(reader.secret("secret", summary: "") == Secret("s"))
            #expect(reader.path("path", summary: "") == "/base/x/y")
            let inner = { (reader: SettingsReader) in reader.integer("inner", default: 0, in: 0...9, summary: "") }
            #expect(reader.object("object", summary: "", inner) == 3)
            #expect(reader.objects("objects", summary: "", inner) == [4, 0])
            #expect(reader.raw("raw", summary: "") == [1, .null])
        }
        #expect(found == [])
    }

    @Test("Everything missing: defaults, and a problem for what is required")
    func missing() {
        let found = self.problems([:]) { reader in
            #expect(reader.string("text", default: "d", summary: "") == "d")
            #expect(reader.optionalString("maybe", summary: "") == nil)
            #expect(reader.optionalInteger("maybe2", in: 0...1, summary: "") == nil)
            #expect(reader.optionalSecret("maybe3", summary: "") == nil)
            #expect(reader.optionalPath("maybe4", summary: "") == nil)
            #expect(reader.optionalDialString("maybe5", summary: "") == nil)
            let choices: [Colour]? = reader.optionalChoices("maybe6", summary: "")
            #expect(choices == nil)
            #expect(reader.optionalObject("maybe7", summary: "") { $0.pointer } == nil)
            #expect(reader.duration("time", default: .seconds(60), summary: "") == .seconds(60))
            _ = reader.string("text2", summary: "")
            _ = reader.integer("count2", in: 1...5, summary: "")
            _ = reader.duration("time2", summary: "")
            _ = reader.dialString("number2", summary: "")
            _ = reader.secret("secret2", summary: "")
            _ = reader.object("object2", summary: "") { $0.string("inner", summary: "") }
            _ = reader.objects("objects2", atLeast: 1, summary: "") { $0.pointer }
        }
        #expect(
            found == [
                "/s/text2: expected a string, found nothing: this member is required",
                "/s/count2: expected a whole number from 1 to 5, found nothing: this member is required",
                "/s/time2: expected a duration such as \"60s\", found nothing: this member is required",
                "/s/number2: expected a number or name of 1 to 64 characters 0–9 A–Z a–z + * # . _ -, "
                    + "found nothing: this member is required",
                "/s/secret2: expected a string, {\"$env\":\"NAME\"} or {\"$file\":\"path\"}, "
                    + "found nothing: this member is required",
                "/s/object2/inner: expected a string, found nothing: this member is required",
                "/s/objects2: expected an array of at least 1 object, found nothing: this member is required",
            ]
        )
    }

    private static let cases: [Case] = [
        Case(["time": 60], #"/s/time: expected a duration such as "60s", found the number 60"#),
        Case(["time": "60"], #"/s/time: expected a duration such as "60s", found "60""#),
        Case(["time": "1.5s"], #"/s/time: expected a duration such as "60s", found "1.5s""#),
        Case(["time": "-1s"], #"/s/time: expected a duration such as "60s", found "-1s""#),
        Case(["time": "99999999999999999999d"], #"expected a duration such as "60s", found "99999999999999999999d""#),
        Case(["time": "9223372036854775807d"], #"expected a duration such as "60s""#),
        Case(["size": "1"], #"/s/size: expected a size such as "256KiB" from 1B to 1MiB, found "1""#),
        Case(["size": "2MiB"], #"from 1B to 1MiB, found "2MiB""#),
        Case(["size": "9223372036854775807GiB"], #"from 1B to 1MiB"#),
        Case(["count": "7"], #"/s/count: expected a whole number from 0 to 10, found "7""#),
        Case(["count": 11], "/s/count: expected a whole number from 0 to 10, found the number 11"),
        Case(["count": .number("1e308")], "found the number 1e308"),
        Case(["count": .number("1.0")], "found the number 1.0"),
        Case(["count": .number("-9223372036854775809")], "found the number -9223372036854775809"),
        Case(["count": true], "found true"),
        Case(["count": .null], "found null"),
        Case(["yes": 1], "/s/yes: expected true or false, found the number 1"),
        Case(["yes": "true"], #"/s/yes: expected true or false, found "true""#),
        Case(["colour": "blue"], #"/s/colour: expected one of "red", "green", found "blue""#),
        Case(["colour": "mauve"], #"expected one of "red", "green", found "mauve": not supported by this build yet"#),
        Case(["colours": ["red", 1]], #"/s/colours/1: expected one of "red", "green", found the number 1"#),
        Case(["colours": ["red", "red"]], #"/s/colours/1: expected each value once, found "red" again"#),
        Case(["colours": "red"], #"/s/colours: expected an array of one of "red", "green", found "red""#),
        Case(["texts": ["a", [:]]], "/s/texts/1: expected a string, found an object"),
        Case(["number": "Ä"], "/s/number: expected a number or name of 1 to 64 characters"),
        Case(["numbers": ["1", ""]], "/s/numbers/1: expected a number or name of 1 to 64 characters"),
        Case(["name": ""], "/s/name: expected a name of 1 to 256 bytes without control characters, found \"\""),
        Case(["path": ""], "/s/path: expected a path, found \"\""),
        Case(["object": 1], "/s/object: expected an object, found the number 1"),
        Case(["objects": [1]], "/s/objects/0: expected an object, found the number 1"),
        Case(["objects": [:]], "/s/objects: expected an array of objects, found an object"),
        Case(["objects": [["inner": []]]], "/s/objects/0/inner: expected a whole number from 0 to 9, found an array"),
    ]

    @Test(
        "Wrong kinds say what was expected and found",
        arguments: Self.cases
    )
    func wrong(wrong: Case) {
        let found = self.problems(wrong.json) { reader in
            _ = reader.strings("texts", summary: "")
            _ = reader.bool("yes", default: false, summary: "")
            _ = reader.integer("count", default: 1, in: 0...10, summary: "")
            _ = reader.duration("time", default: .zero, summary: "")
            _ = reader.size("size", default: 1, in: 1...(1 << 20), summary: "")
            _ = reader.choice("colour", default: Colour.red, planned: ["mauve"], summary: "")
            _ = reader.choices("colours", default: Colour.allCases, summary: "")
            _ = reader.optionalDialString("number", summary: "")
            _ = reader.dialStrings("numbers", summary: "")
            if wrong.json.hasMember("name") { _ = reader.username("name", summary: "") }
            _ = reader.optionalPath("path", summary: "")
            let inner = { (reader: SettingsReader) in reader.integer("inner", default: 0, in: 0...9, summary: "") }
            _ = reader.object("object", summary: "", inner)
            _ = reader.objects("objects", summary: "", inner)
        }
        #expect(found.count == 1)
        #expect(found.first?.contains(wrong.problem) == true, "\(found)")
    }

    @Test("A document that is no object is one problem, not one for each member")
    func notAnObject() {
        let found = self.problems("text") { reader in
            _ = reader.string("a", summary: "")
            _ = reader.object("b", summary: "") { $0.string("c", summary: "") }
        }
        #expect(found == [#"/s: expected an object, found "text""#])
    }

    @Test("Members nobody asked for are problems, with the name that was probably meant")
    func unknown() {
        let json: JSONValue = ["ringTimout": "1s", "RINGTIMEOUT": 1, "zzz": 1, "a/b~c": 1]
        let found = self.problems(json) { reader in
            _ = reader.duration("ringTimeout", default: .zero, summary: "")
            _ = reader.bool("other", default: false, summary: "")
        }
        #expect(
            found == [
                "/s/ringTimout: unknown member, did you mean \"ringTimeout\"? known here: ringTimeout, other",
                "/s/RINGTIMEOUT: unknown member, did you mean \"ringTimeout\"? known here: ringTimeout, other",
                "/s/zzz: unknown member; known here: ringTimeout, other",
                "/s/a~1b~0c: unknown member; known here: ringTimeout, other",
            ]
        )
    }

    @Test("A plugin's own problems have their place too")
    func ownProblems() {
        let found = self.problems(["a": [1]]) { reader in
            _ = reader.raw("a", summary: "")
            reader.problem(at: "a", "expected more")
            reader.problem(at: "a", index: 3, "expected less")
            reader.problem("expected something else")
            #expect(reader.hasProblem(at: "a"))
            #expect(!reader.hasProblem(at: "b"))
        }
        #expect(found == ["/s/a: expected more", "/s/a/3: expected less", "/s: expected something else"])
    }

    @Test("What is found is shown short and on one line")
    func shortAndPlain() {
        let long = String(repeating: "x", count: 1000)
        let found = self.problems(["a": .string("1\r\n\u{202E}2"), "b": .string(long), "c": .number("1" + long)]) {
            _ = $0.duration("a", summary: "")
            _ = $0.duration("b", summary: "")
            _ = $0.duration("c", summary: "")
        }
        #expect(found.count == 3)
        #expect(found.first?.hasSuffix(#"found "1???2""#) == true)
        #expect(found.allSatisfy { $0.count < 140 })
    }
}

extension JSONValue {
    fileprivate func hasMember(_ name: String) -> Bool {
        if case .object(let object) = self { object[name] != nil } else { false }
    }
}
