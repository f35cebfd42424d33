extension JSONValue {
    /// The value as JSON text for people: four spaces a level, and what fits on one line on one line.
    package var indentedText: String {
        var lines = ""
        self.write(into: &lines, indentation: "", before: 0)
        return lines + "\n"
    }

    /// - Parameter before: How much of the line is used already.
    private func write(into text: inout String, indentation: String, before: Int) {
        let short = self.lineText
        guard before + short.utf8.count > 100 || self.holdsObjects else {
            text += short
            return
        }
        let inner = indentation + "    "
        switch self {
        case .array(let elements) where !elements.isEmpty:
            for (index, element) in elements.enumerated() {
                text += "\(index == 0 ? "[" : ",")\n\(inner)"
                element.write(into: &text, indentation: inner, before: inner.utf8.count)
            }
            text += "\n\(indentation)]"
        case .object(let object) where !object.members.isEmpty:
            for (index, member) in object.members.enumerated() {
                let name = "\(JSONValue.string(member.name).text): "
                text += "\(index == 0 ? "{" : ",")\n\(inner)\(name)"
                member.value.write(into: &text, indentation: inner, before: inner.utf8.count + name.utf8.count)
            }
            text += "\n\(indentation)}"
        case .null, .bool, .number, .string, .array, .object:
            text += short
        }
    }

    /// All on one line, with spaces where people put them.
    private var lineText: String {
        switch self {
        case .null, .bool, .number, .string:
            self.text
        case .array(let elements):
            "[\(elements.map(\.lineText).joined(separator: ", "))]"
        case .object(let object) where object.members.isEmpty:
            "{}"
        case .object(let object):
            "{ \(object.members.map { "\(JSONValue.string($0.name).text): \($0.value.lineText)" }.joined(separator: ", ")) }"
        }
    }

    /// Whether there are objects within, which read badly on one line.
    private var holdsObjects: Bool {
        switch self {
        case .null, .bool, .number, .string: false
        case .array(let elements): elements.contains { $0.isFilledObject || $0.holdsObjects }
        case .object(let object): object.members.contains { $0.value.isFilledObject || $0.value.holdsObjects }
        }
    }

    private var isFilledObject: Bool {
        if case .object(let object) = self { !object.members.isEmpty } else { false }
    }
}
