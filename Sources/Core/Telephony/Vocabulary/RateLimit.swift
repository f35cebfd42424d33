/// So many events a second, and so many at once: the generic cell rate algorithm (ITU-T I.371), eight bytes of state.
package struct RateLimit: Sendable, Hashable {
    /// The moment, in nanoseconds, by which everything admitted so far would have been due at the even rate.
    private var admittedUntil: Int64 = .min

    package init() {}

    /// Whether one more event is within the limit, and if so counts it.
    package mutating func admit(at now: Moment, perSecond rate: Int, burst: Int) -> Bool {
        guard rate > 0 else { return false }
        return self.admit(at: now, every: .nanoseconds(1_000_000_000 / rate), burst: burst)
    }

    /// The same for one event in so much time.
    package mutating func admit(at now: Moment, every time: Duration, burst: Int) -> Bool {
        let interval = time.inNanoseconds
        guard interval > 0, burst > 0 else { return false }
        let (product, isEndless) = interval.multipliedReportingOverflow(by: Int64(burst) - 1)
        let tolerance = isEndless ? .max : product
        let start = max(self.admittedUntil, now.nanoseconds)
        let (wait, isFarOff) = start.subtractingReportingOverflow(now.nanoseconds)
        guard !isFarOff, wait <= tolerance else { return false }
        let (next, isLast) = start.addingReportingOverflow(interval)
        self.admittedUntil = isLast ? .max : next
        return true
    }

    /// Whether it has admitted nothing for so long that a new one would be the same.
    package func isIdle(at now: Moment) -> Bool {
        self.admittedUntil <= now.nanoseconds
    }
}
