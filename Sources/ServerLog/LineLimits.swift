/// How long parts of a line may get. What is longer is cut, and the line says by how much.
enum LineLimits {
    /// Of a message, a key or a value, in bytes of UTF-8 before anything is escaped.
    static let text = 4096
    /// How many bytes a line may have for another member to be appended to it.
    static let line = 32768
    /// How deep metadata may be nested.
    static let depth = 8
}
