/// What the exchange wants to be reminded of. Whoever is reminded looks whether it still matters: nothing is ever cancelled.
package enum ExchangeTimer: Sendable, Hashable {
    /// Nobody answered in time.
    case ring(CallID)
    /// A device whose socket was just lost has not come back for this new call.
    case parkedLeg(CallID, Seat)
    /// A client may have been away for too long.
    case absence(RegistrationID)
    /// A client that can be woken may have slept for too long.
    case retention(RegistrationID)
    /// A push is too old to be answered.
    case wakeup(SecretDigest)
    /// A client's messaging service may not have known it for too long.
    case quarantine(RegistrationID)
}

/// Reminders in the order in which they are due, and those of one moment in the order in which they were set: a heap.
package struct TimerQueue<Time: Comparable & Sendable, Timer: Sendable>: Sendable {
    private struct Entry: Sendable {
        let due: Time
        let number: UInt64
        let timer: Timer

        static func < (left: Entry, right: Entry) -> Bool {
            left.due < right.due || (left.due == right.due && left.number < right.number)
        }
    }

    /// No entry is due before the one at half its index, counted from 1.
    private var heap: [Entry] = []
    private var lastNumber: UInt64 = 0

    package init() {}

    package var count: Int { self.heap.count }

    package mutating func remind(of timer: Timer, at due: Time) {
        self.lastNumber += 1
        let entry = Entry(due: due, number: self.lastNumber, timer: timer)
        self.heap.append(entry)
        var hole = self.heap.count - 1
        while hole > 0, entry < self.heap[(hole - 1) / 2] {
            self.heap[hole] = self.heap[(hole - 1) / 2]
            hole = (hole - 1) / 2
        }
        self.heap[hole] = entry
    }

    /// When the next reminder is due.
    package var next: Time? { self.heap.first?.due }

    /// The next reminder that is due by now, taken out.
    package mutating func takeDue(by now: Time) -> Timer? {
        guard let first = self.heap.first, first.due <= now, let last = self.heap.popLast() else { return nil }
        if !self.heap.isEmpty {
            self.sink(last)
        }
        return first.timer
    }

    /// Fills the place of the first entry, which was taken out.
    private mutating func sink(_ entry: Entry) {
        var hole = 0
        while true {
            var child = 2 * hole + 1
            guard child < self.heap.count else { break }
            if child + 1 < self.heap.count, self.heap[child + 1] < self.heap[child] {
                child += 1
            }
            guard self.heap[child] < entry else { break }
            self.heap[hole] = self.heap[child]
            hole = child
        }
        self.heap[hole] = entry
    }
}
