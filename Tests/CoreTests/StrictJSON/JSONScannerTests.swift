import StrictJSON
import Testing

/// Which texts are JSON, after the manner of JSONTestSuite: `y_` must be accepted, `n_` refused, and `i_` decided here.
@Suite struct JSONScannerTests {
    @Test(arguments: [
        "null", "true", "false", "0", "-0", "1", "-1", "123456789012345678901234567890", "0.1", "1.5e10", "1E+2",
        "1e-2",
        "0e0", "0E-0", "-0.0e+00", "1e400", "\"\"", "\"a\"", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\u0041\"",
        "\"\\u0000\"", "\"\\uD83D\\uDE00\"", "\"\\ud83d\\ude00\"", "\"\\uFFFF\"", "\"\\uE000\"", "\"\u{7F}\"",
        "\"\u{2028}\u{2029}\"", "\"😀é\u{10FFFF}\"", "[]", "[ ]", "[1]", "[1,2]", "[ 1 , 2 ]", "[[],[[]]]", "{}", "{ }",
        "{\"a\":1}", "{ \"a\" : 1 , \"b\" : [ { } ] }", "{\"\":\"\"}", "{\"a\":1,\"a\":2}", " \t\r\n1\t\r\n ",
    ])
    func accepts(_ text: String) throws {
        #expect(throws: Never.self) { try scan(Array(text.utf8)) }
    }

    private static let refused: [(String, JSONSyntaxError.Problem, Int)] = [
        ("", .unexpectedEnd, 0), (" ", .unexpectedEnd, 1), ("n", .unexpectedEnd, 1), ("nul", .unexpectedEnd, 3),
        ("nulL", .unexpectedByte, 3), ("True", .unexpectedByte, 0), ("NaN", .unexpectedByte, 0),
        ("Infinity", .unexpectedByte, 0), ("truefalse", .trailingText, 4), ("1 2", .trailingText, 2),
        ("{}{}", .trailingText, 2), ("1,", .trailingText, 1), ("1\u{0}", .trailingText, 1),
        ("\u{0}", .unexpectedByte, 0),
        ("\u{FEFF}1", .unexpectedByte, 0), ("\u{A0}1", .unexpectedByte, 0), ("\u{0B}1", .unexpectedByte, 0),
        ("\u{0C}1", .unexpectedByte, 0), ("//c\n1", .unexpectedByte, 0), ("/**/1", .unexpectedByte, 0),
        ("1//c", .trailingText, 1), ("#c", .unexpectedByte, 0),
        ("-", .badNumber, 1), ("+1", .unexpectedByte, 0), ("01", .badNumber, 1), ("-01", .badNumber, 2),
        (".5", .unexpectedByte, 0), ("-.5", .badNumber, 1), ("1.", .badNumber, 2), ("1.e1", .badNumber, 2),
        ("1e", .badNumber, 2), ("1e+", .badNumber, 3), ("1E-x", .badNumber, 3), ("0x10", .trailingText, 1),
        ("1_000", .trailingText, 1), ("1.5.5", .trailingText, 3), ("１", .unexpectedByte, 0),
        ("\"", .unexpectedEnd, 1), ("\"abc", .unexpectedEnd, 4), ("\"\\", .unexpectedEnd, 2),
        ("'a'", .unexpectedByte, 0),
        ("\"\\x\"", .badEscape, 1), ("\"\\'\"", .badEscape, 1), ("\"\\U0041\"", .badEscape, 1),
        ("\"\\0\"", .badEscape, 1),
        ("\"\\u\"", .badEscape, 1), ("\"\\u12\"", .badEscape, 1), ("\"\\u12G4\"", .badEscape, 1),
        ("\"\\u+123\"", .badEscape, 1), ("\"\\u12", .unexpectedEnd, 5), ("\"\\\u{1}\"", .badEscape, 1),
        ("\"a\nb\"", .controlCharacter, 2), ("\"\t\"", .controlCharacter, 1), ("\"\u{0}\"", .controlCharacter, 1),
        ("\"\u{1F}\"", .controlCharacter, 1), ("\"0123456789\u{1F}\"", .controlCharacter, 11),
        ("\"\\uD800\"", .loneSurrogate, 1), ("\"\\uDC00\"", .loneSurrogate, 1), ("\"\\uD800x\"", .loneSurrogate, 1),
        ("\"\\uD800\\n\"", .loneSurrogate, 1), ("\"\\uD800\\uD800\"", .loneSurrogate, 1),
        ("\"\\uD800\\u0041\"", .loneSurrogate, 1), ("\"\\uDE00\\uD83D\"", .loneSurrogate, 1),
        ("\"\\uD83D", .loneSurrogate, 1), ("\"\\uD83D\\uDE0", .unexpectedEnd, 12),
        ("[", .unexpectedEnd, 1), ("]", .unexpectedByte, 0), ("[1", .unexpectedEnd, 2), ("[1,]", .unexpectedByte, 3),
        ("[,1]", .unexpectedByte, 1), ("[1 2]", .unexpectedByte, 3), ("[1,,2]", .unexpectedByte, 3),
        ("[1}", .unexpectedByte, 2), ("[1]]", .trailingText, 3), ("[\"a\",\n", .unexpectedEnd, 6),
        ("{", .unexpectedEnd, 1), ("{1:1}", .unexpectedByte, 1), ("{a:1}", .unexpectedByte, 1),
        ("{\"a\"}", .unexpectedByte, 4), ("{\"a\":}", .unexpectedByte, 5), ("{\"a\":1,}", .unexpectedByte, 7),
        ("{\"a\" 1}", .unexpectedByte, 5), ("{\"a\":1 \"b\":2}", .unexpectedByte, 7), ("{,}", .unexpectedByte, 1),
        ("{\"a\":1]", .unexpectedByte, 6), ("{\"a\":1", .unexpectedEnd, 6), ("{\"a\":", .unexpectedEnd, 5),
    ]

    @Test(arguments: refused)
    func refuses(_ text: String, _ problem: JSONSyntaxError.Problem, at offset: Int) throws {
        #expect(throws: JSONSyntaxError(problem, at: offset)) { try scan(Array(text.utf8)) }
    }

    @Test func everyTruncationIsRefused() {
        let text = Array(#"{"a":[1.5e+3,true,false,null,"x\u00e9\n€😀"],"b":{"c":-0.1}}"#.utf8)
        #expect(throws: Never.self) { try scan(text) }
        for length in 0..<text.count {
            #expect(throws: JSONSyntaxError.self) { try scan(Array(text[..<length])) }
        }
    }

    /// The eight-byte steps must stop at the right byte wherever it stands in them.
    @Test(arguments: 0...40)
    func stringsOfEveryLength(_ length: Int) throws {
        let filler = (0..<length).map { UInt8(ascii: "#") + UInt8($0 % 50) }
        let end: [(bytes: [UInt8], problem: JSONSyntaxError.Problem?)] = [
            ([0x22], nil), (Array("\\n\"".utf8), nil), (Array("é\"".utf8), nil), (Array(" !#[]~\u{7F}\"".utf8), nil),
            ([0x1F, 0x22], .controlCharacter), ([0x00], .controlCharacter), ([0x80, 0x22], .invalidUTF8),
            ([0xFF, 0x22], .invalidUTF8), ([], .unexpectedEnd),
        ]
        for (bytes, problem) in end {
            let text = [0x22] + filler + bytes
            if let problem {
                #expect(throws: JSONSyntaxError(problem, at: length + 1)) { try scan(text) }
                guard problem != .unexpectedEnd else { continue }
                #expect(throws: JSONSyntaxError(problem, at: length + 1)) { try scan(text + filler + [0x22]) }
            } else {
                #expect(throws: Never.self) { try scan(text) }
                #expect(try JSONValue(parsing: text).isString)
            }
        }
    }

    @Test func depthIsLimited() {
        func nested(_ depth: Int, _ open: String, _ close: String, _ inner: String = "") -> [UInt8] {
            Array((String(repeating: open, count: depth) + inner + String(repeating: close, count: depth)).utf8)
        }
        for inner in ["", "1", "\"\""] {
            #expect(throws: Never.self) { try scan(nested(60, "[", "]", inner), depthLimit: 60) }
            #expect(throws: JSONSyntaxError(.tooDeep, at: 60)) { try scan(nested(61, "[", "]", inner), depthLimit: 60) }
            #expect(throws: Never.self) { try JSONValue(parsing: nested(60, "[", "]", inner), depthLimit: 60) }
            #expect(throws: JSONSyntaxError(.tooDeep, at: 60)) {
                try JSONValue(parsing: nested(61, "[", "]", inner), depthLimit: 60)
            }
        }
        #expect(throws: Never.self) { try scan(nested(60, "{\"a\":", "}", "0"), depthLimit: 60) }
        #expect(throws: JSONSyntaxError(.tooDeep, at: 300)) {
            try scan(nested(61, "{\"a\":", "}", "0"), depthLimit: 60)
        }
        #expect(throws: JSONSyntaxError(.tooDeep, at: 300)) {
            try JSONValue(parsing: nested(61, "{\"a\":", "}", "0"), depthLimit: 60)
        }
        // An attack: the reader must not even look at the rest.
        #expect(throws: JSONSyntaxError(.tooDeep, at: 64)) {
            try scan(Array(repeating: UInt8(ascii: "["), count: 250_000))
        }
        #expect(throws: JSONSyntaxError(.tooDeep, at: 64)) {
            try JSONValue(parsing: Array(repeating: UInt8(ascii: "["), count: 250_000))
        }
        // Side by side is not nested.
        #expect(throws: Never.self) { try scan(Array(("[" + String(repeating: "[],", count: 10_000) + "[]]").utf8)) }
    }

    @Test func valuesAreFoundWhereTheyStand() throws {
        let text = Array(#"  {"a\n": [1, 2] , "b":"x"} "#.utf8)
        try text.withUnsafeBufferPointer { bytes in
            var scanner = JSONScanner(bytes)
            try scanner.expect(UInt8(ascii: "{"))
            let name = try scanner.string()
            #expect(name.isEscaped)
            #expect(scanner.text(of: name) == "a\n")
            try scanner.expect(UInt8(ascii: ":"))
            let value = try scanner.value()
            #expect(Array(bytes[value]) == Array("[1, 2]".utf8))
            let commas = [scanner.skip(UInt8(ascii: ",")), scanner.skip(UInt8(ascii: ","))]
            #expect(commas == [true, false])
            let other = try scanner.string()
            #expect(!other.isEscaped)
            #expect(Array(bytes[other.range]) == Array("b".utf8))
            try scanner.expect(UInt8(ascii: ":"))
            try scanner.value()
            try scanner.expect(UInt8(ascii: "}"))
            try scanner.expectEnd()
            #expect(scanner.position == bytes.count)
        }
    }

    @Test func longTextsTakeLinearTime() throws {
        let marks = String(repeating: "e\u{301}", count: 60_000)
        let digits = String(repeating: "7", count: 200_000)
        let name = String(repeating: "n", count: 200_000)
        let text = Array("{\"\(name)\":[\"\(marks)\",\(digits)]}".utf8)
        let start = ContinuousClock.now
        #expect(throws: Never.self) { try scan(text) }
        #expect(try JSONValue(parsing: text).text.utf8.count == text.count)
        #expect(ContinuousClock.now - start < .seconds(5))
    }
}

/// Passes over a whole text.
private func scan(_ text: [UInt8], depthLimit: Int = 64) throws {
    try text.withUnsafeBufferPointer { bytes in
        var scanner = JSONScanner(bytes, depthLimit: depthLimit)
        try scanner.value()
        try scanner.expectEnd()
    }
}

extension JSONValue {
    fileprivate var isString: Bool { self.kind == "a string" }
}
