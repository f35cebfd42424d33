/// The parameters of an `Authorization` header: `name=token` or `name="quoted"`, separated by commas (RFC 9110 §11.4).
///
/// Read in one pass over the bytes: the grammar decides, not a search for quotes.
struct AuthorizationParameters {
    /// More than Digest knows is nobody who means well.
    private static let limit = 24

    private var values: [String: String] = [:]

    /// `nil` for what is not of that form, or names a parameter twice.
    init?(_ text: some Collection<UInt8>) {
        var scanner = Scanner(bytes: Array(text))
        scanner.skipSpaces()
        while !scanner.isAtEnd {
            guard self.values.count < Self.limit, let name = scanner.token() else { return nil }
            scanner.skipSpaces()
            guard scanner.take(UInt8(ascii: "=")) else { return nil }
            scanner.skipSpaces()
            guard let value = scanner.take(UInt8(ascii: "\"")) ? scanner.restOfQuotedString() : scanner.token(),
                self.values.updateValue(value, forKey: name.lowercased()) == nil
            else { return nil }
            scanner.skipSpaces()
            guard !scanner.isAtEnd else { break }
            guard scanner.take(UInt8(ascii: ",")) else { return nil }
            scanner.skipSpaces()
            // A comma at the end promises something.
            guard !scanner.isAtEnd else { return nil }
        }
        guard !self.values.isEmpty else { return nil }
    }

    /// By a name in lower case.
    subscript(name: String) -> String? { self.values[name] }

    private struct Scanner {
        let bytes: [UInt8]
        var position = 0

        var isAtEnd: Bool { self.position == self.bytes.count }

        mutating func take(_ byte: UInt8) -> Bool {
            guard self.position < self.bytes.count, self.bytes[self.position] == byte else { return false }
            self.position += 1
            return true
        }

        mutating func skipSpaces() {
            while self.take(UInt8(ascii: " ")) || self.take(UInt8(ascii: "\t")) {}
        }

        /// RFC 9110 §5.6.2.
        mutating func token() -> String? {
            let start = self.position
            while self.position < self.bytes.count, Self.isTokenByte(self.bytes[self.position]) {
                self.position += 1
            }
            guard self.position > start else { return nil }
            return String(decoding: self.bytes[start..<self.position], as: UTF8.self)
        }

        /// RFC 9110 §5.6.4, after the opening quote; UTF-8, without control characters.
        mutating func restOfQuotedString() -> String? {
            var text: [UInt8] = []
            while self.position < self.bytes.count {
                var byte = self.bytes[self.position]
                self.position += 1
                if byte == UInt8(ascii: "\"") {
                    return String(validating: text, as: UTF8.self)
                }
                if byte == UInt8(ascii: "\\") {
                    guard self.position < self.bytes.count else { return nil }
                    byte = self.bytes[self.position]
                    self.position += 1
                }
                guard byte >= 0x20, byte != 0x7F else { return nil }
                text.append(byte)
            }
            return nil
        }

        private static func isTokenByte(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"):
                true
            default:
                "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
        }
    }
}
