/// The labels of a series as they stand between the braces: sorted and escaped, so that two series are the same if and only
/// if their label sets are equal.
struct LabelSet: Sendable, Hashable, Comparable {
    /// Labels beyond these are left out: no metric has a use for so many.
    static let mostLabels = 16
    /// A value that takes more bytes is cut off, with an ellipsis at its end.
    static let longestValue = 256

    /// For instance `outcome="accepted",plugin="fcm"`.
    let text: String

    init(_ labels: [(name: String, value: String)]) {
        var values: [(name: String, value: String)] = []
        for (name, value) in labels.prefix(Self.mostLabels) {
            let clean = MetricNames.label(name)
            if !values.contains(where: { $0.name == clean }) { values.append((clean, value)) }
        }
        self.text =
            values.sorted { $0.name < $1.name }
            .map { "\($0.name)=\"\(Self.escaped($0.value))\"" }
            .joined(separator: ",")
    }

    static func < (left: LabelSet, right: LabelSet) -> Bool { left.text < right.text }

    /// The labels and one more, which is the bound of a bucket.
    func with(bound: String) -> String {
        self.text.isEmpty ? "{le=\"\(bound)\"}" : "{\(self.text),le=\"\(bound)\"}"
    }

    /// Nothing, or the labels in braces.
    var inBraces: String { self.text.isEmpty ? "" : "{\(self.text)}" }

    /// A value as the format wants it: backslash, quotation mark and line feed by a backslash. What would deceive somebody
    /// who looks at the text, control characters and those that turn the direction of writing, is spelled out.
    static func escaped(_ value: String) -> String {
        var text = ""
        var size = 0
        for scalar in value.unicodeScalars {
            size += UTF8.width(scalar)
            guard size <= Self.longestValue else { return text + "…" }
            switch scalar {
            case "\\": text += #"\\"#
            case "\"": text += #"\""#
            case "\n": text += #"\n"#
            case _ where Self.isDeceptive(scalar): text += #"\\u{\#(String(scalar.value, radix: 16))}"#
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    private static func isDeceptive(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0...0x1F, 0x7F...0x9F: true
        // Line and paragraph separator; marks, embeddings, overrides and isolates of UAX #9.
        case 0x2028, 0x2029, 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
        // No-break space of no width, a byte order mark elsewhere.
        case 0xFEFF: true
        default: false
        }
    }
}
