import Testing

@testable import Telephony

@Suite("Dial strings and names")
struct DialStringTests {
    @Test(
        "Each written form has one canonical form",
        arguments: [
            ("4953638195123", "4953638195123"), ("+4953638195123", "4953638195123"),
            ("+49-5363.8195-123", "4953638195123"),
            ("49.5363", "495363"), ("1-800-FLOWERS", "1800FLOWERS"), ("0", "0"), ("+0", "0"), ("110", "110"),
            ("+49+5", "49+5"), ("4*1#2", "4*1#2"), ("1_2", "1_2"), ("+-1", "1"), ("+.", nil), ("+-.-", nil), ("+", nil),
            ("++1", "1"), ("+-+1", "1"), ("++", nil), ("+*21", "*21"), ("+al-ice", "alice"),
            // What begins otherwise is compared as it stands.
            ("alice", "alice"), ("Alice", "Alice"), ("al-ice.smith_1", "al-ice.smith_1"), ("*21#", "*21#"),
            ("#1-2", "#1-2"),
            ("-1", "-1"), (".1", ".1"), ("_", "_"), ("a+1", "a+1"),
        ] as [(String, String?)]
    )
    func canonical(written: String, canonical: String?) {
        #expect(DialString(written)?.text == canonical)
    }

    @Test(
        "Whatever else is refused",
        arguments: [
            "", " ", " 1", "1 ", "1 2", "\t", "\n", "1\n", "1\r\n", "\0", "1\0", "1\u{0}2", "tel:1", "sip:a@b", "a@b",
            "1,2",
            "1;2", "(49)5363", "1/2", "%31", "1=2", "'1'", "\"1\"", "1&2", "a\\b", "~", "!", "1?", "<1>", "[1]", "{1}",
            "|",
            // Digits, letters and separators of others; look-alikes; what joins to a Character.
            "٣", "１２３", "१", "²", "½", "é", "e\u{301}", "1\u{301}", "ß", "а", "Α", "1\u{200B}", "\u{FEFF}1",
            "1\u{202E}2",
            "1\u{2010}2", "1\u{2011}2", "1\u{00AD}2", "1\u{00A0}2", "＋49", "0\u{20E3}", "📞", "*\u{301}",
        ]
    )
    func refused(written: String) {
        #expect(DialString(written) == nil)
    }

    @Test("At most 64 bytes are written")
    func length() {
        #expect(DialString(String(repeating: "1", count: 64))?.text.utf8.count == 64)
        #expect(DialString(String(repeating: "1", count: 65)) == nil)
        #expect(DialString("+" + String(repeating: "1", count: 63))?.text.utf8.count == 63)
        #expect(DialString("+" + String(repeating: "1", count: 64)) == nil)
        #expect(DialString(String(repeating: "1-", count: 1_000_000)) == nil)
    }

    @Test("Equal exactly when the canonical forms are; a canonical form is its own")
    func equality() throws {
        #expect(DialString("+49-5363") == DialString("495363"))
        #expect(DialString("Alice") != DialString("alice"))
        #expect(DialString("0049") != DialString("+49"))
        for written in ["+49-5363", "1-800-FLOWERS", "alice.smith", "+49+5", "*-1", "++1", "+-+1"] {
            let once = try #require(DialString(written))
            #expect(DialString(once.text) == once)
            #expect(Set([once, try #require(DialString(written))]).count == 1)
            #expect("\(once)" == once.text)
        }
    }

    @Test("The anonymous address is a valid dial string")
    func anonymous() {
        #expect(DialString("anonymous") == .anonymous)
    }

    @Test(
        "A party is shown without control characters and direction overrides (I12)",
        arguments: [
            ("Alice", "Alice"), ("", nil), ("\u{7}", nil), ("A\r\nB", "AB"), ("A\u{0}B", "AB"),
            ("\u{1B}[31mA", "[31mA"),
            ("A\u{202E}B\u{202C}", "AB"), ("\u{2066}A\u{2069}", "A"), ("\u{200F}A\u{061C}", "A"), ("A\u{2028}B", "AB"),
            ("A\u{85}B\u{9F}", "AB"), ("Zoë Müller 李", "Zoë Müller 李"), ("👩‍👩‍👧", "👩‍👩‍👧"), (" A ", " A "),
        ] as [(String, String?)]
    )
    func presentable(name: String, shown: String?) {
        let address = PartyAddress(dialString: .anonymous, displayName: name)
        #expect(address.displayName.map { Array($0.utf8) } == shown.map { Array($0.utf8) })
        #expect(PartyAddress(dialString: .anonymous).displayName == nil)
    }

    @Test("Every control character and override is hidden, and nothing next to them")
    func presentableByScalar() {
        for value in UInt32(0)...0x2100 {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let isHidden =
                value < 0x20 || (0x7F...0x9F).contains(value) || [0x061C, 0x200E, 0x200F].contains(value)
                || (0x2028...0x202E).contains(value) || (0x2066...0x2069).contains(value)
            #expect(String(scalar).presentable.isEmpty == isHidden, "U+\(String(value, radix: 16))")
        }
    }
}
