import Core
import StrictJSON

/// The tables of docs/configuration.md, made from the schema and so from the code that reads `plugins.json`.
enum ConfigurationReference {
    /// A member of the configuration, as its row says.
    struct Row {
        let name: String
        let text: String
    }

    /// An object of the configuration: its place, such as `signaling` or `listeners[]`, and a row for each member.
    struct Table {
        let place: String
        let rows: [Row]

        private static let head = ["| member | type | default | meaning |", "|---|---|---|---|"]

        private var heading: String { self.place.isEmpty ? "## The document" : "## `\(self.place)`" }

        /// The document with these rows under this table's heading, whatever stood there; a heading that is missing comes
        /// after the table before.
        func write(into document: String, after previous: Table?) -> String {
            var lines = document.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            if !lines.contains(self.heading) {
                let before = previous.flatMap { lines.firstIndex(of: $0.heading) } ?? -1
                let next = lines[(before + 1)...].firstIndex { $0.hasPrefix("## ") } ?? lines.count
                lines.insert(contentsOf: [self.heading, ""] + Self.head + [""], at: next)
            }
            guard let heading = lines.firstIndex(of: self.heading),
                let start = lines[heading...].firstIndex(of: Self.head[1])
            else { return document }
            let end = lines[(start + 1)...].firstIndex { !$0.hasPrefix("|") } ?? lines.count
            lines.replaceSubrange((start + 1)..<end, with: self.rows.map(\.text))
            return lines.joined(separator: "\n")
        }
    }

    /// All objects, outer ones first.
    static func tables(of schema: JSONValue) -> [Table] {
        var tables: [Table] = []
        self.add(schema, at: "", to: &tables)
        return tables
    }

    private static func add(_ schema: JSONValue, at place: String, to tables: inout [Table]) {
        let members = schema["properties"]?.members ?? []
        guard !members.isEmpty else { return }
        let required = schema["required"]?.elements ?? []
        let rows = members.filter { $0.name != "$schema" }.map { member in
            self.row(member.name, member.value, isRequired: required.contains(.string(member.name)))
        }
        tables.append(Table(place: place, rows: rows))
        for member in members {
            let inner = place.isEmpty ? member.name : "\(place).\(member.name)"
            self.add(member.value, at: inner, to: &tables)
            if let items = member.value["items"] { self.add(items, at: "\(inner)[]", to: &tables) }
        }
        for condition in schema["allOf"]?.elements ?? [] {
            guard let kind = condition["if"]?["properties"]?["kind"]?["const"]?.string,
                let settings = condition["then"]?["properties"]?["settings"]
            else { continue }
            self.add(settings, at: "\(place).settings of \(kind)", to: &tables)
        }
    }

    private static func row(_ name: String, _ schema: JSONValue, isRequired: Bool) -> Row {
        let standard = schema["default"].map { "`\($0.text)`" } ?? (isRequired ? "required" : "–")
        let summary = schema["description"]?.string ?? ""
        return Row(name: name, text: "| `\(name)` | \(self.kind(of: schema)) | \(standard) | \(summary) |")
    }

    private static func kind(of schema: JSONValue) -> String {
        if let choices = schema["enum"]?.elements { return choices.map { "`\($0.text)`" }.joined(separator: " ") }
        if let forms = schema["anyOf"]?.elements {
            return forms.contains { $0["properties"]?["$env"] != nil } ? "secret" : "string or strings"
        }
        switch (schema["type"]?.string, schema["pattern"]?.string) {
        case ("string", let pattern?) where pattern.contains("ms|"): return "duration"
        case ("string", let pattern?) where pattern.contains("KiB"): return "size"
        case ("integer", _):
            guard case .number(let least)? = schema["minimum"], case .number(let most)? = schema["maximum"] else {
                return "integer"
            }
            return "\(least)…\(most)"
        case ("array", _):
            let items = schema["items"].map(self.kind) ?? "value"
            return "array of \(items.hasSuffix("`") ? items : items + "s")"
        case (let type, _): return type ?? "any"
        }
    }
}

extension JSONValue {
    fileprivate subscript(name: String) -> JSONValue? {
        if case .object(let object) = self { object[name] } else { nil }
    }

    fileprivate var members: [(name: String, value: JSONValue)] {
        if case .object(let object) = self { object.members } else { [] }
    }

    fileprivate var elements: [JSONValue] {
        if case .array(let elements) = self { elements } else { [] }
    }

    fileprivate var string: String? {
        if case .string(let text) = self { text } else { nil }
    }
}
