/// What a metric is: it decides how Prometheus may reckon with it.
package enum MetricKind: String, Sendable {
    /// Only grows, until the process starts anew. Its name ends in `_total`.
    case counter
    /// Rises and falls.
    case gauge
    /// How many observations were no larger than each of some bounds.
    case histogram
}

/// A metric by its name and all its series, as they are when Prometheus asks.
package struct MetricFamily: Sendable {
    /// One series: a number, and what distinguishes it from the others of the family.
    package struct Sample: Sendable {
        /// Two labels of one name are one: the first counts.
        package var labels: [(name: String, value: String)]
        package var value: MetricValue

        package init(labels: [(name: String, value: String)] = [], value: MetricValue) {
            self.labels = labels
            self.value = value
        }
    }

    /// Ours begin with `anynode_`; times are in seconds and sizes in bytes, and the name says so.
    package var name: String
    /// One line for whoever meets the metric; at most 256 bytes are shown.
    package var help: String
    package var kind: MetricKind
    package var samples: [Sample]

    package init(name: String, help: String, kind: MetricKind, samples: [Sample]) {
        self.name = name
        self.help = help
        self.kind = kind
        self.samples = samples
    }

    /// A family of a single series without labels.
    package init(name: String, help: String, kind: MetricKind, value: MetricValue) {
        self.init(name: name, help: help, kind: kind, samples: [Sample(value: value)])
    }
}

/// What a series says: a number, or a distribution.
package enum MetricValue: Sendable, Equatable {
    case number(Double)
    /// A count, exact beyond the 2⁵³ that a `Double` can tell apart.
    case count(UInt64)
    case histogram(HistogramSnapshot)

    /// A count; a negative one, which can't be, is none.
    package static func count(_ value: Int) -> MetricValue { .count(UInt64(max(value, 0))) }
}

extension MetricValue: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral {
    package init(integerLiteral value: Int64) { self = .number(Double(value)) }
    package init(floatLiteral value: Double) { self = .number(value) }
}
