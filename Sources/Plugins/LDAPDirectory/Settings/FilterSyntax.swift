/// Whether a text is a search filter (RFC 4515), so that a typing mistake is found at the start and not at the first call.
///
/// Attribute descriptions and values are taken generously: the server knows them better.
struct FilterSyntax {
    private var bytes: ArraySlice<UInt8>
    private let count: Int
    /// Deeper filters than anybody writes are refused.
    private static let deepest = 32

    /// What is wrong, in the words of "expected …, found …"; `nil` when nothing is.
    static func problem(in filter: String) -> String? {
        var syntax = FilterSyntax(filter)
        do throws(LDAPTemplate.Malformed) {
            try syntax.filter(depth: 0)
            guard syntax.bytes.isEmpty else { throw syntax.unexpected("the end after the filter") }
            return nil
        } catch {
            return error.description
        }
    }

    private init(_ text: String) {
        self.bytes = Array(text.utf8)[...]
        self.count = self.bytes.count
    }

    private mutating func filter(depth: Int) throws(LDAPTemplate.Malformed) {
        guard depth < Self.deepest else {
            throw LDAPTemplate.Malformed("expected at most \(Self.deepest) filters within each other, found more")
        }
        try self.take("(")
        switch self.bytes.first {
        case UInt8(ascii: "&"), UInt8(ascii: "|"):
            self.bytes.removeFirst()
            while self.bytes.first == UInt8(ascii: "(") { try self.filter(depth: depth + 1) }
        case UInt8(ascii: "!"):
            self.bytes.removeFirst()
            try self.filter(depth: depth + 1)
        default:
            try self.item()
        }
        try self.take(")")
    }

    private mutating func item() throws(LDAPTemplate.Malformed) {
        let attribute = self.bytes.prefix(while: Self.isAttribute)
        self.bytes.removeFirst(attribute.count)
        if let sign = self.bytes.first, [UInt8(ascii: "~"), UInt8(ascii: ">"), UInt8(ascii: "<")].contains(sign) {
            self.bytes.removeFirst()
        }
        guard !attribute.isEmpty else { throw self.unexpected("an attribute") }
        try self.take("=")
        while let byte = self.bytes.first, byte != UInt8(ascii: ")") {
            if byte == UInt8(ascii: "(") || byte == 0 { throw self.unexpected("a value") }
            self.bytes.removeFirst()
            guard byte == UInt8(ascii: "\\") else { continue }
            guard self.bytes.count >= 2, self.bytes.prefix(2).allSatisfy(Self.isHexDigit) else {
                throw self.unexpected("two hexadecimal digits after the backslash")
            }
            self.bytes.removeFirst(2)
        }
    }

    private mutating func take(_ expected: Unicode.Scalar) throws(LDAPTemplate.Malformed) {
        guard self.bytes.first == UInt8(ascii: expected) else { throw self.unexpected("\"\(expected)\"") }
        self.bytes.removeFirst()
    }

    private func unexpected(_ expected: String) -> LDAPTemplate.Malformed {
        let place = self.count - self.bytes.count
        guard let byte = self.bytes.first else { return LDAPTemplate.Malformed("expected \(expected), found the end") }
        let found = (0x21..<0x7F).contains(byte) ? "\"\(Unicode.Scalar(byte))\"" : "another character"
        return LDAPTemplate.Malformed("expected \(expected) at byte \(place), found \(found)")
    }

    /// Descriptions, options, object identifiers, and the colons of extensible matches.
    private static func isAttribute(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: ";"),
            UInt8(ascii: ":"):
            true
        default:
            false
        }
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default:
            false
        }
    }
}
