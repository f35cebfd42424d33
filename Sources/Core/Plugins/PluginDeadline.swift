internal import Synchronization

/// The time was up before there was an answer.
struct DeadlinePassed: Error {}

/// Runs an operation and stops waiting for it when the time is up, whether or not it heeds its cancellation.
///
/// A task group would wait for its children, and so for a plugin that hangs: hence a continuation that whoever comes
/// first resumes.
///
/// - Parameters:
///   - executor: The plugin's own threads, so that one that blocks them blocks nobody else; `nil` for the shared ones.
///   - late: Told what came of the operation when it ends after all.
func answer<Value: Sendable>(
    within limit: Duration,
    clock: any Clock<Duration>,
    on executor: (any TaskExecutor)? = nil,
    _ operation: @Sendable @escaping () async throws -> Value,
    late: @Sendable @escaping (Result<Value, any Error>) async -> Void = { _ in }
) async throws -> Value {
    let race = Race<Value>()
    return try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { continuation in
            race.begin(continuation)
            let timer = Task {
                do {
                    try await clock.sleep(for: limit)
                } catch {
                    return
                }
                _ = race.finish(.failure(DeadlinePassed()))
            }
            // Known before there can be an answer: once there is one, nobody sleeps any more.
            race.hold(timer: timer)
            let work = Task(executorPreference: executor) {
                let result: Result<Value, any Error>
                do {
                    result = .success(try await operation())
                } catch {
                    result = .failure(error)
                }
                if !race.finish(result) { await late(result) }
            }
            race.hold(work: work)
        }
    } onCancel: {
        _ = race.finish(.failure(CancellationError()))
    }
}

/// Lets the first result through and cancels what is still under way.
private final class Race<Value: Sendable>: Sendable {
    private struct State {
        var continuation: CheckedContinuation<Value, any Error>?
        var result: Result<Value, any Error>?
        var timer: Task<Void, Never>?
        var work: Task<Void, Never>?
    }

    private let state = Mutex(State())

    func begin(_ continuation: CheckedContinuation<Value, any Error>) {
        let result = self.state.withLock { state in
            state.continuation = state.result == nil ? continuation : nil
            return state.result
        }
        // Cancelled before it began.
        if let result { continuation.resume(with: result) }
    }

    /// The timer is cancelled when the race is over.
    func hold(timer: Task<Void, Never>) {
        let isOver = self.state.withLock { state in
            state.timer = timer
            return state.result != nil
        }
        if isOver { timer.cancel() }
    }

    /// The work is cancelled when the race is over.
    func hold(work: Task<Void, Never>) {
        let isOver = self.state.withLock { state in
            state.work = work
            return state.result != nil
        }
        if isOver { work.cancel() }
    }

    /// Whether this result was the first.
    func finish(_ result: Result<Value, any Error>) -> Bool {
        let settled: State? = self.state.withLock { state in
            guard state.result == nil else { return nil }
            state.result = result
            return state
        }
        guard let settled else { return false }
        settled.timer?.cancel()
        settled.continuation?.resume(with: result)
        // Last, since it runs the plugin's own cancellation handlers.
        settled.work?.cancel()
        return true
    }
}
