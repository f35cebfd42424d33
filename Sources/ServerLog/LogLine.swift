internal import Logging

/// How lines are written.
package enum LogFormat: String, Sendable, CaseIterable {
    /// For people: time, level, label, message, and metadata as `key=value`.
    case text
    /// For machines: one JSON object a line.
    case json
}

/// What every line begins with.
struct LineHead {
    /// Where in our sources a message comes from.
    struct Origin {
        var source: String
        var file: String
        var line: UInt
    }

    var time: LogTime
    var level: Logger.Level
    var label: String
    var message: String
    /// For messages of `debug` and `trace` only; nobody else wants to know.
    var origin: Origin?
}

/// A line that is being written, in one format.
protocol LogLine {
    /// What is written so far.
    var bytes: [UInt8] { get set }

    init()
    /// Writes all before the metadata.
    mutating func begin(_ head: LineHead)
    /// Writes one key of metadata with its value.
    mutating func append(_ key: String, _ value: Logger.MetadataValue)
    /// Ends the line, and says how many keys had no room.
    mutating func end(omitted: Int)
}

extension LogLine {
    /// Whether nothing more should be appended.
    var isFull: Bool { self.bytes.count >= LineLimits.line }

    /// A whole line, with its line feed.
    static func line(_ head: LineHead, _ metadata: Logger.Metadata) -> [UInt8] {
        var line = Self()
        line.bytes.reserveCapacity(256)
        line.begin(head)
        var omitted = 0
        switch metadata.count {
        case 0:
            break
        case 1:
            for (key, value) in metadata { line.append(key, value) }
        default:
            for (key, value) in metadata.sorted(by: { Self.precedes($0.key, $1.key) }) {
                if line.isFull { omitted += 1 } else { line.append(key, value) }
            }
        }
        line.end(omitted: omitted)
        return line.bytes
    }

    /// Gives as much of a text as may stand in a line, and how many bytes are left of it.
    static func cut(_ text: String, _ body: (UnsafeBufferPointer<UInt8>, _ surplus: Int) -> Void) {
        var text = text
        text.withUTF8 { content in
            guard content.count > LineLimits.text else { return body(content, 0) }
            var end = LineLimits.text
            // Not in the middle of a character.
            while end > 0, content[end] & 0xC0 == 0x80 { end -= 1 }
            body(UnsafeBufferPointer(rebasing: content[..<end]), content.count - end)
        }
    }

    /// Keys by which lines belong together come first, in this order; the others by name.
    private static func precedes(_ left: String, _ right: String) -> Bool {
        let (leftRank, rightRank) = (Self.rank(left), Self.rank(right))
        return leftRank == rightRank ? left < right : leftRank < rightRank
    }

    private static func rank(_ key: String) -> Int {
        switch key {
        case "call": 0
        case "registration": 1
        case "leg": 2
        case "peer": 3
        default: 4
        }
    }
}
