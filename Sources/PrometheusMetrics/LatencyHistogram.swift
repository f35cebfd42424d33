/// How long something took, each time: a plain value for its owner to keep under the owner's lock.
///
/// To note a duration takes some twenty subtractions without a branch between them, and no memory: the counts
/// are part of the value, so neither a copy nor a snapshot makes the next ``note(_:)`` copy anything.
package struct LatencyHistogram: Sendable, Equatable {
    private static let size = 18
    /// From a lookup in memory to a phone that rings for two minutes. Nanoseconds, inclusive.
    private static let limits: InlineArray<18, UInt64> = [
        500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000, 250_000_000,
        500_000_000, 1_000_000_000, 2_500_000_000, 5_000_000_000, 10_000_000_000, 20_000_000_000, 30_000_000_000,
        60_000_000_000, 120_000_000_000,
    ]

    /// The upper bounds of the buckets in seconds.
    package static let bounds: [Double] = (0..<Self.size).map { Double(Self.limits[$0]) / 1e9 }

    /// The last is of what took longer than all bounds.
    private var counts = InlineArray<19, UInt64>(repeating: 0)
    private var nanoseconds: UInt64 = 0

    package init() {}

    /// Counts one; a negative duration, which only a clock that is wrong can give, counts as none at all.
    package mutating func note(_ duration: Duration) {
        self.note(nanoseconds: Self.nanoseconds(in: duration))
    }

    mutating func note(nanoseconds: UInt64) {
        // What is longer than a bound leaves a negative difference, the sign of which is added up. A comparison would become
        // a jump that the processor guesses wrong: 35 ns for each call instead of 24, most of which is `Duration`'s.
        let clamped = min(nanoseconds, UInt64(Int64.max))
        var bucket: UInt64 = 0
        for index in 0..<Self.size {
            bucket &+= (Self.limits[index] &- clamped) >> 63
        }
        self.counts[Int(truncatingIfNeeded: bucket)] &+= 1
        self.nanoseconds = Self.sum(self.nanoseconds, nanoseconds)
    }

    package static func == (left: LatencyHistogram, right: LatencyHistogram) -> Bool {
        left.nanoseconds == right.nanoseconds && (0...Self.size).allSatisfy { left.counts[$0] == right.counts[$0] }
    }

    /// Adds what another one counted.
    package mutating func merge(_ other: LatencyHistogram) {
        for index in 0...Self.size {
            self.counts[index] &+= other.counts[index]
        }
        self.nanoseconds = Self.sum(self.nanoseconds, other.nanoseconds)
    }

    package var count: UInt64 {
        (0...Self.size).reduce(0) { $0 &+ self.counts[$1] }
    }

    package var snapshot: HistogramSnapshot {
        HistogramSnapshot(
            bounds: Self.bounds,
            counts: (0..<Self.size).map { self.counts[$0] },
            sum: Double(self.nanoseconds) / 1e9,
            count: self.count
        )
    }

    /// Whole nanoseconds, rounded up so that what is longer than a bound is not in its bucket. At most 584 years.
    static func nanoseconds(in duration: Duration) -> UInt64 {
        let (seconds, attoseconds) = duration.components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let (whole, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return .max }
        return Self.sum(whole, UInt64((attoseconds + 999_999_999) / 1_000_000_000))
    }

    private static func sum(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? .max : sum
    }
}
