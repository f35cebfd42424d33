internal import Logging

/// A line for machines: one JSON object. All values of metadata are strings, or objects and arrays of them.
struct JSONLine: LogLine {
    private static let escaping = LineEscaping(notation: .json)

    /// Members of our own. A key of metadata that is called like one of them gets `meta.` in front.
    private static let reserved: Set<String> = [
        "time", "level", "label", "message", "source", "file", "line", "omitted",
    ]

    /// The first letters of those, and of `meta.`.
    private static let initials = Array("tlmsfo".utf8)

    var bytes: [UInt8] = []

    mutating func begin(_ head: LineHead) {
        self.bytes.append(contentsOf: "{\"time\":\"".utf8)
        head.time.append(to: &self.bytes)
        self.bytes.append(contentsOf: "\",\"level\":\"".utf8)
        self.bytes.append(contentsOf: head.level.rawValue.utf8)
        self.bytes.append(contentsOf: "\",\"label\":".utf8)
        self.append(head.label)
        self.bytes.append(contentsOf: ",\"message\":".utf8)
        self.append(head.message)
        if let origin = head.origin {
            self.bytes.append(contentsOf: ",\"source\":".utf8)
            self.append(origin.source)
            self.bytes.append(contentsOf: ",\"file\":".utf8)
            self.append(origin.file)
            self.bytes.append(contentsOf: ",\"line\":\(origin.line)".utf8)
        }
    }

    mutating func append(_ key: String, _ value: Logger.MetadataValue) {
        self.bytes.append(UInt8(ascii: ","))
        self.append(Self.isReserved(key) ? "meta." + key : key)
        self.bytes.append(UInt8(ascii: ":"))
        self.append(value, depth: 0)
    }

    mutating func end(omitted: Int) {
        if omitted > 0 { self.bytes.append(contentsOf: ",\"omitted\":\(omitted)".utf8) }
        self.bytes.append(contentsOf: "}\n".utf8)
    }

    /// Whether a key is called like a member of ours, or would be called like one that got out of its way.
    private static func isReserved(_ key: String) -> Bool {
        // Most keys are told by their first letter, which spares them a hash.
        guard let first = key.utf8.first, self.initials.contains(first) else { return false }
        var name = key[...]
        while name.hasPrefix("meta.") { name = name.dropFirst(5) }
        return self.reserved.contains(String(name))
    }

    private mutating func append(_ value: Logger.MetadataValue, depth: Int) {
        switch value {
        case .string(let text):
            self.append(text)
        case .stringConvertible(let value):
            self.append(value.description)
        case .dictionary where depth == LineLimits.depth, .array where depth == LineLimits.depth:
            self.append("…")
        case .array(let elements):
            self.bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { self.bytes.append(UInt8(ascii: ",")) }
                guard !self.isFull else {
                    self.append("…[\(elements.count - index) more]")
                    break
                }
                self.append(element, depth: depth + 1)
            }
            self.bytes.append(UInt8(ascii: "]"))
        case .dictionary(let members):
            self.bytes.append(UInt8(ascii: "{"))
            for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { self.bytes.append(UInt8(ascii: ",")) }
                guard !self.isFull else {
                    self.append("…")
                    self.bytes.append(UInt8(ascii: ":"))
                    self.append("[\(members.count - index) more]")
                    break
                }
                self.append(member.key)
                self.bytes.append(UInt8(ascii: ":"))
                self.append(member.value, depth: depth + 1)
            }
            self.bytes.append(UInt8(ascii: "}"))
        }
    }

    private mutating func append(_ text: String) {
        self.bytes.append(UInt8(ascii: "\""))
        Self.cut(text) { content, surplus in
            Self.escaping.append(content, to: &self.bytes)
            if surplus > 0 { self.bytes.append(contentsOf: "…[\(surplus) bytes cut]".utf8) }
        }
        self.bytes.append(UInt8(ascii: "\""))
    }
}
