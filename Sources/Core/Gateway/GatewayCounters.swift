package import Synchronization

/// What is counted at the door, for metrics. On any thread.
package final class GatewayCounters: Sendable {
    /// Messages silently discarded (§8.1.3).
    package let discarded = Atomic<Int>(0)
    /// Sockets accepted.
    package let accepted = Atomic<Int>(0)
    /// Handshakes that were let in.
    package let upgraded = Atomic<Int>(0)
    /// Handshakes that were not let in.
    package let refused = Atomic<Int>(0)

    package init() {}
}

/// What became of log-ins, for metrics. On any thread.
package final class LoginCounters: Sendable {
    package let admitted = Atomic<Int>(0)
    package let refused = Atomic<Int>(0)
    package let throttled = Atomic<Int>(0)
    package let unavailable = Atomic<Int>(0)

    package init() {}
}
