/// What may be the name of a metric or a label, and what libraries call theirs.
enum MetricNames {
    /// What our metrics begin with; those of libraries get it in front.
    static let prefix = "anynode_"
    /// A name that is longer is cut off.
    static let longest = 200

    /// The name of a family an owner hands over: as it is, unless it has characters that names can't have.
    static func family(_ name: String, kind: MetricKind) -> String {
        let clean = Self.clean(name, allowColon: true)
        return kind == .counter && !clean.hasSuffix("_total") ? clean + "_total" : clean
    }

    /// The name of a library's metric, such as `anynode_nio_tasks_total` for `nio.tasks`.
    static func library(_ label: String, kind: MetricKind, unit: String? = nil) -> String {
        let clean = Self.clean(label, allowColon: false)
        var name = clean.hasPrefix(Self.prefix) ? clean : Self.prefix + clean
        if let unit, !name.hasSuffix("_" + unit) { name += "_" + unit }
        return Self.family(name, kind: kind)
    }

    /// The name of a label. Those that begin with two underscores are Prometheus' own, and `le` is that of buckets.
    static func label(_ name: String) -> String {
        var clean = Self.clean(name, allowColon: false)
        while clean.hasPrefix("__") { clean.removeFirst() }
        return clean == "le" ? "label_le" : clean
    }

    /// `[a-zA-Z_][a-zA-Z0-9_]*`, with colons if they are allowed; what is something else becomes an underscore.
    private static func clean(_ name: String, allowColon: Bool) -> String {
        var bytes: [UInt8] = []
        for byte in name.utf8.prefix(Self.longest) {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"):
                bytes.append(byte)
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                if bytes.isEmpty { bytes.append(UInt8(ascii: "_")) }
                bytes.append(byte)
            case UInt8(ascii: ":") where allowColon:
                bytes.append(byte)
            default:
                bytes.append(UInt8(ascii: "_"))
            }
        }
        return bytes.isEmpty ? "_" : String(decoding: bytes, as: UTF8.self)
    }
}
