internal import Logging
internal import PluginAPI
internal import Synchronization
internal import Telephony

/// Makes the list of all numbers, again and again.
final class NumberListing: Sendable {
    private let settings: NumberSettings
    private let people: PeopleSearch
    private let contradictions: ContradictionLog
    private let logger: Logger
    private let clock: any Clock<Duration>
    private let state = Mutex(State())

    private struct State {
        var index: NumberIndex?
        /// Those who wait for the first list.
        var waiting: [Int: CheckedContinuation<NumberIndex, any Error>] = [:]
        var nextNumber = 0
        var work: Task<Void, Never>?
        var isStopped = false
    }

    /// After a list that could not be made.
    private static let pause = Duration.seconds(5)

    init(
        _ settings: NumberSettings,
        _ people: PeopleSearch,
        _ contradictions: ContradictionLog,
        logger: Logger,
        clock: any Clock<Duration>
    ) {
        self.settings = settings
        self.people = people
        self.contradictions = contradictions
        self.logger = logger
        self.clock = clock
    }

    // MARK: Life

    func start() {
        guard self.settings.isIndexed else { return }
        // Weak, so that a plugin nobody stopped does not live for its list.
        let work = Task { [weak self, clock] in
            while let pause = await self?.refresh() {
                do {
                    try await clock.sleep(for: pause)
                } catch {
                    return
                }
            }
        }
        self.state.withLock { $0.work = work }
    }

    func stop() async {
        let (work, waiting) = self.state.withLock { state in
            state.isStopped = true
            defer { state.waiting = [:] }
            return (state.work, state.waiting.values)
        }
        waiting.forEach { $0.resume(throwing: PluginError.unavailable("the plugin is stopped")) }
        work?.cancel()
        await work?.value
    }

    // MARK: The list

    /// The last one; `nil` when there is none yet.
    var index: NumberIndex? { self.state.withLock(\.index) }

    /// The first one is still to come.
    var isPending: Bool { self.settings.isIndexed && self.index == nil }

    /// Waits for the first one.
    func first() async throws -> NumberIndex {
        let number = self.state.withLock { state in
            state.nextNumber += 1
            return state.nextNumber
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result: Result<NumberIndex, any Error>? = self.state.withLock { state in
                    if let index = state.index { return .success(index) }
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if state.isStopped { return .failure(PluginError.unavailable("the plugin is stopped")) }
                    state.waiting[number] = continuation
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            let waiting = self.state.withLock { $0.waiting.removeValue(forKey: number) }
            waiting?.resume(throwing: CancellationError())
        }
    }

    /// Waits for the first one, but not for ever.
    func settle(within limit: Duration) async {
        guard self.isPending else { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { _ = try? await self.first() }
            group.addTask { [clock] in try? await clock.sleep(for: limit) }
            await group.next()
            group.cancelAll()
        }
    }

    /// What an operator should know.
    var problem: String? {
        guard let index = self.index else { return nil }
        if index.isIncomplete {
            return """
                the directory lists only a part of its entries to us (\(index.count) numbers), so that numbers written with \
                separators are not found; raise its limits for the service account
                """
        }
        let contested = index.contested.count
        guard contested > 0 else { return nil }
        return "\(contested) \(contested == 1 ? "number has" : "numbers have") two owners; the log names them"
    }

    /// - Returns: How long to pause; `nil`: for ever.
    private func refresh() async -> Duration? {
        let index: NumberIndex
        do {
            index = try await self.people.index()
        } catch is CancellationError {
            return nil
        } catch {
            self.logger.debug("the numbers can't be listed now", metadata: ["problem": "\(error)"])
            return self.state.withLock(\.isStopped) ? nil : min(Self.pause, self.settings.refresh)
        }
        let (waiting, wasIncomplete) = self.state.withLock { state in
            let wasIncomplete = state.index?.isIncomplete ?? false
            state.index = index
            defer { state.waiting = [:] }
            return (state.waiting.values, wasIncomplete)
        }
        waiting.forEach { $0.resume(returning: index) }
        self.logger.debug("numbers listed", metadata: ["numbers": "\(index.count)"])
        if index.isIncomplete, !wasIncomplete { self.logger.warning("\(self.problem ?? "")") }
        self.contradictions.keep(Set(index.contested.map { Contradiction($0.key, names: $0.value) }))
        return self.settings.refresh
    }
}
