/// A JSON text as a tree: for configuration and administration, never for the message path.
public enum JSONValue: Hashable, Sendable {
    /// `null`
    case null
    /// `true` or `false`
    case bool(Bool)
    /// A number as it was written, since JSON sets no limit to its size or precision.
    case number(String)
    /// A string, its escapes resolved.
    case string(String)
    /// An array.
    case array([JSONValue])
    /// An object; its members in the order in which they were written.
    case object(JSONObject)

    /// Reads one JSON text, strictly (see ``JSONScanner``); a name twice in one object is an error too.
    public init(parsing text: some Collection<UInt8>, depthLimit: Int = 64) throws(JSONSyntaxError) {
        let bytes = Array(text)
        let result: Result<JSONValue, JSONSyntaxError> = bytes.withUnsafeBufferPointer { buffer in
            do throws(JSONSyntaxError) {
                var reader = JSONTreeReader(buffer, depthLimit: depthLimit)
                return .success(try reader.document())
            } catch {
                return .failure(error)
            }
        }
        self = try result.get()
    }

    /// Equal when they say the same in the same bytes: `String` alone would take `é` written in two ways for one name.
    public static func == (left: JSONValue, right: JSONValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.number(let left), .number(let right)): left.utf8.elementsEqual(right.utf8)
        case (.string(let left), .string(let right)): left.utf8.elementsEqual(right.utf8)
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        case (.null, _), (.bool, _), (.number, _), (.string, _), (.array, _), (.object, _): false
        }
    }

    /// The kind of value, in words for an error message.
    public var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

/// The members of a JSON object, in the order in which they were written.
public struct JSONObject: Hashable, Sendable {
    /// Name and value of each member; no name occurs twice.
    public private(set) var members: [(name: String, value: JSONValue)] = []

    /// An object with no member.
    public init() {}

    /// The value of a member; `nil` when there is none. Setting replaces in place, appends, or with `nil` removes.
    public subscript(name: String) -> JSONValue? {
        get { self.members.first { $0.name.utf8.elementsEqual(name.utf8) }?.value }
        set {
            let index = self.members.firstIndex { $0.name.utf8.elementsEqual(name.utf8) }
            switch (index, newValue) {
            case (let index?, let value?): self.members[index].value = value
            case (let index?, nil): self.members.remove(at: index)
            case (nil, let value?): self.members.append((name, value))
            case (nil, nil): break
            }
        }
    }

    /// Equal when they have the same members, in whatever order.
    public static func == (left: Self, right: Self) -> Bool {
        left.members.count == right.members.count && left.members.allSatisfy { right[$0.name] == $0.value }
    }

    /// Coarse: for use as a key in small sets only.
    public func hash(into hasher: inout Hasher) {
        // Equality does not look at the order, so neither may this.
        hasher.combine(self.members.count)
    }

    fileprivate mutating func appendUnchecked(_ name: String, _ value: JSONValue) {
        self.members.append((name, value))
    }
}

private struct JSONTreeReader {
    private var scanner: JSONScanner
    private let bytes: UnsafeBufferPointer<UInt8>
    private let depthLimit: Int

    init(_ bytes: UnsafeBufferPointer<UInt8>, depthLimit: Int) {
        self.bytes = bytes
        self.depthLimit = depthLimit
        self.scanner = JSONScanner(bytes, depthLimit: depthLimit)
    }

    mutating func document() throws(JSONSyntaxError) -> JSONValue {
        let value = try self.value(depth: 0)
        try self.scanner.expectEnd()
        return value
    }

    private mutating func value(depth: Int) throws(JSONSyntaxError) -> JSONValue {
        let first = self.scanner.peek()
        switch first {
        case UInt8(ascii: "\""):
            return .string(self.scanner.text(of: try self.scanner.string()))
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            guard depth < self.depthLimit else { throw JSONSyntaxError(.tooDeep, at: self.scanner.position) }
            return first == UInt8(ascii: "{")
                ? .object(try self.object(depth: depth)) : .array(try self.array(depth: depth))
        default:
            let range = try self.scanner.value()
            switch self.bytes[range.lowerBound] {
            case UInt8(ascii: "t"): return .bool(true)
            case UInt8(ascii: "f"): return .bool(false)
            case UInt8(ascii: "n"): return .null
            default: return .number(String(decoding: self.bytes[range], as: UTF8.self))
            }
        }
    }

    private mutating func array(depth: Int) throws(JSONSyntaxError) -> [JSONValue] {
        var elements: [JSONValue] = []
        try self.scanner.expect(UInt8(ascii: "["))
        if self.scanner.skip(UInt8(ascii: "]")) { return elements }
        repeat {
            elements.append(try self.value(depth: depth + 1))
        } while self.scanner.skip(UInt8(ascii: ","))
        try self.scanner.expect(UInt8(ascii: "]"))
        return elements
    }

    private mutating func object(depth: Int) throws(JSONSyntaxError) -> JSONObject {
        var object = JSONObject()
        var names: Set<[UInt8]> = []
        try self.scanner.expect(UInt8(ascii: "{"))
        if self.scanner.skip(UInt8(ascii: "}")) { return object }
        repeat {
            _ = self.scanner.peek()
            let start = self.scanner.position
            let name = self.scanner.text(of: try self.scanner.string())
            guard names.insert(Array(name.utf8)).inserted else { throw JSONSyntaxError(.duplicateName, at: start) }
            try self.scanner.expect(UInt8(ascii: ":"))
            object.appendUnchecked(name, try self.value(depth: depth + 1))
        } while self.scanner.skip(UInt8(ascii: ","))
        try self.scanner.expect(UInt8(ascii: "}"))
        return object
    }
}
