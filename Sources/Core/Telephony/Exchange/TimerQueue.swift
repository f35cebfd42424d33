/// What the exchange wants to be reminded of. Whoever is reminded looks whether it still matters: nothing is ever cancelled.
package enum ExchangeTimer: Sendable, Hashable {
    /// Nobody answered in time.
    case ring(CallID)
    /// A device whose socket was just lost has not come back for this new call.
    case parkedLeg(CallID, Seat)
    /// The reconnect grace of a registration is over.
    case grace(RegistrationID)
    /// The time for which a registration with notification data is kept is over.
    case retention(RegistrationID)
}

/// Reminders in the order in which they are due.
///
/// Nearly all reminders use one of a handful of durations, and those of one duration fall due in the order in which they
/// were set: so a queue for each duration, and neither heap nor wheel.
package struct TimerQueue: Sendable {
    private struct Lane: Sendable {
        let delay: Duration
        var entries: [(due: Moment, timer: ExchangeTimer)] = []
        var head = 0

        var first: Moment? { self.head < self.entries.count ? self.entries[self.head].due : nil }

        mutating func takeFirst() -> ExchangeTimer {
            let timer = self.entries[self.head].timer
            self.head += 1
            if self.head > 1024, self.head * 2 > self.entries.count {
                self.entries.removeFirst(self.head)
                self.head = 0
            }
            return timer
        }
    }

    private var lanes: [Lane] = []

    package init() {}

    package mutating func remind(of timer: ExchangeTimer, after delay: Duration, from now: Moment) {
        let due = now + delay
        if let index = self.lanes.firstIndex(where: { $0.delay == delay }) {
            self.lanes[index].entries.append((due, timer))
        } else {
            self.lanes.append(Lane(delay: delay, entries: [(due, timer)]))
        }
    }

    /// When the next reminder is due.
    package var next: Moment? {
        self.lanes.lazy.compactMap(\.first).min()
    }

    /// The next reminder that is due by now, taken out.
    package mutating func takeDue(by now: Moment) -> ExchangeTimer? {
        var earliest: (index: Int, due: Moment)?
        for index in self.lanes.indices {
            guard let due = self.lanes[index].first, due <= now else { continue }
            if let known = earliest, known.due <= due { continue }
            earliest = (index, due)
        }
        guard let earliest else { return nil }
        let timer = self.lanes[earliest.index].takeFirst()
        if self.lanes[earliest.index].first == nil {
            self.lanes.remove(at: earliest.index)
        }
        return timer
    }
}
