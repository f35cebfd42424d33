internal import StrictJSON
public import Telephony

/// Members whose text is one of a kind: a choice, a number to dial, a name.
extension SettingsReader {
    /// One of the cases of an enumeration.
    ///
    /// - Parameter planned: Words that a later version will know, so that they get a better answer than a typing mistake.
    public func choice<Choice>(
        _ name: String,
        default standard: Choice,
        planned: [String] = [],
        summary: String
    ) -> Choice where Choice: RawRepresentable<String> & CaseIterable {
        self.read(name, .choice(Choice.self), standard: .string(standard.rawValue), summary: summary) {
            $0.asChoice(planned: planned)
        } ?? standard
    }

    /// One of the cases of an enumeration; missing it is a problem, and then there is none.
    public func choice<Choice>(
        _ name: String,
        summary: String
    ) -> Choice? where Choice: RawRepresentable<String> & CaseIterable {
        self.read(name, .choice(Choice.self), isRequired: true, summary: summary) { $0.asChoice(planned: []) }
    }

    /// Several different cases of an enumeration; `nil` when the member is missing.
    public func optionalChoices<Choice>(
        _ name: String,
        planned: [String] = [],
        summary: String
    ) -> [Choice]? where Choice: RawRepresentable<String> & CaseIterable {
        self.optionalChoices(name, default: nil, planned: planned, summary: summary)
    }

    /// Several different cases of an enumeration.
    public func choices<Choice>(
        _ name: String,
        default standard: [Choice],
        planned: [String] = [],
        summary: String
    ) -> [Choice] where Choice: RawRepresentable<String> & CaseIterable {
        self.optionalChoices(name, default: standard, planned: planned, summary: summary) ?? standard
    }

    private func optionalChoices<Choice>(
        _ name: String,
        default standard: [Choice]?,
        planned: [String],
        summary: String
    ) -> [Choice]? where Choice: RawRepresentable<String> & CaseIterable {
        let one = SettingsShape.choice(Choice.self)
        let shape = SettingsShape(
            expected: "an array of \(allowed(Choice.self))",
            schema: ["type": "array", "items": one.schema, "uniqueItems": true]
        )
        let written = standard?.map { JSONValue.string($0.rawValue) }
        var seen: Set<String> = []
        return self.elements(name, shape, standard: written, summary: summary) { element, index -> Choice? in
            let reading: SettingsReading<Choice> = element.asChoice(planned: planned)
            switch reading {
            case .good(let choice):
                if seen.insert(choice.rawValue).inserted { return choice }
                self.problem(at: name, index: index, "expected each value once, found \(element.found) again")
            case .refused(let problem):
                self.problem(at: name, index: index, problem)
            case .unexpected, .noted:
                self.problem(at: name, index: index, "expected \(one.expected), found \(element.found)")
            }
            return nil
        }
    }

    /// A number or name to dial; missing it is a problem.
    public func dialString(_ name: String, summary: String) -> DialString {
        self.read(name, .dialString, isRequired: true, summary: summary, \.asDialString) ?? .anonymous
    }

    /// A number or name to dial, or `nil` when the member is missing.
    public func optionalDialString(_ name: String, summary: String) -> DialString? {
        self.read(name, .dialString, summary: summary, \.asDialString)
    }

    /// Several numbers or names to dial.
    public func dialStrings(_ name: String, summary: String) -> [DialString] {
        let one = SettingsShape.dialString
        let shape = SettingsShape(expected: "an array of numbers", schema: ["type": "array", "items": one.schema])
        return self.elements(name, shape, standard: [], summary: summary) { element, index -> DialString? in
            if case .good(let dialString) = element.asDialString { return dialString }
            self.problem(at: name, index: index, "expected \(one.expected), found \(element.found)")
            return nil
        } ?? []
    }

    /// A user's name; missing it is a problem, and then there is no stand-in.
    public func username(_ name: String, summary: String) -> Username? {
        let shape = SettingsShape(
            expected: "a name of 1 to \(Username.longest) bytes without control characters",
            schema: ["type": "string", "minLength": 1, "maxLength": .number(String(Username.longest))]
        )
        return self.read(name, shape, isRequired: true, summary: summary) { written in
            guard case .string(let text) = written, let username = Username(text) else { return .unexpected }
            return .good(username)
        }
    }
}

/// `"ws"`, or `one of "a", "b"`.
private func allowed<Choice>(_ type: Choice.Type) -> String where Choice: RawRepresentable<String> & CaseIterable {
    let quoted = Choice.allCases.map { "\"\($0.rawValue)\"" }
    return quoted.count == 1 ? quoted[0] : "one of \(quoted.joined(separator: ", "))"
}

extension SettingsShape {
    fileprivate static func choice<Choice>(_ type: Choice.Type) -> SettingsShape
    where Choice: RawRepresentable<String> & CaseIterable {
        let words = Choice.allCases.map { JSONValue.string($0.rawValue) }
        return SettingsShape(expected: allowed(type), schema: ["type": "string", "enum": .array(words)])
    }

    fileprivate static var dialString: SettingsShape {
        SettingsShape(
            expected: "a number or name of 1 to \(DialString.longestForm) characters 0–9 A–Z a–z + * # . _ -",
            schema: ["type": "string", "pattern": "^[0-9A-Za-z+*#._-]{1,64}$"]
        )
    }
}

extension JSONValue {
    fileprivate func asChoice<Choice>(planned: [String]) -> SettingsReading<Choice>
    where Choice: RawRepresentable<String> & CaseIterable {
        guard case .string(let text) = self else { return .unexpected }
        if let choice = Choice.allCases.first(where: { $0.rawValue.isSpelled(text) }) { return .good(choice) }
        guard planned.contains(text) else { return .unexpected }
        return .refused("expected \(allowed(Choice.self)), found \"\(text)\": not supported by this build yet")
    }

    fileprivate var asDialString: SettingsReading<DialString> {
        guard case .string(let text) = self, let dialString = DialString(text) else { return .unexpected }
        return .good(dialString)
    }
}
