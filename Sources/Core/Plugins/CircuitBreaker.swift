/// Whether a plugin that keeps failing is asked at all.
///
/// *Closed*: everybody is let through. After ``threshold`` failures in a row it *opens*, and questions fail at once instead of
/// waiting for the same deadline one after the other. When its pause is over, one question is let through as a *probe*; what becomes
/// of that closes it, or opens it for twice the time.
///
/// Pure: time and chance are parameters. Time is counted from any beginning.
struct CircuitBreaker: Sendable, Equatable {
    static let threshold = 5
    static let firstPause = Duration.seconds(1)
    static let longestPause = Duration.seconds(30)

    private enum State: Equatable {
        case closed(failures: Int)
        case open(until: Duration, pause: Duration)
        case probing(pause: Duration)
    }

    private var state = State.closed(failures: 0)

    /// What becomes of a question.
    enum Admission: Equatable {
        case ask(isProbe: Bool)
        case refuse
    }

    mutating func admit(at now: Duration) -> Admission {
        switch self.state {
        case .closed:
            return .ask(isProbe: false)
        case .open(let end, let pause):
            guard now >= end else { return .refuse }
            self.state = .probing(pause: pause)
            return .ask(isProbe: true)
        case .probing:
            return .refuse
        }
    }

    /// A question was answered, be it one from before: the service is well.
    ///
    /// - Returns: Whether that has closed it.
    mutating func succeeded() -> Bool {
        defer { self.state = .closed(failures: 0) }
        if case .closed = self.state { return false }
        return true
    }

    /// A question failed.
    ///
    /// - Parameter chance: From 0 to 1; spreads the pause by a fifth to either side.
    /// - Returns: For how long that has opened it, if it has.
    mutating func failed(isProbe: Bool, at now: Duration, chance: Double) -> Duration? {
        switch self.state {
        case .closed(let failures) where failures + 1 < Self.threshold:
            self.state = .closed(failures: failures + 1)
            return nil
        case .closed:
            return self.open(for: Self.firstPause, at: now, chance)
        case .probing(let pause) where isProbe:
            return self.open(for: min(pause * 2, Self.longestPause), at: now, chance)
        case .probing, .open:
            // A question from before it opened: nothing new.
            return nil
        }
    }

    /// A question was given up by whoever asked: nothing is known, and the next one may be the probe.
    mutating func cancelled(isProbe: Bool, at now: Duration) {
        guard isProbe, case .probing(let pause) = self.state else { return }
        self.state = .open(until: now, pause: pause)
    }

    private mutating func open(for pause: Duration, at now: Duration, _ chance: Double) -> Duration {
        let spread = pause * (0.8 + 0.4 * chance)
        self.state = .open(until: now + spread, pause: pause)
        return spread
    }

    /// How long nobody will be asked; `nil` while it is closed.
    func remaining(at now: Duration) -> Duration? {
        switch self.state {
        case .closed: nil
        case .open(let end, _): max(end - now, .zero)
        case .probing: .zero
        }
    }
}
