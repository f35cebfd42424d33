public import StrictJSON

/// What became of one member's value.
enum SettingsReading<Value> {
    /// It is as it should be.
    case good(Value)
    /// It is something else altogether: "expected …, found …".
    case unexpected
    /// It is wrong in a way that has its own words.
    case refused(String)
    /// It is wrong, and that has been noted already.
    case noted
}

/// What a member should be, in words and as a schema.
struct SettingsShape {
    /// After "expected": `a duration such as "60s"`.
    let expected: String
    /// The JSON Schema, without description and default.
    let schema: JSONValue
    /// Whether the value found may be shown.
    var isSecret = false

    /// The complete schema of a member.
    func schema(summary: String, standard: JSONValue?) -> JSONValue {
        guard case .object(var object) = self.schema else { return self.schema }
        object["description"] = .string(summary)
        if let standard { object["default"] = standard }
        return .object(object)
    }
}

extension SettingsReader {
    /// Reads one member: notes it for the schema, reports what is wrong with it, returns it when it is right.
    ///
    /// - Parameters:
    ///   - standard: What is used when the member is missing, as it would be written.
    ///   - read: Makes the value of what is written; with an array's index it names the element it complains of.
    func read<Value>(
        _ name: String,
        _ shape: @autoclosure () -> SettingsShape,
        isRequired: Bool = false,
        standard: @autoclosure () -> JSONValue? = nil,
        summary: String,
        _ read: (JSONValue) -> SettingsReading<Value>
    ) -> Value? {
        let written = self.value(of: name, isRequired: isRequired) {
            shape().schema(summary: summary, standard: standard())
        }
        guard let written else {
            if isRequired, self.canMiss {
                self.problem(at: name, "expected \(shape().expected), found nothing: this member is required")
            }
            return nil
        }
        switch read(written) {
        case .good(let value):
            return value
        case .unexpected:
            let shape = shape()
            let found = shape.isSecret ? written.kind : written.found
            self.problem(at: name, "expected \(shape.expected), found \(found)")
            return nil
        case .refused(let problem):
            self.problem(at: name, problem)
            return nil
        case .noted:
            return nil
        }
    }

    /// A text; missing it is a problem.
    public func string(_ name: String, summary: String) -> String {
        self.read(name, .string, isRequired: true, summary: summary, \.asString) ?? ""
    }

    /// A text.
    public func string(_ name: String, default standard: String, summary: String) -> String {
        self.read(name, .string, standard: .string(standard), summary: summary, \.asString) ?? standard
    }

    /// A text, or `nil` when the member is missing.
    public func optionalString(_ name: String, summary: String) -> String? {
        self.read(name, .string, summary: summary, \.asString)
    }

    /// Several texts.
    public func strings(_ name: String, default standard: [String] = [], summary: String) -> [String] {
        self.strings(name, atLeast: 0, standard: standard.map { .string($0) }, summary: summary) ?? standard
    }

    /// Several texts; missing them is a problem, and so are fewer than the minimum.
    public func strings(_ name: String, atLeast minimum: Int, summary: String) -> [String] {
        let strings = self.strings(name, atLeast: minimum, standard: nil, summary: summary)
        if let strings, strings.count < minimum, !self.hasProblem(at: name) {
            self.problem(at: name, "expected at least \(minimum), found \(strings.count)")
        }
        return strings ?? []
    }

    private func strings(
        _ name: String,
        atLeast minimum: Int,
        standard: [JSONValue]?,
        summary: String
    ) -> [String]? {
        var schema: JSONObject = JSONObject()
        schema["type"] = "array"
        schema["items"] = ["type": "string"]
        if minimum > 0 { schema["minItems"] = .number(String(minimum)) }
        let shape = SettingsShape(
            expected: minimum > 0 ? "an array of at least \(minimum) string" : "an array of strings",
            schema: .object(schema)
        )
        return self.elements(name, shape, isRequired: minimum > 0, standard: standard, summary: summary) {
            element,
            index in
            if case .string(let text) = element { return text }
            self.problem(at: name, index: index, "expected a string, found \(element.found)")
            return nil
        }
    }

    /// One text or several, each judged by `check`, which says what is wrong; `nil` when it is missing or wrong.
    package func stringOrStrings(_ name: String, summary: String, _ check: (String) -> String?) -> JSONValue? {
        let several: JSONValue = ["type": "array", "items": ["type": "string"], "minItems": 1]
        let shape = SettingsShape(
            expected: "a string or an array of strings",
            schema: ["anyOf": [["type": "string"], several]]
        )
        return self.read(name, shape, isRequired: true, summary: summary) { written in
            switch written {
            case .string(let text):
                return check(text).map { .refused($0) } ?? .good(written)
            case .array(let elements) where !elements.isEmpty:
                var isGood = true
                for (index, element) in elements.enumerated() {
                    var problem: String? = "expected a string, found \(element.found)"
                    if case .string(let text) = element { problem = check(text) }
                    guard let problem else { continue }
                    self.problem(at: name, index: index, problem)
                    isGood = false
                }
                return isGood ? .good(written) : .noted
            case .null, .bool, .number, .array, .object:
                return .unexpected
            }
        }
    }

    /// `true` or `false`.
    public func bool(_ name: String, default standard: Bool, summary: String) -> Bool {
        let shape = SettingsShape(expected: "true or false", schema: ["type": "boolean"])
        return self.read(name, shape, standard: .bool(standard), summary: summary) { written in
            if case .bool(let value) = written { .good(value) } else { .unexpected }
        } ?? standard
    }

    /// A whole number; missing it is a problem.
    public func integer(_ name: String, in range: ClosedRange<Int>, summary: String) -> Int {
        self.read(name, .integer(in: range), isRequired: true, summary: summary) { $0.asInteger(in: range) }
            ?? range.lowerBound
    }

    /// A whole number.
    public func integer(_ name: String, default standard: Int, in range: ClosedRange<Int>, summary: String) -> Int {
        self.optionalInteger(name, default: standard, in: range, summary: summary) ?? standard
    }

    /// A whole number, or `nil` when the member is missing.
    public func optionalInteger(_ name: String, in range: ClosedRange<Int>, summary: String) -> Int? {
        self.optionalInteger(name, default: nil, in: range, summary: summary)
    }

    private func optionalInteger(
        _ name: String,
        default standard: Int?,
        in range: ClosedRange<Int>,
        summary: String
    ) -> Int? {
        let written = standard.map { JSONValue.number(String($0)) }
        return self.read(name, .integer(in: range), standard: written, summary: summary) { $0.asInteger(in: range) }
    }

    /// Several whole numbers; none unless given.
    public func integers(_ name: String, in range: ClosedRange<Int>, summary: String) -> [Int] {
        let one = SettingsShape.integer(in: range)
        let shape = SettingsShape(
            expected: "an array, each element \(one.expected)",
            schema: ["type": "array", "items": one.schema]
        )
        return self.elements(name, shape, standard: [], summary: summary) { element, index in
            if case .good(let number) = element.asInteger(in: range) { return number }
            self.problem(at: name, index: index, "expected \(one.expected), found \(element.found)")
            return nil
        } ?? []
    }

    /// Whether a member is there at all; its schema says what it should be.
    package func raw(_ name: String, ofType type: String, summary: String) -> JSONValue? {
        let schema: JSONValue = ["type": .string(type)]
        return self.read(name, SettingsShape(expected: "a \(type)", schema: schema), summary: summary) { .good($0) }
    }

    /// Any value, taken as it stands; `nil` when the member is missing.
    public func raw(_ name: String, summary: String) -> JSONValue? {
        self.read(name, SettingsShape(expected: "a value", schema: [:]), summary: summary) { .good($0) }
    }

    /// Reads an array element by element; an element that is wrong has been noted by `read` and is left out.
    func elements<Element>(
        _ name: String,
        _ shape: @autoclosure () -> SettingsShape,
        isRequired: Bool = false,
        standard: @autoclosure () -> [JSONValue]? = nil,
        summary: String,
        _ read: (JSONValue, Int) -> Element?
    ) -> [Element]? {
        self.read(name, shape(), isRequired: isRequired, standard: standard().map { .array($0) }, summary: summary) {
            guard case .array(let elements) = $0 else { return .unexpected }
            return .good(elements.enumerated().compactMap { read($0.element, $0.offset) })
        }
    }
}

extension SettingsShape {
    static var string: SettingsShape { SettingsShape(expected: "a string", schema: ["type": "string"]) }

    static func integer(in range: ClosedRange<Int>) -> SettingsShape {
        var schema: JSONObject = JSONObject()
        schema["type"] = "integer"
        if range.lowerBound > .min { schema["minimum"] = .number(String(range.lowerBound)) }
        if range.upperBound < .max { schema["maximum"] = .number(String(range.upperBound)) }
        let bounds = "from \(range.lowerBound) to \(range.upperBound)"
        return SettingsShape(expected: "a whole number \(bounds)", schema: .object(schema))
    }
}

extension JSONValue {
    fileprivate var asString: SettingsReading<String> {
        if case .string(let text) = self { .good(text) } else { .unexpected }
    }

    /// `1.0` and `1e3` are not accepted: nobody writes a count like that, and `Int(Double)` traps.
    fileprivate func asInteger(in range: ClosedRange<Int>) -> SettingsReading<Int> {
        guard case .number(let text) = self, let number = Int(text), range.contains(number) else { return .unexpected }
        return .good(number)
    }

    /// The value in words for "found …", short and on one line.
    package var found: String {
        switch self {
        case .null, .array, .object: self.kind
        case .bool(let value): value ? "true" : "false"
        case .number(let text): "the number \(text.shortened)"
        case .string(let text): JSONValue.string(text.shortened).text
        }
    }
}

extension String {
    /// Whether two names are the same byte by byte; `==` takes the Kelvin sign for a K.
    func isSpelled(_ other: String) -> Bool {
        self.utf8.elementsEqual(other.utf8)
    }

    /// No more than a line's worth, and nothing that would start another line.
    fileprivate var shortened: String {
        var kept = String.UnicodeScalarView()
        for scalar in self.unicodeScalars.prefix(61) {
            kept.append(scalar.properties.generalCategory == .control || scalar.properties.isBidiControl ? "?" : scalar)
        }
        guard kept.count > 60 else { return String(kept) }
        return String(kept.dropLast()) + "…"
    }
}
