import AdminClient
import StrictJSON
import Testing

/// What a terminal is given.
@Suite struct AdminTerminalTests {
    @Test(
        "What a terminal would obey or hide is escaped",
        arguments: [
            ("\u{1B}[2J", "\\u{1b}[2J"), ("a\nb", "a\\nb"), ("a\rb", "a\\rb"), ("a\tb", "a\\tb"), ("\u{7F}", "\\u{7f}"),
            ("\u{9B}31m", "\\u{9b}31m"), ("\u{202E}evil", "\\u{202e}evil"), ("\u{2066}x", "\\u{2066}x"),
            ("\u{200B}", "\\u{200b}"), ("\u{2028}", "\\u{2028}"), ("\u{E0041}", "\\u{e0041}"), ("\0", "\\u{0}"),
            ("Zoë Ωmega 李", "Zoë Ωmega 李"), ("", ""), ("a\r\nb", "a\\r\\nb"),
        ]
    )
    func escapes(_ text: String, _ shown: String) {
        #expect(text.shown == shown)
    }

    @Test(
        "JSON is escaped as JSON and says the same",
        arguments: ["\u{202E}evil", "\u{9B}1m", "\u{E0041}", "a\u{7F}é"]
    )
    func json(_ name: String) throws {
        let value: JSONValue = ["name": .string(name)]
        let text = value.indentedText.shownJSON
        #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || !$0.mustBeShownEscaped })
        #expect(try JSONValue(parsing: text.utf8) == value)
    }

    private static var table: Table {
        var table = Table([.init("NAME"), .init("STATUS", isStatus: true), .init("COUNT", isNumeric: true), .init("X")])
        table.append(["static", "ok", "7", "one"])
        table.append(["李小龍", "failed", "1234", nil])
        table.append(["a\u{1B}[2J"])
        return table
    }

    @Test("Columns are aligned, numbers on the right, wide characters counted twice, absent cells a dash")
    func layout() {
        #expect(
            Self.table.lines(width: nil, paint: .plain) == [
                "NAME        STATUS  COUNT  X",
                "static      ok          7  one",
                "李小龍      failed   1234  -",
                "a\\u{1b}[2J  -           -  -",
            ]
        )
    }

    @Test("The widest column is cut until a line fits", arguments: [24, 30, 40])
    func narrow(width: Int) {
        var table = Table([.init("A"), .init("B")])
        table.append([String(repeating: "x", count: 50), String(repeating: "李", count: 20)])
        let lines = table.lines(width: width, paint: .plain)
        #expect(lines.allSatisfy { $0.columns <= width })
        #expect(lines[1].contains("x…"))
    }

    @Test("A table narrower than its narrowest columns is printed all the same")
    func tooNarrow() {
        #expect(Self.table.lines(width: 1, paint: .plain).count == 4)
    }

    @Test("Colours do not change the layout")
    func colours() {
        let plain = Self.table.lines(width: nil, paint: .plain)
        let coloured = Self.table.lines(width: nil, paint: Paint(isColoured: true))
        #expect(coloured != plain)
        let stripped = coloured.map { line in
            ["\u{1B}[32m", "\u{1B}[33m", "\u{1B}[31m", "\u{1B}[0m"].reduce(line) { $0.replacing($1, with: "") }
        }
        #expect(stripped == plain)
    }

    @Test(
        "Colours are for terminals where nobody forbids them",
        arguments: [
            (true, [:], true), (false, [:], false), (true, ["NO_COLOR": "1"], false), (true, ["NO_COLOR": ""], true),
            (true, ["TERM": "dumb"], false),
        ]
    )
    func colourRules(_ isTerminal: Bool, _ environment: [String: String], _ isColoured: Bool) {
        #expect(Paint(isTerminal: isTerminal) { environment[$0] }.isColoured == isColoured)
    }

    @Test(
        "Durations in their two largest units",
        arguments: [
            (0.0, "0 s"), (59.9, "59 s"), (60, "1 min"), (3661, "1 h 1 min"), (273_600, "3 d 4 h"), (-1, "-1 s"),
            (.infinity, "inf s"),
        ]
    )
    func durations(_ seconds: Double, _ text: String) {
        #expect(seconds.duration == text)
    }

    @Test(
        "Numbers with no more places than they need",
        arguments: [(0.5, "0.5"), (2, "2"), (0.0004, "0"), (-1.25, "-1.25"), (1.0005, "1.001"), (0.35, "0.35")]
    )
    func numbers(_ number: Double, _ text: String) {
        #expect(number.short == text)
    }

    @Test("Details are aligned, nested objects set in")
    func details() {
        let value: JSONValue = ["id": "1.2", "displayName": "\u{202E}x", "calls": ["3.1", "4.1"], "peer": ["a": 1]]
        #expect(
            Details(value).lines(paint: .plain) == [
                "id:          1.2", "displayName: \\u{202e}x", "calls:       3.1, 4.1", "peer:", "  a: 1",
            ]
        )
    }
}
