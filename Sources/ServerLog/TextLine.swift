internal import Logging

/// A line for people: `2026-11-23T15:04:05.123Z info anynode call started call=12.3 caller="Alice \"A\""`.
struct TextLine: LogLine {
    private static let escaping = LineEscaping(notation: .text)

    var bytes: [UInt8] = []

    mutating func begin(_ head: LineHead) {
        head.time.append(to: &self.bytes)
        self.bytes.append(UInt8(ascii: " "))
        self.bytes.append(contentsOf: head.level.rawValue.utf8)
        self.bytes.append(UInt8(ascii: " "))
        self.append(head.label, quoted: Self.mustBeQuoted(value:))
        self.bytes.append(UInt8(ascii: " "))
        self.append(head.message, quoted: Self.mustBeQuoted(message:))
    }

    mutating func append(_ key: String, _ value: Logger.MetadataValue) {
        self.bytes.append(UInt8(ascii: " "))
        self.append(key, quoted: Self.mustBeQuoted(value:))
        self.bytes.append(UInt8(ascii: "="))
        self.append(value, depth: 0)
    }

    mutating func end(omitted: Int) {
        if omitted > 0 { self.bytes.append(contentsOf: " …[\(omitted) more]".utf8) }
        self.bytes.append(UInt8(ascii: "\n"))
    }

    private mutating func append(_ value: Logger.MetadataValue, depth: Int) {
        switch value {
        case .string(let text):
            self.append(text, quoted: Self.mustBeQuoted(value:))
        case .stringConvertible(let value):
            self.append(value.description, quoted: Self.mustBeQuoted(value:))
        case .dictionary where depth == LineLimits.depth, .array where depth == LineLimits.depth:
            self.bytes.append(contentsOf: "…".utf8)
        case .array(let elements):
            self.bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                guard self.goesOn(index, of: elements.count) else { break }
                self.append(element, depth: depth + 1)
            }
            self.bytes.append(UInt8(ascii: "]"))
        case .dictionary(let members):
            self.bytes.append(UInt8(ascii: "{"))
            for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
                guard self.goesOn(index, of: members.count) else { break }
                self.append(member.key, quoted: Self.mustBeQuoted(value:))
                self.bytes.append(UInt8(ascii: "="))
                self.append(member.value, depth: depth + 1)
            }
            self.bytes.append(UInt8(ascii: "}"))
        }
    }

    /// Separates an element from the one before, unless the line has become too long for it.
    private mutating func goesOn(_ index: Int, of count: Int) -> Bool {
        if index > 0 { self.bytes.append(UInt8(ascii: ",")) }
        guard self.isFull else { return true }
        self.bytes.append(contentsOf: "…[\(count - index) more]".utf8)
        return false
    }

    /// Appends text, in quotes if it must be.
    private mutating func append(_ text: String, quoted: (UnsafeBufferPointer<UInt8>) -> Bool) {
        Self.cut(text) { content, surplus in
            let isQuoted = surplus > 0 || quoted(content)
            if isQuoted { self.bytes.append(UInt8(ascii: "\"")) }
            Self.escaping.append(content, to: &self.bytes)
            if surplus > 0 { self.bytes.append(contentsOf: "…[\(surplus) bytes cut]".utf8) }
            if isQuoted { self.bytes.append(UInt8(ascii: "\"")) }
        }
    }

    /// Whether a key or a value would not be told from what surrounds it.
    private static func mustBeQuoted(value: UnsafeBufferPointer<UInt8>) -> Bool {
        value.isEmpty || !value.allSatisfy(Self.isWordByte)
    }

    /// Whether a message could pass for metadata. Ours never do.
    private static func mustBeQuoted(message: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let first = message.first, let last = message.last else { return true }
        return first == 0x20 || last == 0x20 || message.contains { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: "\"") }
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "="), UInt8(ascii: ","), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"),
            UInt8(ascii: "}"), 0x20:
            false
        default:
            LineEscaping.isPlain(byte)
        }
    }
}
