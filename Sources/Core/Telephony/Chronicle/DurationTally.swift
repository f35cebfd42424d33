/// How long something took, counted by size, for histograms.
package struct DurationTally: Sendable, Hashable {
    /// Upper bounds of the buckets, in nanoseconds; what took longer is in the last bucket, which has none.
    package static let bounds: [Int64] = [
        1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000, 250_000_000, 500_000_000,
        1_000_000_000, 2_500_000_000, 5_000_000_000, 10_000_000_000, 20_000_000_000, 30_000_000_000, 60_000_000_000,
    ]

    /// How many were no longer than each bound, and longer than the one before.
    package private(set) var buckets = Array(repeating: 0, count: Self.bounds.count + 1)
    package private(set) var count = 0
    /// In nanoseconds.
    package private(set) var sum: Int64 = 0

    package init() {}

    mutating func note(from begin: Moment, to end: Moment) {
        let (difference, isBeyond) = end.nanoseconds.subtractingReportingOverflow(begin.nanoseconds)
        guard !isBeyond, difference >= 0 else { return }
        self.count += 1
        self.sum = self.sum.addingReportingOverflow(difference).partialValue
        self.buckets[Self.bounds.firstIndex { difference <= $0 } ?? Self.bounds.count] += 1
    }
}
