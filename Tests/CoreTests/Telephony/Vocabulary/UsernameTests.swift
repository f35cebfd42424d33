import Testing

@testable import Telephony

@Suite("User names")
struct UsernameTests {
    @Test("Names are compared by their bytes, not by canonical equivalence")
    func bytes() {
        let (composed, decomposed) = (Username("Zo\u{EB}"), Username("Zoe\u{308}"))
        #expect(composed?.text == decomposed?.text)
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed, Username("Zo\u{EB}")]).count == 2)
        #expect(Username("\u{212B}") != Username("\u{C5}"))
        #expect(Username("Alice") != Username("alice"))
        #expect(Username("alice ") != Username("alice"))
    }

    @Test("Equal names have equal hashes, whatever the string is made of")
    func hashes() throws {
        let native = try #require(Username("Zoë of the long name that fits in no small string"))
        let slice = "xx" + native.text
        let other = try #require(Username(String(slice.dropFirst(2))))
        #expect(native == other)
        #expect(native.hashValue == other.hashValue)
    }

    @Test(
        "Control characters, nothing and too much are refused",
        arguments: [
            "", "a\0", "\0", "a\n", "a\r\nb", "a\tb", "\u{7F}", "\u{80}", "\u{9F}", "a\u{2028}", "a\u{2029}", "\u{1B}",
            String(repeating: "a", count: 257), String(repeating: "é", count: 129),
        ]
    )
    func refused(text: String) {
        #expect(Username(text) == nil)
    }

    @Test(
        "Everything else is a name",
        arguments: [
            "a", " ", "alice@example.com", "Zoë", "李", "👩‍👩‍👧", "a:b", "\"", "*)(uid=*", "a\u{200B}b", "\u{202E}a",
            String(repeating: "a", count: 256), String(repeating: "é", count: 128),
        ]
    )
    func accepted(text: String) {
        #expect(Username(text)?.text == text)
        #expect(Username(text).map { "\($0)" } == text)
    }
}
