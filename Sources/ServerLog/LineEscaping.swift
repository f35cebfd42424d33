/// What may stand in a line as it is, and what the rest becomes: one event is one line, and a terminal obeys none.
///
/// Escaped are C0 and C1 controls, DEL, the line and paragraph separators, and the characters that change the direction of
/// text, with which a name could make a line look like another one. Bytes that are no UTF-8 are escaped one by one.
struct LineEscaping {
    /// How characters are escaped that must be.
    enum Notation {
        /// `\n`, `\u{202e}`, `\x{ff}`.
        case text
        /// `\n`, `\u202e`, and U+FFFD for a byte that is no UTF-8, since JSON can't name one.
        case json
    }

    let notation: Notation

    /// Appends UTF-8 with all of that escaped, and quotes and backslashes too.
    func append(_ content: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
        var position = 0
        var plain = 0
        while position < content.count {
            let byte = content[position]
            if Self.isPlain(byte) {
                position += 1
                continue
            }
            let (scalar, length) = Self.scalar(of: content, at: position)
            if byte >= 0x80, let scalar, !Self.mustBeEscaped(scalar) {
                position += length
                continue
            }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: content[plain..<position]))
            if let scalar { self.escape(scalar, to: &bytes) } else { self.escapeInvalid(byte, to: &bytes) }
            position += length
            plain = position
        }
        bytes.append(contentsOf: UnsafeBufferPointer(rebasing: content[plain...]))
    }

    private func escape(_ scalar: UInt32, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\\"))
        switch (scalar, self.notation) {
        case (0x22, _), (0x5C, _):
            bytes.append(UInt8(scalar))
        case (0x0A, _):
            bytes.append(UInt8(ascii: "n"))
        case (0x0D, _):
            bytes.append(UInt8(ascii: "r"))
        case (0x09, _):
            bytes.append(UInt8(ascii: "t"))
        case (_, .text):
            bytes.append(contentsOf: "u{".utf8)
            Self.appendHex(scalar, digits: 1, to: &bytes)
            bytes.append(UInt8(ascii: "}"))
        case (_, .json):
            // All that is escaped is below U+10000, where one unit of UTF-16 is enough.
            bytes.append(UInt8(ascii: "u"))
            Self.appendHex(scalar, digits: 4, to: &bytes)
        }
    }

    private func escapeInvalid(_ byte: UInt8, to bytes: inout [UInt8]) {
        switch self.notation {
        case .text:
            bytes.append(contentsOf: "\\x{".utf8)
            Self.appendHex(UInt32(byte), digits: 2, to: &bytes)
            bytes.append(UInt8(ascii: "}"))
        case .json:
            bytes.append(contentsOf: "\\ufffd".utf8)
        }
    }

    private static func appendHex(_ number: UInt32, digits: Int, to bytes: inout [UInt8]) {
        let text = String(number, radix: 16)
        for _ in 0..<max(0, digits - text.utf8.count) { bytes.append(UInt8(ascii: "0")) }
        bytes.append(contentsOf: text.utf8)
    }

    /// Whether a byte is a printable ASCII character other than a quote and a backslash.
    @inline(__always)
    static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x7F && byte != 0x22 && byte != 0x5C
    }

    /// Whether a character beyond ASCII, or a control, may not stand in a line.
    static func mustBeEscaped(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0...0x1F, 0x7F...0x9F, 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }

    /// The character that begins at a position and its length; of a byte that begins none, `nil` and 1.
    ///
    /// Strict by RFC 3629: nothing overlong, no surrogate, nothing beyond U+10FFFF.
    static func scalar(of content: UnsafeBufferPointer<UInt8>, at position: Int) -> (scalar: UInt32?, length: Int) {
        let first = content[position]
        if first < 0x80 { return (UInt32(first), 1) }
        let length: Int
        let least: UInt32
        var scalar: UInt32
        switch first {
        case 0xC2...0xDF: (length, least, scalar) = (2, 0x80, UInt32(first & 0x1F))
        case 0xE0...0xEF: (length, least, scalar) = (3, 0x800, UInt32(first & 0x0F))
        case 0xF0...0xF4: (length, least, scalar) = (4, 0x10000, UInt32(first & 0x07))
        default: return (nil, 1)
        }
        guard content.count - position >= length else { return (nil, 1) }
        for byte in content[(position + 1)..<(position + length)] {
            guard byte & 0xC0 == 0x80 else { return (nil, 1) }
            scalar = scalar << 6 | UInt32(byte & 0x3F)
        }
        guard scalar >= least, Unicode.Scalar(scalar) != nil else { return (nil, 1) }
        return (scalar, length)
    }
}
