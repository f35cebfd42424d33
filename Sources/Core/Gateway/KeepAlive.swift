/// Whether a client is still there. Only bytes that *arrive* prove it; what is written to it proves nothing.
package struct KeepAlive: Sendable, Hashable {
    /// How many pings may stay without any answer.
    package static let patience = 2

    package enum Verdict: Sendable, Hashable {
        case ping
        case lost
    }

    private var unanswered = 0

    package init() {}

    /// Bytes arrived.
    package mutating func heard() {
        self.unanswered = 0
    }

    /// Whether nothing has arrived for longer than a ping interval: a ping has stayed without an answer for all of it.
    package var isSilent: Bool { self.unanswered >= Self.patience }

    /// A ping interval has passed.
    package mutating func intervalPassed() -> Verdict {
        guard self.unanswered < Self.patience else { return .lost }
        self.unanswered += 1
        return .ping
    }
}
