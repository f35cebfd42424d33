/// The name somebody logs in with. Two names are the same only when their bytes are.
///
/// `String` compares by canonical equivalence, so that `é` written in two ways would be one person: not here.
public struct Username: Hashable, Sendable, CustomStringConvertible {
    /// The name as it was written.
    public let text: String

    /// The longest name, in bytes.
    public static let longest = 256

    /// `nil` when the name is empty, longer than ``longest`` or holds a control character.
    public init?(_ text: String) {
        guard (1...Self.longest).contains(text.utf8.count) else { return nil }
        guard text.unicodeScalars.allSatisfy({ !$0.isControl }) else { return nil }
        self.text = text
    }

    /// The name as it was written.
    public var description: String { self.text }

    /// Byte by byte.
    public static func == (left: Self, right: Self) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    /// Byte by byte, as ``==(_:_:)`` compares.
    public func hash(into hasher: inout Hasher) {
        var text = self.text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        hasher.combine(0xFF as UInt8)
    }
}

extension Unicode.Scalar {
    /// C0 and C1 control characters, line and paragraph separators: nothing that belongs into a name or one line of a log.
    package var isControl: Bool {
        switch self.value {
        case 0x00...0x1F, 0x7F...0x9F, 0x2028, 0x2029: true
        default: false
        }
    }

    /// Characters that turn the direction of the text around them, used to make one name look like another.
    package var isBidirectionalOverride: Bool {
        switch self.value {
        case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}

extension String {
    /// The text without control characters and direction overrides: fit to be shown to somebody else.
    package var presentable: String {
        let hidden = { (scalar: Unicode.Scalar) in scalar.isControl || scalar.isBidirectionalOverride }
        guard self.unicodeScalars.contains(where: hidden) else { return self }
        var kept = String.UnicodeScalarView()
        kept.append(contentsOf: self.unicodeScalars.lazy.filter { !hidden($0) })
        return String(kept)
    }
}
