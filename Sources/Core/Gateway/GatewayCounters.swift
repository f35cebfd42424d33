package import Synchronization

/// What is counted at the door, for metrics. On any thread.
package final class GatewayCounters: Sendable {
    /// Messages silently discarded (§8.1.3).
    package let discarded = Atomic<Int>(0)
    /// Sockets accepted.
    package let accepted = Atomic<Int>(0)
    private let statuses = Mutex<[Int: Int]>([:])

    package init() {}

    /// A handshake was answered with this HTTP status.
    func noteHandshake(_ status: Int) { self.statuses.withLock { $0[status, default: 0] += 1 } }

    /// By HTTP status; 101 for those that were let in, 408 for those that took too long.
    package var handshakes: [Int: Int] { self.statuses.withLock { $0 } }
}

/// What became of log-ins, for metrics. On any thread.
package final class LoginCounters: Sendable {
    package let admitted = Atomic<Int>(0)
    package let refused = Atomic<Int>(0)
    package let throttled = Atomic<Int>(0)
    package let unavailable = Atomic<Int>(0)

    package init() {}
}
