/// The last calls that have ended, with their stories. A ring: the oldest is overwritten.
package struct CallHistory: Sendable {
    private var traces: [CallTrace] = []
    /// Where the next one goes.
    private var place = 0
    private(set) var capacity: Int

    init(capacity: Int) {
        self.capacity = max(capacity, 0)
    }

    /// The last one first.
    package var newestFirst: [CallTrace] {
        (self.traces[..<self.place].reversed() + self.traces[self.place...].reversed())
    }

    package func trace(of call: CallID) -> CallTrace? {
        self.traces.first { $0.call == call }
    }

    mutating func append(_ trace: CallTrace) {
        guard self.capacity > 0 else { return }
        if self.place < self.traces.count {
            self.traces[self.place] = trace
        } else {
            self.traces.append(trace)
        }
        self.place = (self.place + 1) % self.capacity
    }

    /// Changes one of the last two: a transfer ends two calls at once, at most.
    mutating func amend(_ call: CallID, _ change: (inout CallTrace) -> Void) -> CallTrace? {
        for back in 1...2 where back <= self.traces.count {
            let index = (self.place + self.traces.count - back) % self.traces.count
            guard self.traces[index].call == call else { continue }
            change(&self.traces[index])
            return self.traces[index]
        }
        return nil
    }

    /// Remembers so many from now on.
    mutating func resize(_ capacity: Int) {
        let capacity = max(capacity, 0)
        guard capacity != self.capacity else { return }
        self.traces = Array(self.newestFirst.prefix(capacity).reversed())
        self.place = capacity > 0 ? self.traces.count % capacity : 0
        self.capacity = capacity
    }
}
