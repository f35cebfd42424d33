internal import Logging
internal import PluginAPI
internal import Synchronization

/// One plugin as it runs, and what the host knows about it.
///
/// All questions go through ``ask(_:)``, which gives each its deadline, bounds how many there are at once, and notes in
/// the plugin's health how it went.
final class PluginInstance: Sendable {
    let plugin: any Plugin
    private let deadlines: PluginDeadlines
    private let clock: any Clock<Duration>
    private let lanes: PluginLanes
    private let logger: Logger
    private let state = Mutex(State())

    private struct State {
        var phase = Phase.made
        /// Questions the plugin has not come back from, those included that nobody waits for any more.
        var outstanding = 0
        /// What went wrong with the last question, if it did.
        var failure: String?
        /// Told when the last outstanding question is back.
        var drained: CheckedContinuation<Void, Never>?
        /// Nobody waits for outstanding questions any more.
        var isAbandoned = false

        mutating func takeDrained() -> CheckedContinuation<Void, Never>? {
            defer { self.drained = nil }
            return self.drained
        }
    }

    private enum Phase {
        case made
        case running
        /// Says why it does not run.
        case failed(String)
        case stopped
    }

    init(_ plugin: any Plugin, name: String, logger: Logger, deadlines: PluginDeadlines, clock: any Clock<Duration>) {
        self.plugin = plugin
        self.deadlines = deadlines
        self.clock = clock
        self.lanes = PluginLanes(name: name, count: deadlines.threads)
        self.logger = logger
    }

    // MARK: Life

    /// Starts the plugin; on an error it is never asked anything.
    func start() async throws {
        let plugin = self.plugin
        do {
            try await answer(within: self.deadlines.start, clock: self.clock, on: self.lanes) {
                try await plugin.start()
            } late: { result in
                // Nobody will use what it has opened.
                if case .success = result { await plugin.stop() }
            }
            self.state.withLock { $0.phase = .running }
        } catch {
            let problem = Self.describe(error, late: "it took longer than \(self.deadlines.start)")
            self.state.withLock { $0.phase = .failed("did not start: \(problem)") }
            throw error
        }
    }

    /// Lets questions under way come back, then stops the plugin. Neither is waited for beyond its deadline.
    func stop() async {
        let wasRunning = self.state.withLock { state in
            guard case .running = state.phase else { return false }
            state.phase = .stopped
            return true
        }
        guard wasRunning else { return }
        let plugin = self.plugin
        do {
            try await answer(within: self.deadlines.question, clock: self.clock) { await self.drained() }
        } catch {
            self.logger.warning("plugin is stopped while questions are open")
        }
        let abandoned = self.state.withLock { state in
            state.isAbandoned = true
            return state.takeDrained()
        }
        abandoned?.resume()
        do {
            try await answer(within: self.deadlines.stop, clock: self.clock, on: self.lanes) { await plugin.stop() }
        } catch {
            self.logger.warning("plugin does not stop in time")
        }
    }

    private func drained() async {
        await withCheckedContinuation { continuation in
            let isDrained = self.state.withLock { state in
                guard state.outstanding > 0, !state.isAbandoned else { return true }
                state.drained = continuation
                return false
            }
            if isDrained { continuation.resume() }
        }
    }

    // MARK: Questions

    /// Puts a question to the plugin. Throws when there is no answer, for whatever reason, and remembers it.
    func ask<Value: Sendable>(_ question: @Sendable @escaping () async throws -> Value) async throws -> Value {
        try self.admit()
        do {
            let value = try await answer(within: self.deadlines.question, clock: self.clock, on: self.lanes) {
                defer { self.release() }
                return try await question()
            }
            self.succeeded()
            return value
        } catch {
            // A caller who hung up says nothing about the plugin.
            if !(error is CancellationError && Task.isCancelled) {
                self.failed(Self.describe(error, late: "no answer within \(self.deadlines.question)"))
            }
            throw error
        }
    }

    private func admit() throws {
        let limit = self.deadlines.questionsAtOnce
        let refusal: String? = self.state.withLock { state in
            switch state.phase {
            case .running: break
            case .made: return "not started"
            case .failed(let reason): return reason
            case .stopped: return "stopped"
            }
            guard state.outstanding < limit else { return "\(limit) questions are open already" }
            state.outstanding += 1
            return nil
        }
        guard let refusal else { return }
        throw PluginError.unavailable(refusal)
    }

    private func release() {
        let drained = self.state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.outstanding -= 1
            return state.outstanding == 0 ? state.takeDrained() : nil
        }
        drained?.resume()
    }

    private func failed(_ problem: String) {
        let isNew = self.state.withLock { state in
            defer { state.failure = problem }
            return state.failure == nil
        }
        if isNew { self.logger.warning("plugin fails to answer", metadata: ["problem": .string(problem)]) }
    }

    private func succeeded() {
        let isRecovery = self.state.withLock { state in
            defer { state.failure = nil }
            return state.failure != nil
        }
        if isRecovery { self.logger.notice("plugin answers again") }
    }

    // MARK: Health

    /// The worse of what the plugin says and what was seen of it.
    func health() async -> PluginHealth {
        let (phase, failure) = self.state.withLock { ($0.phase, $0.failure) }
        switch phase {
        case .made: return .failed("not started")
        case .failed(let reason): return .failed(reason)
        case .stopped: return .failed("stopped")
        case .running: break
        }
        let plugin = self.plugin
        let own = try? await answer(within: self.deadlines.health, clock: self.clock, on: self.lanes) {
            await plugin.health()
        }
        switch own {
        case .failed(let reason): return .failed(reason)
        case .degraded(let reason): return .degraded(reason)
        case .ok: return failure.map { .degraded("the last question failed: \($0)") } ?? .ok
        case nil: return .degraded("does not say how it is within \(self.deadlines.health)")
        }
    }

    // MARK: Change

    /// Lets the running plugin take over new settings. ``PluginError/cannotReconfigure`` when it can't.
    func reconfigure(_ configuration: PluginConfiguration, context: PluginContext) async throws {
        let plugin = self.plugin
        try await answer(within: self.deadlines.start, clock: self.clock, on: self.lanes) {
            try await PluginKind.reconfigure(plugin, configuration, context)
        }
        self.state.withLock { $0.failure = nil }
    }

    var isRunning: Bool {
        self.state.withLock { if case .running = $0.phase { true } else { false } }
    }

    /// An error in words for the log and for administrators.
    static func describe(_ error: any Error, late: String) -> String {
        switch error {
        case is DeadlinePassed: late
        case PluginError.unavailable(let reason), PluginError.inconsistent(let reason),
            PluginError.invalidSettings(let reason):
            reason
        default: String(describing: error)
        }
    }
}
