import StrictJSON
import Testing

@Suite struct JSONValueTests {
    @Test func readsEveryKind() throws {
        let value = try JSONValue(
            parsing:
                #" {"n":null,"t":true,"f":false,"i":-12,"d":1.50e+3,"s":"a\"\\\/\b\f\n\r\té€😀","l":[1,[]],"o":{}} "#
                .utf8
        )
        #expect(
            value == [
                "n": .null, "t": true, "f": false, "i": -12, "d": .number("1.50e+3"),
                "s": "a\"\\/\u{8}\u{C}\n\r\té€😀", "l": [1, []], "o": [:],
            ]
        )
        guard case .object(let object) = value else {
            Issue.record("not an object")
            return
        }
        #expect(object.members.map(\.name) == ["n", "t", "f", "i", "d", "s", "l", "o"])
        #expect(object["s"]?.kind == "a string")
        #expect(object["nothing"] == nil)
    }

    @Test(arguments: [
        ("\\u0000", "\u{0}"), ("\\u001f", "\u{1F}"), ("\\u00E9", "é"), ("\\u20ac", "€"), ("\\uD83D\\uDE00", "😀"),
        ("\\uDBFF\\uDFFF", "\u{10FFFF}"), ("\\uD800\\uDC00", "\u{10000}"), ("\\uFFFD", "\u{FFFD}"),
        ("a\\u0062c", "abc"),
        ("\\\\u0041", "\\u0041"), ("é\\u0301", "é\u{301}"),
    ])
    func resolvesEscapes(_ escaped: String, _ text: String) throws {
        guard case .string(let read) = try JSONValue(parsing: "\"\(escaped)\"".utf8) else {
            Issue.record("not a string")
            return
        }
        #expect(Array(read.utf8) == Array(text.utf8))
    }

    @Test func writesWhatItReads() throws {
        for text in [
            "null", "[true,false]", #"{"b":1,"a":[{"x":"\"\\\n\r\t\u0001\u001f"}],"":0.10e1}"#, "\"é😀\u{7F}\u{2028}/\"",
            "123456789012345678901234567890.0",
        ] {
            let value = try JSONValue(parsing: text.utf8)
            #expect(value.text == text)
            #expect(try JSONValue(parsing: value.text.utf8) == value)
        }
    }

    /// Every scalar that has an escape, and its neighbours, survive a round trip.
    @Test func everySmallScalarSurvives() throws {
        for number in UInt32(0)...0x2FF {
            let scalar = try #require(Unicode.Scalar(number))
            let value = JSONValue.string("a\(scalar)b")
            #expect(try JSONValue(parsing: value.text.utf8) == value)
        }
    }

    @Test(arguments: [
        (#"{"a":1,"a":1}"#, 7), (#"{"a":1,"\u0061":2}"#, 7), (#"[{"x":{"b":1, "c":2, "b":3}}]"#, 21),
        (#"{"":1,"":2}"#, 6),
    ])
    func refusesNamesTwice(_ text: String, _ offset: Int) {
        #expect(throws: JSONSyntaxError(.duplicateName, at: offset)) { try JSONValue(parsing: text.utf8) }
    }

    /// Names are bytes: these look alike and are two.
    @Test func namesAreComparedByteByByte() throws {
        let text = "{\"\u{E9}\":1,\"e\u{301}\":2}"
        guard case .object(let object) = try JSONValue(parsing: text.utf8) else {
            Issue.record("not an object")
            return
        }
        #expect(object.members.count == 2)
        #expect(object["\u{E9}"] == 1)
        #expect(object["e\u{301}"] == 2)
        #expect(JSONValue.string("\u{E9}") != JSONValue.string("e\u{301}"))
        #expect(JSONValue.string("\u{E9}") == JSONValue.string("\u{E9}"))
    }

    @Test func objectsAreEqualInAnyOrder() throws {
        let one = try JSONValue(parsing: #"{"a":1,"b":2}"#.utf8)
        let other = try JSONValue(parsing: #"{"b":2,"a":1}"#.utf8)
        #expect(one == other)
        #expect(one.hashValue == other.hashValue)
        #expect(one != ["a": 1])
        #expect(one != ["a": 1, "b": 3])
        #expect(JSONValue.number("1") != JSONValue.string("1"))
    }

    @Test func membersCanBeChanged() {
        var object = JSONObject()
        object["a"] = 1
        object["b"] = 2
        object["a"] = 3
        object["c"] = nil
        #expect(JSONValue.object(object).text == #"{"a":3,"b":2}"#)
        object["a"] = nil
        #expect(JSONValue.object(object).text == #"{"b":2}"#)
    }

    @Test func errorsSayWhere() throws {
        let text = "{\n  \"a\": 1,\r\n  \"b\": tru\n}"
        let error = try #require(throws: JSONSyntaxError.self) { try JSONValue(parsing: text.utf8) }
        #expect(error == JSONSyntaxError(.unexpectedByte, at: 23))
        #expect(error.position(in: text.utf8) == (line: 3, column: 11))
        #expect(error.description == "unexpected character at byte 23")
        #expect(JSONSyntaxError(.unexpectedEnd, at: 99).position(in: "a\nb".utf8) == (line: 2, column: 2))
        #expect(JSONSyntaxError(.unexpectedEnd, at: 0).position(in: "".utf8) == (line: 1, column: 1))
    }

    /// What has not been checked by a scanner must not stop the server either.
    @Test(arguments: [
        "\\", "\\u", "\\u12", "\\uD800", "\\uD800\\", "\\uD800\\u0000", "\\uDBFFxxFFFF", "\\q", "a\\uZZZZ",
    ])
    func uncheckedEscapesDoNotTrap(_ content: String) {
        let bytes = Array(content.utf8)
        _ = bytes.withUnsafeBufferPointer { JSONText.unescaped($0) }
    }
}
