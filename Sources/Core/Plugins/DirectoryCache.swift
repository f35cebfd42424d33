internal import PluginAPI
internal import Synchronization
internal import Telephony

/// What a directory answered of late, and who is asking it at the moment.
///
/// Those who ask the same at the same time share one question. It goes on when the one who was first gives up.
final class DirectoryCache: Sendable {
    enum Key: Hashable, Sendable {
        case username(Username)
        case dialString(DialString)
    }

    /// A question under way.
    struct Flight: Hashable, Sendable {
        let key: Key
        /// Which time of the cache it belongs to: one from before ``clear()`` is nobody's any more.
        fileprivate let generation: Int
    }

    private struct Answer {
        let entry: DirectoryEntry?
        let freshUntil: Duration
        let staleUntil: Duration
    }

    private typealias Waiting = CheckedContinuation<DirectoryEntry?, any Error>

    private struct State {
        /// Two ages: when the young answers are half of all that may be, the old ones go, and they are old.
        var young: [Key: Answer] = [:]
        var old: [Key: Answer] = [:]
        var waiting: [Flight: [Int: Waiting]] = [:]
        /// Which flight each of those who wait is on.
        var flights: [Int: Flight] = [:]
        var nextNumber = 0
        var generation = 0

        func answer(to key: Key) -> Answer? { self.young[key] ?? self.old[key] }
    }

    private let policy: DirectoryCachePolicy
    private let state = Mutex(State())

    init(_ policy: DirectoryCachePolicy) {
        self.policy = policy
    }

    /// The answer, if it is fresh: `.some(nil)` is that there is no such entry.
    func fresh(_ key: Key, at now: Duration) -> DirectoryEntry?? {
        self.state.withLock { state in
            guard let answer = state.answer(to: key), now < answer.freshUntil else { return .none }
            return .some(answer.entry)
        }
    }

    /// Waits for the answer.
    ///
    /// - Parameter begin: Called when nobody is asking already: has to ask, and then to call ``land(_:with:at:)``.
    /// - Throws: What the question throws; `CancellationError` at once when the caller gives up.
    func answer(to key: Key, begin: (Flight) -> Void) async throws -> DirectoryEntry? {
        let number = self.state.withLock { state in
            state.nextNumber += 1
            return state.nextNumber
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let (isCancelled, first) = self.state.withLock { state -> (Bool, Flight?) in
                    guard !Task.isCancelled else { return (true, nil) }
                    let flight = Flight(key: key, generation: state.generation)
                    let isFirst = state.waiting[flight] == nil
                    state.waiting[flight, default: [:]][number] = continuation
                    state.flights[number] = flight
                    return (false, isFirst ? flight : nil)
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) }
                if let first { begin(first) }
            }
        } onCancel: {
            let waiting = self.state.withLock { state -> Waiting? in
                guard let flight = state.flights.removeValue(forKey: number) else { return nil }
                return state.waiting[flight]?.removeValue(forKey: number)
            }
            waiting?.resume(throwing: CancellationError())
        }
    }

    /// Takes an answer in, and gives it to all who wait for it.
    func land(_ flight: Flight, with result: Result<DirectoryEntry?, any Error>, at now: Duration) {
        let waiting = self.state.withLock { state in
            if flight.generation == state.generation, case .success(let entry) = result {
                let end = now + (entry == nil ? self.policy.missing : self.policy.found)
                if state.young.count >= max(self.policy.entries / 2, 1) {
                    state.old = state.young
                    state.young = [:]
                }
                state.young[flight.key] = Answer(entry: entry, freshUntil: end, staleUntil: end + self.policy.stale)
            } else if case .failure(PluginError.inconsistent) = result {
                // What was known of it is in doubt now, whatever comes after.
                state.young[flight.key] = nil
                state.old[flight.key] = nil
            }
            let waiting = state.waiting.removeValue(forKey: flight) ?? [:]
            for number in waiting.keys { state.flights[number] = nil }
            return waiting
        }
        for continuation in waiting.values { continuation.resume(with: result) }
    }

    /// An entry of before, for want of a better answer.
    func stale(_ key: Key, at now: Duration) -> DirectoryEntry? {
        self.state.withLock { state in
            guard let answer = state.answer(to: key), now < answer.staleUntil else { return nil }
            return answer.entry
        }
    }

    /// Forgets everything. What is under way is still answered, and not kept.
    func clear() {
        self.state.withLock { state in
            state.young = [:]
            state.old = [:]
            state.generation += 1
        }
    }
}
