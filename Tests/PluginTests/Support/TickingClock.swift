import Synchronization

/// A clock for a loop that sleeps between its rounds: each ``tick()`` ends one sleep.
///
/// Two ticks are one whole round, because the second waits until somebody sleeps again.
final class TickingClock: Clock {
    struct Instant: InstantProtocol {
        var offset: Duration

        func advanced(by duration: Duration) -> Instant { Instant(offset: self.offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - self.offset }
        static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private struct State {
        var sleeper: (number: Int, continuation: CheckedContinuation<Void, any Error>)?
        var ticker: CheckedContinuation<Void, Never>?
        var number = 0
    }

    private let state = Mutex(State())

    var now: Instant { Instant(offset: .zero) }
    var minimumResolution: Duration { .zero }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let number = self.state.withLock { state in
            state.number += 1
            return state.number
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let (ticker, isCancelled) = self.state.withLock { state in
                    guard !Task.isCancelled else { return (nil as CheckedContinuation<Void, Never>?, true) }
                    defer { state.ticker = nil }
                    if state.ticker == nil { state.sleeper = (number, continuation) }
                    return (state.ticker, false)
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) }
                if let ticker {
                    ticker.resume()
                    continuation.resume()
                }
            }
        } onCancel: {
            let sleeper = self.state.withLock { state -> CheckedContinuation<Void, any Error>? in
                guard let sleeper = state.sleeper, sleeper.number == number else { return nil }
                state.sleeper = nil
                return sleeper.continuation
            }
            sleeper?.resume(throwing: CancellationError())
        }
    }

    /// Waits until somebody sleeps, and wakes him.
    func tick() async {
        await withCheckedContinuation { continuation in
            let sleeper = self.state.withLock { state -> CheckedContinuation<Void, any Error>? in
                defer { state.sleeper = nil }
                if state.sleeper == nil { state.ticker = continuation }
                return state.sleeper?.continuation
            }
            guard let sleeper else { return }
            sleeper.resume()
            continuation.resume()
        }
    }

    /// One whole round of the loop.
    func round() async {
        await self.tick()
        await self.tick()
    }
}
