import Synchronization

/// A clock that stands still until a test moves it.
///
/// ``sleepers(_:)`` tells when somebody has lain down, so that a test neither moves the clock too early nor sleeps itself.
final class ManualClock: Clock {
    struct Instant: InstantProtocol {
        var offset: Duration

        func advanced(by duration: Duration) -> Instant { Instant(offset: self.offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - self.offset }
        static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private struct Sleeper {
        let deadline: Instant
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct Waiter {
        let count: Int
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var now = Instant(offset: .zero)
        var sleepers: [Int: Sleeper] = [:]
        var nextSleeper = 0
        var waiters: [Waiter] = []

        /// Those who have waited for as many sleepers as there are.
        mutating func takeContentWaiters() -> [Waiter] {
            let content = self.waiters.filter { $0.count <= self.sleepers.count }
            self.waiters.removeAll { $0.count <= self.sleepers.count }
            return content
        }
    }

    private let state = Mutex(State())

    var now: Instant { self.state.withLock(\.now) }
    var minimumResolution: Duration { .zero }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let number = self.state.withLock { state in
            state.nextSleeper += 1
            return state.nextSleeper
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let (isOver, content) = self.state.withLock { state in
                    guard !Task.isCancelled, deadline > state.now else { return (true, [] as [Waiter]) }
                    state.sleepers[number] = Sleeper(deadline: deadline, continuation: continuation)
                    return (false, state.takeContentWaiters())
                }
                content.forEach { $0.continuation.resume() }
                if isOver {
                    continuation.resume(with: Result { try Task.checkCancellation() })
                }
            }
        } onCancel: {
            let sleeper = self.state.withLock { $0.sleepers.removeValue(forKey: number) }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Waits until so many sleep at once.
    func sleepers(_ count: Int) async {
        await withCheckedContinuation { continuation in
            let isContent = self.state.withLock { state in
                guard state.sleepers.count < count else { return true }
                state.waiters.append(Waiter(count: count, continuation: continuation))
                return false
            }
            if isContent { continuation.resume() }
        }
    }

    /// Moves the clock and wakes everybody whose time has come.
    func advance(by duration: Duration) {
        let due = self.state.withLock { state in
            state.now = state.now.advanced(by: duration)
            let due = state.sleepers.filter { $0.value.deadline <= state.now }
            for number in due.keys { state.sleepers[number] = nil }
            return due.values.map(\.continuation)
        }
        due.forEach { $0.resume() }
    }
}
