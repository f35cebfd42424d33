package import StrictJSON

/// Objects within objects.
extension SettingsReader {
    /// An object; one that is missing is read as an empty one, so that its own defaults hold.
    public func object<Value>(_ name: String, summary: String, _ read: (SettingsReader) -> Value) -> Value {
        let description = self.describe(read)
        let written = self.value(of: name, isRequired: description.isRequired) {
            described(description.schema, summary: summary)
        }
        return self.finish(self.reader(of: written ?? [:], at: self.pointer(to: name)), read)
    }

    /// An object, or `nil` when the member is missing.
    public func optionalObject<Value>(
        _ name: String,
        summary: String,
        _ read: (SettingsReader) -> Value
    ) -> Value? {
        let written = self.value(of: name) { described(self.describe(read).schema, summary: summary) }
        guard let written else { return nil }
        return self.finish(self.reader(of: written, at: self.pointer(to: name)), read)
    }

    /// An array of objects; an element with a problem is in the result all the same, as whatever `read` made of it.
    ///
    /// - Parameter minimum: How many there must be; the member is required when that is more than none.
    public func objects<Value>(
        _ name: String,
        atLeast minimum: Int = 0,
        summary: String,
        _ read: (SettingsReader) -> Value
    ) -> [Value] {
        self.optionalObjects(name, atLeast: minimum, isRequired: minimum > 0, summary: summary, read) ?? []
    }

    /// An array of objects, or `nil` when the member is missing.
    public func optionalObjects<Value>(
        _ name: String,
        summary: String,
        _ read: (SettingsReader) -> Value
    ) -> [Value]? {
        self.optionalObjects(name, atLeast: 0, isRequired: false, summary: summary, read)
    }

    private func optionalObjects<Value>(
        _ name: String,
        atLeast minimum: Int,
        isRequired: Bool,
        summary: String,
        _ read: (SettingsReader) -> Value
    ) -> [Value]? {
        var shape: SettingsShape {
            var schema = JSONObject()
            schema["type"] = "array"
            if minimum > 0 { schema["minItems"] = .number(String(minimum)) }
            schema["items"] = self.describe(read).schema
            return SettingsShape(
                expected: minimum > 0 ? "an array of at least \(minimum) object" : "an array of objects",
                schema: .object(schema)
            )
        }
        let base = self.pointer(to: name)
        let elements = self.elements(name, shape, isRequired: isRequired, summary: summary) { element, index in
            self.finish(self.reader(of: element, at: "\(base)/\(index)"), read)
        }
        if let elements, elements.count < minimum {
            self.problem(at: name, "expected at least \(minimum), found \(elements.count)")
        }
        return elements
    }

    /// A pair of members of which one says what the other must look like, such as `kind` and `settings`.
    ///
    /// - Parameters:
    ///   - variants: What the deciding member may say, and how the other is then read.
    ///   - resolvesSecrets: Whether secrets are fetched; otherwise only their form is checked.
    /// - Returns: What the deciding member says, and the other as it stands; `nil` when either is wrong in itself.
    package func variant(
        _ name: String,
        by decider: String,
        of variants: [(word: String, read: (SettingsReader) -> Void)],
        resolvesSecrets: Bool,
        deciderSummary: String,
        summary: String
    ) -> (word: String, value: JSONValue)? {
        let words = variants.map(\.word)
        let list = words.map { "\"\($0)\"" }.joined(separator: ", ")
        let deciding = SettingsShape(
            expected: words.isEmpty ? "a kind, of which this build has none" : "one of \(list)",
            schema: ["type": "string", "enum": .array(words.map { .string($0) })]
        )
        let word: String? = self.read(decider, deciding, isRequired: true, summary: deciderSummary) { written in
            guard case .string(let text) = written else { return .unexpected }
            if words.contains(where: { $0.isSpelled(text) }) { return .good(text) }
            let near = NearName.nearest(to: text, among: words).map { " (did you mean \"\($0)\"?)" } ?? ""
            return .refused("expected \(deciding.expected), found \(written.found)\(near)")
        }
        if self.isDescribing {
            for variant in variants {
                self.addCondition([
                    "if": ["properties": [decider: ["const": .string(variant.word)]], "required": [.string(decider)]],
                    "then": ["properties": [name: self.describe(variant.read).schema]],
                ])
            }
        }
        let any = SettingsShape(expected: "an object", schema: ["type": "object"])
        let value: JSONValue? = self.read(name, any, standard: [:], summary: summary) { written in
            if case .object = written { .good(written) } else { .unexpected }
        }
        guard let word, let variant = variants.first(where: { $0.word == word }) else { return nil }
        let reader = self.reader(of: value ?? [:], at: self.pointer(to: name), resolvesSecrets: resolvesSecrets)
        self.finish(reader, variant.read)
        return (word, value ?? [:])
    }

    private func finish<Value>(_ reader: SettingsReader, _ read: (SettingsReader) -> Value) -> Value {
        let value = read(reader)
        reader.refuseUnknownMembers()
        return value
    }

    /// What `read` asks for. Only a description has use for it, and only then is it drawn up.
    private func describe<Value>(_ read: (SettingsReader) -> Value) -> (schema: JSONValue, isRequired: Bool) {
        guard self.isDescribing else { return (.null, false) }
        let reader = SettingsReader.describing()
        _ = read(reader)
        return (reader.schema, reader.isAnyMemberRequired)
    }
}

private func described(_ schema: JSONValue, summary: String) -> JSONValue {
    SettingsShape(expected: "an object", schema: schema).schema(summary: summary, standard: nil)
}
