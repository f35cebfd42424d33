import Synchronization

/// What is still to be sent to one connection. Bounded: when it is full the newest are lost, and counted. On any thread.
package final class EventQueue: Sendable {
    /// How much waits for one connection at most.
    package static let (mostEvents, mostBytes) = (10_000, 4 << 20)

    private struct State {
        var texts: [[UInt8]] = []
        var bytes = 0
        /// By subscription.
        var lost: [String: Int] = [:]
        var isClosed = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())
    private let mostEvents: Int

    package init(mostEvents: Int = EventQueue.mostEvents) {
        self.mostEvents = mostEvents
    }

    /// Returns how many of them are lost.
    @discardableResult
    func add(_ texts: [[UInt8]], of subscription: String) -> Int {
        let (lost, waiter) = self.state.withLock { state -> (Int, CheckedContinuation<Void, Never>?) in
            guard !state.isClosed else { return (0, nil) }
            var kept = 0
            for text in texts {
                guard state.texts.count < self.mostEvents, state.bytes + text.count <= Self.mostBytes else { break }
                state.texts.append(text)
                state.bytes += text.count
                kept += 1
            }
            let lost = texts.count - kept
            if lost > 0 { state.lost[subscription, default: 0] += lost }
            return (lost, state.waiter.take())
        }
        waiter?.resume()
        return lost
    }

    /// Counts what was lost before it came here.
    func lose(_ count: Int, of subscription: String) {
        let waiter = self.state.withLock { state in
            state.lost[subscription, default: 0] += count
            return state.waiter.take()
        }
        waiter?.resume()
    }

    /// What is to be sent next, and how many of each subscription were lost behind it; `nil` when nothing comes any more.
    package func next() async -> (texts: [[UInt8]], lost: [String: Int])? {
        while true {
            let (batch, isClosed) = self.state.withLock { state in
                defer { (state.texts, state.bytes, state.lost) = ([], 0, [:]) }
                return ((state.texts, state.lost), state.isClosed)
            }
            if !batch.0.isEmpty || !batch.1.isEmpty { return batch }
            if isClosed { return nil }
            await withCheckedContinuation { continuation in
                let isNeeded = self.state.withLock { state in
                    guard state.texts.isEmpty, state.lost.isEmpty, !state.isClosed else { return false }
                    state.waiter = continuation
                    return true
                }
                if !isNeeded { continuation.resume() }
            }
        }
    }

    package func close() {
        let waiter = self.state.withLock { state in
            state.isClosed = true
            return state.waiter.take()
        }
        waiter?.resume()
    }
}
