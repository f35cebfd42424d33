import Telephony

/// Pushes that wait for their turn: only so many are sent at once, and only so many wait. When more come, the oldest fail,
/// for they have waited longest and have the least time left.
struct WakeupQueue: Sendable {
    struct Limits: Sendable, Hashable {
        /// Sent at the same time.
        var atOnce = 128
        /// Waiting beside them.
        var waiting = 4096
    }

    private let limits: Limits
    /// Those before `first` are gone.
    private var queue: [Wakeup] = []
    private var first = 0
    private(set) var underWay = 0

    init(_ limits: Limits = Limits()) {
        self.limits = limits
    }

    var waiting: Int { self.queue.count - self.first }

    enum Admission: Sendable, Hashable {
        /// Send it now, and report with ``finished()``.
        case send
        /// It waits for its turn. The one that had to make room for it fails.
        case wait(instead: Wakeup?)
    }

    mutating func add(_ wakeup: Wakeup) -> Admission {
        guard self.underWay >= self.limits.atOnce else {
            self.underWay += 1
            return .send
        }
        let surplus = self.waiting >= self.limits.waiting ? self.takeFirst() : nil
        self.queue.append(wakeup)
        return .wait(instead: surplus)
    }

    /// One has been sent. Returns the one whose turn it is, which is to report as well.
    mutating func finished() -> Wakeup? {
        if let next = self.takeFirst() { return next }
        self.underWay -= 1
        return nil
    }

    private mutating func takeFirst() -> Wakeup? {
        guard self.first < self.queue.count else { return nil }
        let wakeup = self.queue[self.first]
        self.first += 1
        if self.first == self.queue.count || self.first >= 1024 {
            self.queue.removeFirst(self.first)
            self.first = 0
        }
        return wakeup
    }
}
