import StrictJSON

/// What a result looks like: its JSON Schema and an example of it, from one description.
indirect enum Shape: Sendable {
    /// A text, by an example.
    case text(String)
    /// One of these words.
    case word([String])
    case time
    case integer(Int)
    case decimal(String)
    case flag(Bool)
    case list(Shape)
    /// Members in order; a name that ends in `?` may be missing.
    case object(KeyValuePairs<String, Shape>)
    /// Members of any name.
    case map(Shape)
    /// Any JSON at all, by an example.
    case any(JSONValue)

    static let nothing = Shape.object([:])

    /// A page of a list.
    static func page(_ element: Shape) -> Shape {
        .object(["items": .list(element), "cursor?": .text("100")])
    }

    /// JSON Schema, draft 7 and later alike.
    var schema: JSONValue {
        switch self {
        case .text: ["type": "string"]
        case .word(let words): ["type": "string", "enum": .array(words.map { .string($0) })]
        case .time: ["type": "string", "format": "date-time"]
        case .integer: ["type": "integer"]
        case .decimal: ["type": "number"]
        case .flag: ["type": "boolean"]
        case .list(let element): ["type": "array", "items": element.schema]
        case .map(let element): ["type": "object", "additionalProperties": element.schema]
        case .any: [:]
        case .object(let members): Self.schema(of: members)
        }
    }

    private static func schema(of members: KeyValuePairs<String, Shape>) -> JSONValue {
        var properties = JSONObject()
        var required: [JSONValue] = []
        for (name, shape) in members {
            properties[self.bare(name)] = shape.schema
            if !name.hasSuffix("?") { required.append(.string(name)) }
        }
        var schema = JSONObject()
        schema["type"] = "object"
        schema["properties"] = .object(properties)
        if !required.isEmpty { schema["required"] = .array(required) }
        schema["additionalProperties"] = false
        return .object(schema)
    }

    var example: JSONValue {
        switch self {
        case .text(let text): return .string(text)
        case .word(let words): return words.first.map { .string($0) } ?? ""
        case .time: return "2026-11-23T15:04:05.123Z"
        case .integer(let number): return .integer(number)
        case .decimal(let number): return .number(number)
        case .flag(let flag): return .bool(flag)
        case .list(let element): return [element.example]
        case .map(let element): return ["name": element.example]
        case .any(let value): return value
        case .object(let members):
            var object = JSONObject()
            for (name, shape) in members { object[Self.bare(name)] = shape.example }
            return .object(object)
        }
    }

    private static func bare(_ name: String) -> String {
        name.hasSuffix("?") ? String(name.dropLast()) : name
    }
}
