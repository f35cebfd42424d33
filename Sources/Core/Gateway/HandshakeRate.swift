internal import Synchronization
package import Telephony

/// How fast each address may come in. May be asked on any thread.
package final class HandshakeRate: Sendable {
    private let perSecond: Int
    private let burst: Int
    /// How many addresses are remembered before those are forgotten that have not come lately.
    private let capacity: Int
    private let limits = Mutex<[String: RateLimit]>([:])

    package init(perSecond: Int, burst: Int, capacity: Int = 20000) {
        self.perSecond = perSecond
        self.burst = burst
        self.capacity = capacity
    }

    /// Whether one more handshake from there is within the limit, and if so counts it.
    package func admit(_ address: String, at now: Moment) -> Bool {
        self.limits.withLock { limits in
            if limits.count >= self.capacity, limits[address] == nil {
                limits = limits.filter { !$0.value.isIdle(at: now) }
                // All of them busy: better no limit for a moment than no room for anybody.
                if limits.count >= self.capacity { limits = [:] }
            }
            return limits[address, default: RateLimit()].admit(at: now, perSecond: self.perSecond, burst: self.burst)
        }
    }

    /// How many addresses are remembered.
    package var count: Int { self.limits.withLock(\.count) }
}
