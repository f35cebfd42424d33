/// A filter or a name with places for values, such as `(&(objectClass=person)(uid={username}))`.
struct LDAPTemplate: Sendable, Equatable {
    /// What may stand in braces.
    enum Placeholder: String, Sendable, CaseIterable {
        /// The name somebody logs in with.
        case username
        /// The distinguished name of his entry.
        case dn
    }

    private enum Part: Sendable, Equatable {
        case text(String)
        case place(Placeholder)
    }

    private let parts: [Part]

    /// Takes a text apart; what is wrong with it is thrown in the words of "expected …, found …".
    init(_ text: String, allowing allowed: Set<Placeholder>) throws(Malformed) {
        var parts: [Part] = []
        var rest = text[...]
        while let open = rest.utf8.firstIndex(of: UInt8(ascii: "{")) {
            guard let close = rest[open...].utf8.firstIndex(of: UInt8(ascii: "}")) else {
                throw Malformed("expected a closing brace, found the end")
            }
            let name = String(rest[rest.utf8.index(after: open)..<close])
            guard let placeholder = allowed.first(where: { $0.rawValue.utf8.elementsEqual(name.utf8) }) else {
                let words = allowed.map { "{\($0.rawValue)}" }.sorted().joined(separator: " or ")
                throw Malformed("expected \(words) in braces, found {\(name)}")
            }
            if open > rest.startIndex { parts.append(.text(String(rest[..<open]))) }
            parts.append(.place(placeholder))
            rest = rest[rest.utf8.index(after: close)...]
        }
        if !rest.isEmpty { parts.append(.text(String(rest))) }
        self.parts = parts
    }

    struct Malformed: Error {
        let description: String

        init(_ description: String) { self.description = description }
    }

    /// Whether a value stands there.
    func contains(_ placeholder: Placeholder) -> Bool {
        self.parts.contains(.place(placeholder))
    }

    /// As a filter about these values.
    func filter(_ values: [Placeholder: String]) -> String {
        self.fill { LDAPEscaping.filterValue(values[$0] ?? "") }
    }

    /// As a filter that any value fits.
    func filterForAll() -> String {
        self.fill { _ in "*" }
    }

    /// As a distinguished name with these values.
    func name(_ values: [Placeholder: String]) -> String {
        self.fill { LDAPEscaping.nameValue(values[$0] ?? "") }
    }

    private func fill(_ value: (Placeholder) -> String) -> String {
        self.parts.reduce(into: "") { text, part in
            switch part {
            case .text(let plain): text += plain
            case .place(let placeholder): text += value(placeholder)
            }
        }
    }
}
