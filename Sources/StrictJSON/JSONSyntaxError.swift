/// Where a text stops being JSON, and how.
public struct JSONSyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The offending byte, counted from 0.
    public let offset: Int
    /// What was wrong there, in words; never a part of the text itself.
    public let problem: Problem

    /// The ways in which a text can fail to be JSON (RFC 8259), as strictly as this house reads it.
    public enum Problem: String, Sendable, Hashable {
        /// The text ends inside a value.
        case unexpectedEnd = "the text ends inside a value"
        /// A byte that cannot begin or continue what stands here.
        case unexpectedByte = "unexpected character"
        /// Something follows the value.
        case trailingText = "text after the end of the value"
        /// Arrays and objects nested beyond the reader's limit.
        case tooDeep = "nested too deeply"
        /// A control character inside a string that is not escaped.
        case controlCharacter = "control character in a string"
        /// An escape sequence that JSON does not have.
        case badEscape = "invalid escape sequence"
        /// Half of a surrogate pair.
        case loneSurrogate = "lone surrogate"
        /// Bytes that are not UTF-8.
        case invalidUTF8 = "not UTF-8"
        /// A number JSON does not allow, such as `01` or `1.`.
        case badNumber = "malformed number"
        /// One name twice in an object.
        case duplicateName = "the same name twice in one object"
    }

    /// An error at a byte of the text.
    public init(_ problem: Problem, at offset: Int) {
        self.problem = problem
        self.offset = offset
    }

    /// The problem and its place, in words.
    public var description: String { "\(self.problem.rawValue) at byte \(self.offset)" }

    /// Line and column, both from 1, the column in bytes: for people who have the text open in an editor.
    public func position(in text: some Collection<UInt8>) -> (line: Int, column: Int) {
        var line = 1
        var column = 1
        for byte in text.prefix(self.offset) {
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else {
                column += 1
            }
        }
        return (line, column)
    }
}
