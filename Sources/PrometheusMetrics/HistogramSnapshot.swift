/// A distribution at one moment.
package struct HistogramSnapshot: Sendable, Equatable {
    /// Inclusive upper bounds of the buckets, ascending and finite; of latencies, in seconds.
    package var bounds: [Double]
    /// How many were no larger than each bound, and larger than the one before: one number for each bound, not cumulative.
    package var counts: [UInt64]
    /// All observations together.
    package var sum: Double
    /// How many there were, those beyond the last bound too.
    package var count: UInt64

    package init(bounds: [Double], counts: [UInt64], sum: Double, count: UInt64) {
        self.bounds = bounds
        self.counts = counts
        self.sum = sum
        self.count = count
    }

    /// Whether Prometheus could make sense of it.
    var isConsistent: Bool {
        guard self.counts.count == self.bounds.count, self.bounds.allSatisfy(\.isFinite) else { return false }
        return zip(self.bounds, self.bounds.dropFirst()).allSatisfy { $0 < $1 }
    }

    /// What so large a part of the observations (0 to 1) was no larger than, as Prometheus' `histogram_quantile` estimates it:
    /// as if they were spread evenly within their bucket, and not beyond the last bound. `nil` when there is none.
    package func quantile(_ part: Double) -> Double? {
        let (buckets, all) = self.cumulative
        guard !part.isNaN, all > 0, let last = self.bounds.last, self.isConsistent else { return nil }
        let rank = min(max(part, 0), 1) * Double(all)
        guard let bucket = buckets.firstIndex(where: { $0 > 0 && Double($0) >= rank }) else { return last }
        let (lower, below) = bucket == 0 ? (0, 0) : (self.bounds[bucket - 1], buckets[bucket - 1])
        // The first bucket that holds so many has some of its own.
        return lower + (self.bounds[bucket] - lower) * (rank - Double(below)) / Double(buckets[bucket] - below)
    }

    /// How many were no larger than each bound, as the text format wants it, and all of them at the end. The parts need
    /// not have been read at one moment, so it may be they are more than the whole: then they count.
    var cumulative: (buckets: [UInt64], all: UInt64) {
        var total: UInt64 = 0
        let buckets = self.counts.map { count in
            let (sum, overflow) = total.addingReportingOverflow(count)
            total = overflow ? .max : sum
            return total
        }
        return (buckets, max(total, self.count))
    }
}
