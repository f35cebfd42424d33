import Testing

/// What somebody may call himself to make the log lie, or the terminal that shows it do something.
struct HostileText: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let scalar: Unicode.Scalar
    let text: String
    let json: String

    private init(_ name: String, _ scalar: UInt32, text: String, json: String) {
        self.testDescription = name
        self.scalar = Unicode.Scalar(scalar) ?? "?"
        self.text = text
        self.json = json
    }

    private init(_ name: String, _ scalar: UInt32) {
        let hex = String(scalar, radix: 16)
        let padded = String(repeating: "0", count: 4 - hex.count) + hex
        self.init(name, scalar, text: "\\u{\(hex)}", json: "\\u\(padded)")
    }

    static let all: [HostileText] =
        [
            HostileText("line feed", 0x0A, text: "\\n", json: "\\n"),
            HostileText("carriage return", 0x0D, text: "\\r", json: "\\r"),
            HostileText("tab", 0x09, text: "\\t", json: "\\t"),
            HostileText("quote", 0x22, text: "\\\"", json: "\\\""),
            HostileText("backslash", 0x5C, text: "\\\\", json: "\\\\"),
            HostileText("NUL", 0x00),
            HostileText("bell", 0x07),
            HostileText("backspace", 0x08),
            HostileText("vertical tab", 0x0B),
            HostileText("form feed", 0x0C),
            HostileText("escape", 0x1B),
            HostileText("last of C0", 0x1F),
            HostileText("DEL", 0x7F),
            HostileText("first of C1", 0x80),
            HostileText("next line, C1", 0x85),
            HostileText("control sequence introducer, C1", 0x9B),
            HostileText("last of C1", 0x9F),
            HostileText("line separator", 0x2028),
            HostileText("paragraph separator", 0x2029),
            HostileText("left-to-right embedding", 0x202A),
            HostileText("right-to-left embedding", 0x202B),
            HostileText("pop directional formatting", 0x202C),
            HostileText("left-to-right override", 0x202D),
            HostileText("right-to-left override", 0x202E),
            HostileText("left-to-right isolate", 0x2066),
            HostileText("right-to-left isolate", 0x2067),
            HostileText("first strong isolate", 0x2068),
            HostileText("pop directional isolate", 0x2069),
            HostileText("left-to-right mark", 0x200E),
            HostileText("right-to-left mark", 0x200F),
            HostileText("Arabic letter mark", 0x061C),
        ]
}

/// Bytes that are no UTF-8, which no `String` holds but which must do no harm if they come.
struct InvalidBytes: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]

    static let all = [
        InvalidBytes(testDescription: "a byte that begins nothing", bytes: [0xFF]),
        InvalidBytes(testDescription: "a continuation alone", bytes: [0x9B]),
        InvalidBytes(testDescription: "an overlong line feed", bytes: [0xC0, 0x8A]),
        InvalidBytes(testDescription: "an overlong line feed of three bytes", bytes: [0xE0, 0x80, 0x8A]),
        InvalidBytes(testDescription: "a surrogate", bytes: [0xED, 0xA0, 0x80]),
        InvalidBytes(testDescription: "beyond Unicode", bytes: [0xF4, 0x90, 0x80, 0x80]),
        InvalidBytes(testDescription: "cut in the middle", bytes: [0xE2, 0x80]),
    ]
}
