/// A password, key or token: usable where it is needed, invisible everywhere else.
public struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let bytes: [UInt8]

    /// Takes the secret's text.
    public init(_ text: String) {
        self.bytes = Array(text.utf8)
    }

    /// Lends the text. Do not keep it, log it or put it into an error.
    public func withText<Result>(_ use: (String) throws -> Result) rethrows -> Result {
        try use(String(decoding: self.bytes, as: UTF8.self))
    }

    /// Compares in a time that does not depend on where two secrets of one length differ.
    public static func == (left: Self, right: Self) -> Bool {
        guard left.bytes.count == right.bytes.count else { return false }
        return zip(left.bytes, right.bytes).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }

    /// Stars.
    public var description: String { "***" }
    /// Stars.
    public var debugDescription: String { "***" }
    /// Shows nothing.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
