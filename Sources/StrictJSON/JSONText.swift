/// The escape sequences of JSON strings (RFC 8259 §7), read and written.
public enum JSONText {
    /// Resolves the escapes of a string's content that a ``JSONScanner`` has checked.
    public static func unescaped(_ content: UnsafeBufferPointer<UInt8>) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(content.count)
        var index = 0
        while index < content.count {
            let byte = content[index]
            guard byte == UInt8(ascii: "\\"), index + 1 < content.count else {
                bytes.append(byte)
                index += 1
                continue
            }
            let escaped = content[index + 1]
            index += 2
            switch escaped {
            case UInt8(ascii: "b"): bytes.append(0x08)
            case UInt8(ascii: "f"): bytes.append(0x0C)
            case UInt8(ascii: "n"): bytes.append(0x0A)
            case UInt8(ascii: "r"): bytes.append(0x0D)
            case UInt8(ascii: "t"): bytes.append(0x09)
            case UInt8(ascii: "u"):
                var value = Self.codeUnit(content, at: index)
                index += 4
                if (0xD800...0xDBFF).contains(value) {
                    // Wrapping, should the content be unchecked after all.
                    value = 0x10000 + (value - 0xD800) << 10 &+ (Self.codeUnit(content, at: index + 2) &- 0xDC00)
                    index += 6
                }
                bytes.append(contentsOf: String(Unicode.Scalar(value) ?? "\u{FFFD}").utf8)
            default: bytes.append(escaped)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func codeUnit(_ content: UnsafeBufferPointer<UInt8>, at start: Int) -> UInt32 {
        guard start + 4 <= content.count else { return 0xFFFD }
        return content[start..<start + 4].reduce(0) { $0 << 4 | UInt32(JSONScanner.hexadecimalValue($1) ?? 0) }
    }

    /// Whether a byte of a string must be escaped to stand in JSON.
    @inlinable
    public static func mustBeEscaped(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    /// Calls `append` with each byte of the escaped form, without quotes.
    public static func escape(_ text: some Sequence<UInt8>, append: (UInt8) -> Void) {
        let digits: StaticString = "0123456789abcdef"
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                append(UInt8(ascii: "\\"))
                append(byte)
            case 0x0A:
                append(UInt8(ascii: "\\"))
                append(UInt8(ascii: "n"))
            case 0x0D:
                append(UInt8(ascii: "\\"))
                append(UInt8(ascii: "r"))
            case 0x09:
                append(UInt8(ascii: "\\"))
                append(UInt8(ascii: "t"))
            case 0x00...0x1F:
                for character in "\\u00".utf8 { append(character) }
                append(digits.utf8Start[Int(byte >> 4)])
                append(digits.utf8Start[Int(byte & 0xF)])
            default:
                append(byte)
            }
        }
    }
}
