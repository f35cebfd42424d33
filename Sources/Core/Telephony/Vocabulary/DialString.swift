/// What is dialled and what a registration listens for: a number or a name, in its one canonical form.
///
/// Written forms are 1–64 characters of `0–9 A–Z a–z + * # . _ -`. A form that begins with a digit or `+` is a telephone
/// number: its visual separators (RFC 3966 §5.1.1) and its leading `+` are dropped, so that `+49 5363` written as
/// `+49-5363` and `495363` are one number. Anything else is compared as it stands, upper and lower case apart.
public struct DialString: Hashable, Sendable, CustomStringConvertible {
    /// The canonical form. ASCII only, hence compared byte by byte.
    public let text: String

    /// The longest written form, in bytes.
    public static let longestForm = 64

    /// Makes the canonical form of what somebody wrote; `nil` when the text breaks the rules above.
    public init?(_ written: String) {
        var written = written
        let canonical: String? = written.withUTF8 { bytes in
            guard (1...Self.longestForm).contains(bytes.count), bytes.allSatisfy(Self.isAllowed) else { return nil }
            let first = bytes[0]
            guard Self.isDigit(first) || first == UInt8(ascii: "+") else {
                return String(decoding: bytes, as: UTF8.self)
            }
            // Dropped as often as it leads, so that a canonical form is its own.
            let number = bytes.lazy.filter { !Self.isVisualSeparator($0) }.drop { $0 == UInt8(ascii: "+") }
            return String(decoding: Array(number), as: UTF8.self)
        }
        guard let canonical, !canonical.isEmpty else { return nil }
        self.text = canonical
    }

    /// The address of a caller who has no number of its own.
    public static let anonymous = DialString(canonical: "anonymous")

    private init(canonical: String) {
        self.text = canonical
    }

    /// The canonical form.
    public var description: String { self.text }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    /// RFC 3966 §5.1.1, as far as the alphabet above admits it.
    private static func isVisualSeparator(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "+"), UInt8(ascii: "*"), UInt8(ascii: "#"),
            UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default:
            false
        }
    }
}
