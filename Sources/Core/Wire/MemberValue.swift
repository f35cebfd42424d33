import StrictJSON

/// One value of a message, where it stands: known to be JSON, not yet turned into anything.
///
/// - Important: it borrows the message's bytes; use it only inside the closure that lent them.
struct MemberValue {
    /// The value as it was written, a string's quotes included; never empty.
    let bytes: UnsafeBufferPointer<UInt8>
    /// The place of its first byte in the message.
    private let offset: Int
    /// Whether it is a string with escape sequences, so that the bytes are not yet the text.
    private let isEscaped: Bool

    /// Passes over the value that stands next in a text.
    init(in text: UnsafeBufferPointer<UInt8>, _ scanner: inout JSONScanner) throws(JSONSyntaxError) {
        let range: Range<Int>
        if scanner.peek() == UInt8(ascii: "\"") {
            let token = try scanner.string()
            range = token.range.lowerBound - 1..<token.range.upperBound + 1
            self.isEscaped = token.isEscaped
        } else {
            range = try scanner.value()
            self.isEscaped = false
        }
        self.offset = range.lowerBound
        self.bytes = UnsafeBufferPointer(rebasing: text[range])
    }

    // The first byte of a value tells its type.

    var isString: Bool { self.bytes.first == UInt8(ascii: "\"") }
    var isObject: Bool { self.bytes.first == UInt8(ascii: "{") }
    var isNull: Bool { self.bytes.first == UInt8(ascii: "n") }

    /// A boolean's value; `nil` for anything else.
    var bool: Bool? {
        switch self.bytes.first {
        case UInt8(ascii: "t"): true
        case UInt8(ascii: "f"): false
        default: nil
        }
    }

    /// What stands between a string's quotes, escapes and all.
    private var content: UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: self.bytes.dropFirst().dropLast())
    }

    /// The text of a string; `nil` for anything else, and for one of more than `longest` bytes: a huge one is refused
    /// before it is copied.
    func text(longest: Int = .max) -> String? {
        guard self.isString else { return nil }
        let content = self.content
        guard self.isEscaped else {
            return content.count <= longest ? String(decoding: content, as: UTF8.self) : nil
        }
        // No escape sequence takes more than six characters for one byte of text.
        guard content.count / 6 <= longest else { return nil }
        let text = JSONText.unescaped(content)
        return text.utf8.count <= longest ? text : nil
    }

    /// The word of a fixed vocabulary that the string is, if it is one.
    ///
    /// Raw values are lower-case ASCII letters, which no other text is canonically equal to: comparing strings is safe here.
    func keyword<Word: RawRepresentable>(_: Word.Type) -> Word? where Word.RawValue == String {
        self.text(longest: 15).flatMap(Word.init(rawValue:))
    }

    /// Whether it is a string of exactly these characters.
    func spells(_ word: StaticString) -> Bool {
        guard self.isString else { return false }
        guard self.isEscaped else { return self.content.spells(word) }
        var text = JSONText.unescaped(self.content)
        return text.withUTF8 { $0.spells(word) }
    }

    /// The two members of an object that matter; others are passed over, and `null` counts as absent.
    func members(
        _ first: StaticString,
        _ second: StaticString
    ) throws(MessageFault) -> (first: MemberValue?, second: MemberValue?) {
        guard self.isObject else { throw .malformed }
        var found: (first: MemberValue?, second: MemberValue?)
        do throws(JSONSyntaxError) {
            var scanner = JSONScanner(self.bytes, depthLimit: MessageMembers.depthLimit)
            try scanner.expect(UInt8(ascii: "{"))
            guard !scanner.skip(UInt8(ascii: "}")) else { return found }
            repeat {
                let name = try MemberValue(in: self.bytes, &scanner)
                try scanner.expect(UInt8(ascii: ":"))
                let value = try MemberValue(in: self.bytes, &scanner)
                if name.spells(first) {
                    guard found.first == nil else { throw JSONSyntaxError(.duplicateName, at: name.offset) }
                    found.first = value
                } else if name.spells(second) {
                    guard found.second == nil else { throw JSONSyntaxError(.duplicateName, at: name.offset) }
                    found.second = value
                }
            } while scanner.skip(UInt8(ascii: ","))
        } catch {
            throw .notJSON(JSONSyntaxError(error.problem, at: self.offset + error.offset))
        }
        return (found.first?.unlessNull, found.second?.unlessNull)
    }

    /// `null` says the same as no value (§8.1, "fields may be empty").
    var unlessNull: MemberValue? { self.isNull ? nil : self }
}

/// Why a message cannot be used.
enum MessageFault: Error {
    /// A member is missing, has the wrong type or breaks its rules: answered.
    case malformed
    /// Ends the connection.
    case notJSON(JSONSyntaxError)
}

extension UnsafeBufferPointer<UInt8> {
    /// Whether these bytes are exactly this word.
    func spells(_ word: StaticString) -> Bool {
        guard self.count == word.utf8CodeUnitCount else { return false }
        for index in 0..<self.count where self[index] != word.utf8Start[index] {
            return false
        }
        return true
    }
}
