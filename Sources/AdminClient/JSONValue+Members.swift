package import StrictJSON

/// Answers are read leniently: a member that is absent or of another kind is simply not there.
extension JSONValue {
    /// A member of an object.
    package subscript(name: String) -> JSONValue? {
        if case .object(let object) = self { object[name] } else { .none }
    }

    /// The text, if it is a string.
    package var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The value, if it is a boolean.
    package var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The value, if it is a number.
    package var double: Double? {
        if case .number(let text) = self { Double(text) } else { nil }
    }

    /// The elements; none if it is no array.
    package var elements: [JSONValue] {
        if case .array(let elements) = self { elements } else { [] }
    }

    /// The members in their order; none if it is no object.
    package var members: [(name: String, value: JSONValue)] {
        if case .object(let object) = self { object.members } else { [] }
    }

    /// A page's `items`.
    package var items: [JSONValue] { self["items"]?.elements ?? [] }

    /// A scalar as people read it, anything else as JSON.
    package var words: String {
        switch self {
        case .null: ""
        case .bool(let value): value ? "yes" : "no"
        case .number(let text): text
        case .string(let text): text
        case .array(let elements) where elements.allSatisfy(\.isScalar): elements.map(\.words).joined(separator: ", ")
        case .array, .object: self.text
        }
    }

    /// Whether it is neither an array nor an object.
    package var isScalar: Bool {
        switch self {
        case .null, .bool, .number, .string: true
        case .array, .object: false
        }
    }
}
