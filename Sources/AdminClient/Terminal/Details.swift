package import StrictJSON

/// One object, a member a line, what is nested set in.
package struct Details: Sendable {
    private static let statusNames: Set<String> = ["status", "state", "outcome"]
    private let object: JSONValue

    package init(_ object: JSONValue) {
        self.object = object
    }

    /// The lines, names aligned within each object.
    package func lines(paint: Paint) -> [String] {
        Self.lines(of: self.object, paint: paint, indentation: "")
    }

    private static func lines(of value: JSONValue, paint: Paint, indentation: String) -> [String] {
        let scalars = value.members.filter { Self.isOneLine($0.value) }
        let width = scalars.map { $0.name.shown.columns }.max() ?? 0
        var lines: [String] = []
        for (name, member) in value.members {
            let label = "\(indentation)\(name.shown):"
            guard !Self.isOneLine(member) else {
                let text = member.words.shown
                let shown = Self.statusNames.contains(name) ? paint(text) : text
                let padded = label.padded(to: indentation.count + width + 1)
                lines.append(shown.isEmpty ? label : "\(padded) \(shown)")
                continue
            }
            lines.append(label)
            let inner = indentation + "  "
            guard case .array(let elements) = member else {
                lines += Self.lines(of: member, paint: paint, indentation: inner)
                continue
            }
            for element in elements {
                let nested = Self.lines(of: element, paint: paint, indentation: inner + "  ")
                guard let first = nested.first else {
                    lines.append("\(inner)- \(element.words.shown)")
                    continue
                }
                lines.append("\(inner)- \(first.dropFirst(inner.count + 2))")
                lines += nested.dropFirst()
            }
        }
        return lines
    }

    private static func isOneLine(_ value: JSONValue) -> Bool {
        switch value {
        case .object(let object): object.members.isEmpty
        case .array(let elements): elements.allSatisfy(\.isScalar)
        case .null, .bool, .number, .string: true
        }
    }
}
