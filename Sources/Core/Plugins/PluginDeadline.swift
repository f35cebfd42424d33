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
            let work = Task(executorPreference: executor) {
                let result: Result<Value, any Error>
                do {
                    result = .success(try await operation())
                } catch {
                    result = .failure(error)
                }
                if !race.finish(result) { await late(result) }
            }
            let timer = Task {
                do {
                    try await clock.sleep(for: limit)
                } catch {
                    return
                }
                _ = race.finish(.failure(DeadlinePassed()))
            }
            race.set([work.cancel, timer.cancel])
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
        var cancellations: [@Sendable () -> Void] = []
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

    func set(_ cancellations: [@Sendable () -> Void]) {
        let isOver = self.state.withLock { state in
            state.cancellations = cancellations
            return state.result != nil
        }
        if isOver { cancellations.forEach { $0() } }
    }

    /// Whether this result was the first.
    func finish(_ result: Result<Value, any Error>) -> Bool {
        let settled: State? = self.state.withLock { state in
            guard state.result == nil else { return nil }
            state.result = result
            return state
        }
        guard let settled else { return false }
        settled.continuation?.resume(with: result)
        settled.cancellations.forEach { $0() }
        return true
    }
}
