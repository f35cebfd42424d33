/// The text Prometheus reads, exposition format 0.0.4: families in the order of their names, each with its help and type
/// once. What comes in is bounded and cleaned here, so that no input can make the text large or unreadable
/// (compare CVE-2021-21328).
struct ExpositionText {
    /// A family whose labels are clean already.
    struct Family {
        var help: String
        var kind: MetricKind
        var series: [LabelSet: MetricValue] = [:]
    }

    static let droppedName = "anynode_metrics_dropped_series_total"

    private let mostSeries: Int
    private let mostFamilies: Int
    private var families: [String: Family] = [:]
    /// Series left out: there were too many of their family, or it had them already, or they made no sense.
    private(set) var dropped: UInt64 = 0

    init(mostSeries: Int, mostFamilies: Int) {
        self.mostSeries = mostSeries
        self.mostFamilies = mostFamilies
    }

    /// Adds series to a family; the first to name it says what it is.
    mutating func add(_ family: MetricFamily) {
        let name = MetricNames.family(family.name, kind: family.kind)
        self.add(
            name,
            help: family.help,
            kind: family.kind,
            family.samples.lazy.map { (LabelSet($0.labels), $0.value) }
        )
    }

    mutating func add(
        _ name: String,
        help: String,
        kind: MetricKind,
        _ samples: some Collection<(LabelSet, MetricValue)>
    ) {
        let known = self.families[name]
        guard known.map({ $0.kind == kind }) ?? (self.families.count < self.mostFamilies) else {
            self.dropped += UInt64(samples.count)
            return
        }
        // Taken out meanwhile, so that it isn't copied.
        self.families[name] = nil
        var family = known ?? Family(help: help, kind: kind)
        let room = samples.prefix(max(self.mostSeries - family.series.count, 0))
        for (labels, value) in room {
            if family.series[labels] == nil, Self.fits(value, kind) {
                family.series[labels] = value
            } else {
                self.dropped += 1
            }
        }
        self.dropped += UInt64(samples.count - room.count)
        self.families[name] = family
    }

    private static func fits(_ value: MetricValue, _ kind: MetricKind) -> Bool {
        switch value {
        case .histogram(let histogram): kind == .histogram && histogram.isConsistent
        case .number, .count: kind != .histogram
        }
    }

    /// The text, with the count of all that was ever left out as a metric of its own.
    /// - Parameter droppedBefore: How many series have been left out until now, elsewhere and in texts before this one.
    mutating func render(droppedBefore: UInt64) -> String {
        self.removeClashes()
        self.families[Self.droppedName] = Family(
            help: "Series left out of this text: too many of one metric, or twice the same. Should never grow.",
            kind: .counter,
            series: [LabelSet([]): .count(droppedBefore &+ self.dropped)]
        )
        var text = ""
        for (name, family) in self.families.sorted(by: { $0.key < $1.key }) where !family.series.isEmpty {
            text += "# HELP \(name) \(Self.escapedHelp(family.help))\n# TYPE \(name) \(family.kind.rawValue)\n"
            for (labels, value) in family.series.sorted(by: { $0.key < $1.key }) {
                Self.append(name, labels, value, to: &text)
            }
        }
        return text
    }

    /// What the lines of a histogram are called, no other metric may be.
    private mutating func removeClashes() {
        for (name, family) in self.families where family.kind == .histogram && !family.series.isEmpty {
            for ending in ["_bucket", "_sum", "_count"] {
                guard let clash = self.families.removeValue(forKey: name + ending) else { continue }
                self.dropped += UInt64(clash.series.count)
            }
        }
    }

    private static func append(_ name: String, _ labels: LabelSet, _ value: MetricValue, to text: inout String) {
        switch value {
        case .number(let number):
            text += "\(name)\(labels.inBraces) \(Self.number(number))\n"
        case .count(let count):
            text += "\(name)\(labels.inBraces) \(count)\n"
        case .histogram(let histogram):
            let (buckets, all) = histogram.cumulative
            for (bound, count) in zip(histogram.bounds, buckets) {
                text += "\(name)_bucket\(labels.with(bound: Self.number(bound))) \(count)\n"
            }
            text += "\(name)_bucket\(labels.with(bound: "+Inf")) \(all)\n"
            text += "\(name)_sum\(labels.inBraces) \(Self.number(histogram.sum))\n"
            text += "\(name)_count\(labels.inBraces) \(all)\n"
        }
    }

    /// A number as Go's `ParseFloat` reads it, the shortest that is exact.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        if let whole = Int64(exactly: value), whole.magnitude < 1 << 53 { return String(whole) }
        return value.description
    }

    /// In help, quotation marks are as they are.
    private static func escapedHelp(_ help: String) -> String {
        LabelSet.escaped(help).replacing(#"\""#, with: "\"")
    }
}
