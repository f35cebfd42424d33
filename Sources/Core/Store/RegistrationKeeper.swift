package import Logging
package import PluginAPI
internal import Synchronization
import Telephony

/// Writes down what must outlive the process, behind the switchboard's back: changes are collected for a moment and written
/// together, one batch at a time. On any thread.
///
/// A store that fails costs its promises and nothing else: the server goes on, says so in health, and tries again with
/// everything that has not been stored yet.
package final class RegistrationKeeper: Sendable {
    /// So much can be lost at most when the machine stops at once, beside what the disk takes to write.
    static let delay = Duration.milliseconds(50)
    private static let (firstPause, longestPause) = (Duration.milliseconds(500), Duration.seconds(30))

    private struct State {
        var pending = PendingChanges()
        var task: Task<Void, Never>?
        /// Wakes the writer before its time is up.
        var nudge: CheckedContinuation<Void, Never>?
        var isNudged = false
        var isClosed = false
        var failure: String?
    }

    private let store: PluginInstance
    private let plugin: any StorePlugin
    private let clock: any Clock<Duration>
    private let logger: Logger
    private let state = Mutex(State())

    /// Makes the store that is configured; it is opened by ``start()``.
    package static func make(
        _ configuration: StoreConfiguration,
        catalog: [any Plugin.Type],
        baseDirectory: String,
        logger: Logger,
        clock: any Clock<Duration> = ContinuousClock()
    ) throws(ConfigurationProblems) -> RegistrationKeeper {
        let entry = PluginConfiguration(
            name: "store",
            kind: configuration.kind,
            settings: configuration.settings,
            pointer: configuration.pointer
        )
        guard let type = catalog.first(where: { $0.kind == configuration.kind }) else {
            throw ConfigurationProblems([PluginHost.unknownKind(entry)])
        }
        let deadlines = PluginDeadlines()
        let maker = PluginMaker(baseDirectory: baseDirectory, logger: logger, deadlines: deadlines, clock: clock)
        let instance = try maker.make(entry, of: PluginKind(type))
        guard let plugin = instance.plugin as? any StorePlugin else {
            throw ConfigurationProblems([PluginHost.unknownKind(entry)])
        }
        return RegistrationKeeper(instance, plugin, clock: clock, logger: logger)
    }

    init(_ store: PluginInstance, _ plugin: any StorePlugin, clock: any Clock<Duration>, logger: Logger) {
        self.store = store
        self.plugin = plugin
        self.clock = clock
        self.logger = logger
    }

    // MARK: Life

    /// Opens the store. When it can't be opened the server goes on without it, and it is not asked anything.
    package func start() async {
        do {
            try await self.store.start()
        } catch {
            let problem = PluginInstance.describe(error, late: "it took too long")
            self.logger.error(
                "the store can't be used: whoever sleeps is forgotten at the next start",
                metadata: ["problem": .string(problem)]
            )
            return
        }
        let task = Task { await self.write() }
        self.state.withLock { $0.task = task }
    }

    /// Writes what is left, and closes the store.
    package func stop() async {
        let task = self.state.withLock { state in
            state.isClosed = true
            state.isNudged = true
            state.nudge.take()?.resume()
            return state.task
        }
        await task?.value
        let waiters = self.state.withLock { $0.pending.takeAll().waiters }
        for waiter in waiters { waiter(false) }
        await self.store.stop()
    }

    /// Whether anything can be stored.
    package var isOpen: Bool { self.store.isRunning && !self.state.withLock(\.isClosed) }

    /// What is to be written down and is not yet.
    package var unstoredChanges: Int { self.state.withLock { $0.pending.count } }

    /// How the store is.
    package func health() async -> PluginHealth {
        if let failure = self.state.withLock(\.failure) {
            return .degraded("what changes is not stored: \(failure)")
        }
        return await self.store.health()
    }

    // MARK: Reading

    /// Everything there is from before. Nothing, and a line in the log, when it can't be read.
    package func load(
        _ registrations: @Sendable @escaping ([StoredRegistration]) -> Void
    ) async -> (wakeups: [StoredWakeup], snapshot: [UInt8]?) {
        guard self.isOpen else { return ([], nil) }
        let plugin = self.plugin
        do {
            return try await self.store.ask(.load, within: .seconds(300), outcome: { _ in .found }) {
                try await plugin.registrations { registrations($0) }
                return (try await plugin.wakeups(), try await plugin.snapshot())
            }
        } catch {
            let problem = PluginInstance.describe(error, late: "it took too long")
            self.logger.error("the store can't be read", metadata: ["problem": .string(problem)])
            return ([], nil)
        }
    }

    // MARK: Writing

    /// Notes changes, to be written soon.
    ///
    /// - Parameter waiter: Told when they are durable, or that they are not; on any thread.
    func note(_ changes: [(number: UInt64, change: StoreChange)], _ waiter: PendingChanges.Waiter? = nil) {
        var isRefused = false
        let nudge = self.state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard !state.isClosed, state.task != nil else {
                isRefused = true
                return nil
            }
            for (number, change) in changes {
                state.pending.note(change, number: number)
            }
            if let waiter { state.pending.wait(waiter) }
            guard !state.isNudged else { return nil }
            state.isNudged = true
            return state.nudge.take()
        }
        nudge?.resume()
        if isRefused { waiter?(false) }
    }

    /// Keeps how calls stand, instead of what was kept before.
    package func keep(snapshot: [UInt8]?) async -> Bool {
        guard self.isOpen else { return false }
        let plugin = self.plugin
        do {
            try await self.store.ask(.snapshot, outcome: { _ in .accepted }) {
                try await plugin.keep(snapshot: snapshot)
            }
            return true
        } catch {
            return false
        }
    }

    private func write() async {
        var pause = Self.firstPause
        while true {
            await self.somethingToWrite()
            let (batch, isClosed) = self.state.withLock { state in
                state.isNudged = false
                return (state.pending.takeAll(), state.isClosed)
            }
            let isStored = await self.write(batch)
            for waiter in batch.waiters { waiter(isStored) }
            if isClosed { return }
            if isStored {
                pause = Self.firstPause
            } else {
                self.state.withLock { state in
                    state.pending.putBack(batch)
                    state.isNudged = true
                }
                try? await self.clock.sleep(for: pause)
                pause = min(pause * 2, Self.longestPause)
            }
        }
    }

    /// Returns a moment after the first change: at once when somebody waits for it.
    private func somethingToWrite() async {
        await withCheckedContinuation { continuation in
            let isThere = self.state.withLock { state in
                guard !state.isNudged else { return true }
                state.nudge = continuation
                return false
            }
            if isThere { continuation.resume() }
        }
        let isUrgent = self.state.withLock { $0.pending.hasWaiters || $0.isClosed }
        if !isUrgent { try? await self.clock.sleep(for: Self.delay) }
    }

    private func write(_ batch: PendingChanges.Batch) async -> Bool {
        let changes = batch.changes
        guard !changes.isEmpty else { return true }
        let plugin = self.plugin
        do {
            try await self.store.ask(.commit, within: .seconds(30), outcome: { _ in .accepted }) {
                try await plugin.commit(changes)
            }
            let wasFailing = self.state.withLock { $0.failure.take() != nil }
            if wasFailing { self.logger.notice("changes are stored again") }
            return true
        } catch {
            let problem = PluginInstance.describe(error, late: "it took too long")
            let isNew = self.state.withLock { state in
                defer { state.failure = problem }
                return state.failure == nil
            }
            if isNew {
                self.logger.error(
                    "changes can't be stored; they are kept and tried again",
                    metadata: ["problem": .string(problem)]
                )
            }
            return false
        }
    }
}
