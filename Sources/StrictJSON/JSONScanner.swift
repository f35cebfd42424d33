/// One strict pass over the bytes of a JSON text (RFC 8259), without building anything.
///
/// Stricter than Foundation's decoder where that is lenient: no byte-order mark, no UTF-16, no trailing comma, no lone
/// surrogate, every byte UTF-8, a limit on depth. What it has passed over may therefore be relayed as it stands.
///
/// - Important: it borrows the buffer it reads; use it only inside the closure that lent the buffer.
public struct JSONScanner {
    /// A string's place in the text, without its quotes.
    public struct StringToken: Sendable {
        /// The bytes between the quotes.
        public let range: Range<Int>
        /// Whether an escape sequence occurs, so that the bytes are not yet the text.
        public let isEscaped: Bool
    }

    /// The place of the next byte to read.
    public private(set) var position: Int
    private let bytes: UnsafeBufferPointer<UInt8>
    private let depthLimit: Int

    /// - Parameter depthLimit: how many arrays and objects may be open at once; at most a few hundred, for the stack's sake.
    public init(_ bytes: UnsafeBufferPointer<UInt8>, depthLimit: Int = 64) {
        self.bytes = bytes
        self.position = 0
        self.depthLimit = depthLimit
    }

    /// The next byte that is not white space, without reading it; `nil` at the end.
    public mutating func peek() -> UInt8? {
        while self.position < self.bytes.count {
            let byte = self.bytes[self.position]
            switch byte {
            case 0x20, 0x09, 0x0A, 0x0D: self.position += 1
            default: return byte
            }
        }
        return nil
    }

    /// Reads this byte, after white space, or fails.
    public mutating func expect(_ byte: UInt8) throws(JSONSyntaxError) {
        guard let next = self.peek() else { throw self.error(.unexpectedEnd) }
        guard next == byte else { throw self.error(.unexpectedByte) }
        self.position += 1
    }

    /// Reads this byte, after white space, if it stands here.
    public mutating func skip(_ byte: UInt8) -> Bool {
        guard self.peek() == byte else { return false }
        self.position += 1
        return true
    }

    /// Fails unless only white space is left.
    public mutating func expectEnd() throws(JSONSyntaxError) {
        if self.peek() != nil {
            throw self.error(.trailingText)
        }
    }

    /// Passes over one whole value of any kind and says where it stood.
    @discardableResult
    public mutating func value() throws(JSONSyntaxError) -> Range<Int> {
        try self.value(depth: 0)
    }

    private mutating func value(depth: Int) throws(JSONSyntaxError) -> Range<Int> {
        guard let first = self.peek() else { throw self.error(.unexpectedEnd) }
        let start = self.position
        switch first {
        case UInt8(ascii: "\""):
            _ = try self.string()
        case UInt8(ascii: "{"):
            guard depth < self.depthLimit else { throw self.error(.tooDeep) }
            self.position += 1
            if self.skip(UInt8(ascii: "}")) { break }
            repeat {
                _ = try self.string()
                try self.expect(UInt8(ascii: ":"))
                _ = try self.value(depth: depth + 1)
            } while self.skip(UInt8(ascii: ","))
            try self.expect(UInt8(ascii: "}"))
        case UInt8(ascii: "["):
            guard depth < self.depthLimit else { throw self.error(.tooDeep) }
            self.position += 1
            if self.skip(UInt8(ascii: "]")) { break }
            repeat {
                _ = try self.value(depth: depth + 1)
            } while self.skip(UInt8(ascii: ","))
            try self.expect(UInt8(ascii: "]"))
        case UInt8(ascii: "t"):
            try self.literal("true")
        case UInt8(ascii: "f"):
            try self.literal("false")
        case UInt8(ascii: "n"):
            try self.literal("null")
        default:
            try self.number()
        }
        return start..<self.position
    }

    /// Reads a string, checks its escapes and its UTF-8, and says where its content stands.
    public mutating func string() throws(JSONSyntaxError) -> StringToken {
        try self.expect(UInt8(ascii: "\""))
        let start = self.position
        var isEscaped = false
        while true {
            self.skipPlainText()
            guard let byte = self.current else { throw self.error(.unexpectedEnd) }
            switch byte {
            case UInt8(ascii: "\""):
                let range = start..<self.position
                self.position += 1
                return StringToken(range: range, isEscaped: isEscaped)
            case UInt8(ascii: "\\"):
                isEscaped = true
                // Session descriptions are full of `\r\n`: one escape after the other.
                repeat {
                    try self.escape()
                } while self.current == byte
            case 0x00...0x1F:
                throw self.error(.controlCharacter)
            default:
                try self.multibyteScalar()
            }
        }
    }

    /// Eight bytes at a time past everything that is neither quote, backslash, control character nor beyond ASCII.
    ///
    /// This loop is where the time of a media message goes (benchmark `relay`).
    private mutating func skipPlainText() {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highBits: UInt64 = 0x8080_8080_8080_8080
        guard let base = UnsafeRawPointer(self.bytes.baseAddress) else { return }
        let end = self.bytes.count
        var position = self.position
        defer { self.position = position }
        while position &+ 8 <= end {
            let word = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: position, as: UInt64.self))
            // The subtractions set the high bit of a byte that is below 0x20, or 0 and hence equal. They borrow from the
            // bytes above such a one, so only the lowest mark is exact, and no other is looked at.
            let quotes = (word ^ ones &* 0x22) &- ones
            let backslashes = (word ^ ones &* 0x5C) &- ones
            let marks = (word | (word &- ones &* 0x20) | quotes | backslashes) & highBits
            guard marks == 0 else {
                position &+= marks.trailingZeroBitCount / 8
                return
            }
            position &+= 8
        }
        while position < end {
            let byte = self.bytes[position]
            guard byte >= 0x20, byte < 0x80, byte != 0x22, byte != 0x5C else { return }
            position += 1
        }
    }

    private mutating func escape() throws(JSONSyntaxError) {
        guard self.position + 1 < self.bytes.count else { throw JSONSyntaxError(.unexpectedEnd, at: self.bytes.count) }
        switch self.bytes[self.position + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            self.position += 2
        case UInt8(ascii: "u"):
            try self.unicodeEscape()
        default:
            throw self.error(.badEscape)
        }
    }

    /// Reads `\uXXXX`, or the two that make up a surrogate pair.
    private mutating func unicodeEscape() throws(JSONSyntaxError) {
        let start = self.position
        switch try self.codeUnit() {
        case 0xD800...0xDBFF:
            guard self.take(UInt8(ascii: "\\")), self.current == UInt8(ascii: "u") else {
                throw JSONSyntaxError(.loneSurrogate, at: start)
            }
            self.position -= 1
            let low = try self.codeUnit()
            guard (0xDC00...0xDFFF).contains(low) else { throw JSONSyntaxError(.loneSurrogate, at: start) }
        case 0xDC00...0xDFFF:
            throw JSONSyntaxError(.loneSurrogate, at: start)
        default:
            break
        }
    }

    /// Reads `\uXXXX`, of which `\u` is known to stand here.
    private mutating func codeUnit() throws(JSONSyntaxError) -> UInt16 {
        var unit: UInt16 = 0
        for index in self.position + 2..<self.position + 6 {
            guard index < self.bytes.count else { throw JSONSyntaxError(.unexpectedEnd, at: self.bytes.count) }
            guard let digit = JSONScanner.hexadecimalValue(self.bytes[index]) else { throw self.error(.badEscape) }
            unit = unit << 4 | UInt16(digit)
        }
        self.position += 6
        return unit
    }

    static func hexadecimalValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// The well-formed byte sequences of the Unicode standard, table 3-7.
    private mutating func multibyteScalar() throws(JSONSyntaxError) {
        let first = self.bytes[self.position]
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch first {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xE1...0xEC, 0xEE...0xEF: length = 3
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: length = 4
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: throw self.error(.invalidUTF8)
        }
        guard self.position + length <= self.bytes.count, second.contains(self.bytes[self.position + 1]) else {
            throw self.error(.invalidUTF8)
        }
        for offset in 2..<4 where offset < length && !(0x80...0xBF).contains(self.bytes[self.position + offset]) {
            throw self.error(.invalidUTF8)
        }
        self.position += length
    }

    private mutating func literal(_ text: StaticString) throws(JSONSyntaxError) {
        for offset in 0..<text.utf8CodeUnitCount {
            guard self.position < self.bytes.count else { throw self.error(.unexpectedEnd) }
            guard self.bytes[self.position] == text.utf8Start[offset] else { throw self.error(.unexpectedByte) }
            self.position += 1
        }
    }

    private mutating func number() throws(JSONSyntaxError) {
        let start = self.position
        _ = self.take(UInt8(ascii: "-"))
        if self.take(UInt8(ascii: "0")) {
            if let next = self.current, Self.isDigit(next) { throw self.error(.badNumber) }
        } else if self.digits() == 0 {
            throw JSONSyntaxError(self.position == start ? .unexpectedByte : .badNumber, at: self.position)
        }
        if self.take(UInt8(ascii: ".")), self.digits() == 0 { throw self.error(.badNumber) }
        if self.take(UInt8(ascii: "e")) || self.take(UInt8(ascii: "E")) {
            _ = self.take(UInt8(ascii: "+")) || self.take(UInt8(ascii: "-"))
            if self.digits() == 0 { throw self.error(.badNumber) }
        }
    }

    private var current: UInt8? {
        self.position < self.bytes.count ? self.bytes[self.position] : nil
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard self.current == byte else { return false }
        self.position += 1
        return true
    }

    private mutating func digits() -> Int {
        let start = self.position
        while let byte = self.current, Self.isDigit(byte) {
            self.position += 1
        }
        return self.position - start
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private func error(_ problem: JSONSyntaxError.Problem) -> JSONSyntaxError {
        JSONSyntaxError(problem, at: self.position)
    }

    /// The text of a string that this scanner has passed over.
    public func text(of token: StringToken) -> String {
        let content = UnsafeBufferPointer(rebasing: self.bytes[token.range])
        return token.isEscaped ? JSONText.unescaped(content) : String(decoding: content, as: UTF8.self)
    }
}
