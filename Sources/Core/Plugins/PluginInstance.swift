internal import Logging
internal import PluginAPI
internal import Synchronization

/// One plugin as it runs, and what the host knows about it.
///
/// All questions go through ``ask(_:outcome:_:)``, which gives each its deadline, bounds how many there are at once, spares a plugin that keeps
/// failing, and notes how it went. A directory's go through ``entry(for:passing:_:)``, which keeps answers.
final class PluginInstance: Sendable {
    let plugin: any Plugin
    /// Before a directory that does not answer from memory.
    let cache: DirectoryCache?
    /// The time since this instance was made.
    let now: @Sendable () -> Duration
    let deadlines: PluginDeadlines
    private let clock: any Clock<Duration>
    private let executor: any TaskExecutor
    private let logger: Logger
    private let state = Mutex(State())

    private struct State {
        var phase = Phase.made
        /// Questions the plugin has not come back from, those included that nobody waits for any more.
        var outstanding = 0
        /// What went wrong with the last question, if it did.
        var failure: String?
        var breaker = CircuitBreaker()
        /// Answers of before were served since the last question that was answered.
        var isStale = false
        var statistics = PluginStatistics()
        /// Of a notifier: what an operator must mend, until a push is taken.
        var alarm: String?
        var throttle = PushThrottle()
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

    /// As `plugins.json` calls it.
    let name: String

    init(
        _ plugin: any Plugin,
        name: String,
        cache: DirectoryCachePolicy,
        logger: Logger,
        deadlines: PluginDeadlines,
        clock: any Clock<Duration>
    ) {
        self.plugin = plugin
        self.name = name
        let isCached = (plugin as? any DirectoryPlugin).map { type(of: $0).isCached } ?? false
        self.cache = isCached ? DirectoryCache(cache) : nil
        self.deadlines = deadlines
        self.clock = clock
        self.now = clock.stopwatch()
        self.executor = plugin.executor ?? PluginLanes(name: name, count: deadlines.threads)
        self.logger = logger
    }

    // MARK: Life

    /// Starts the plugin; on an error it is never asked anything.
    func start() async throws {
        let plugin = self.plugin
        do {
            try await answer(within: self.deadlines.start, clock: self.clock, on: self.executor) {
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
            try await answer(within: self.deadlines.stop, clock: self.clock, on: self.executor) { await plugin.stop() }
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

    /// This instance is no longer asked. Another may have taken its place since the question set out.
    struct Stopped: Error {}

    /// Puts a question to the plugin. Throws when there is no answer, for whatever reason, and remembers it.
    ///
    /// - Parameters:
    ///   - limit: How long it may take, if not as long as any question.
    ///   - outcome: What an answer counts as.
    @discardableResult
    func ask<Value: Sendable>(
        _ kind: PluginStatistics.Question,
        within limit: Duration? = nil,
        outcome: (Value) -> PluginStatistics.Outcome,
        _ question: @Sendable @escaping () async throws -> Value
    ) async throws -> Value {
        let begun = self.now()
        let isProbe = try self.admit(kind, at: begun)
        let limit = limit ?? self.deadlines.question
        do {
            let value = try await answer(within: limit, clock: self.clock, on: self.executor) {
                defer { self.release() }
                return try await question()
            }
            self.succeeded(kind, outcome(value), after: self.now() - begun)
            return value
        } catch {
            self.failed(kind, error, isProbe: isProbe, since: begun, limit: limit)
            throw error
        }
    }

    /// - Returns: Whether the question is the one by which a plugin is tried that kept failing.
    private func admit(_ kind: PluginStatistics.Question, at now: Duration) throws -> Bool {
        let limit = self.deadlines.questionsAtOnce
        let admission: Result<Bool, any Error> = self.state.withLock { state in
            func refuse(_ outcome: PluginStatistics.Outcome, _ reason: String) -> Result<Bool, any Error> {
                state.statistics.note(kind, outcome, after: nil)
                return .failure(PluginError.unavailable(reason))
            }
            switch state.phase {
            case .running: break
            case .made: return refuse(.unavailable, "not started")
            case .failed(let reason): return refuse(.unavailable, reason)
            case .stopped: return .failure(Stopped())
            }
            guard state.outstanding < limit else { return refuse(.bound, "\(limit) questions are open already") }
            switch state.breaker.admit(at: now) {
            case .refuse:
                return refuse(.breaker, "not asked, since it kept failing: \(state.failure ?? "")")
            case .ask(let isProbe):
                state.outstanding += 1
                return .success(isProbe)
            }
        }
        return try admission.get()
    }

    private func release() {
        let drained = self.state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.outstanding -= 1
            return state.outstanding == 0 ? state.takeDrained() : nil
        }
        drained?.resume()
    }

    private func failed(
        _ kind: PluginStatistics.Question,
        _ error: any Error,
        isProbe: Bool,
        since begun: Duration,
        limit: Duration
    ) {
        let now = self.now()
        let problem = Self.describe(error, late: "no answer within \(limit)")
        switch error {
        case is CancellationError where Task.isCancelled:
            // A caller who hung up says nothing about the plugin.
            self.state.withLock { state in
                state.statistics.note(kind, .cancelled, after: nil)
                state.breaker.cancelled(isProbe: isProbe, at: now)
            }
        case PluginError.inconsistent:
            // The service is well, only what it says is not.
            self.succeeded(kind, .inconsistent, after: now - begun)
        default:
            let outcome: PluginStatistics.Outcome = error is DeadlinePassed ? .deadline : .unavailable
            let (isNew, pause) = self.state.withLock { state in
                defer { state.failure = problem }
                state.statistics.note(kind, outcome, after: now - begun)
                let pause = state.breaker.failed(isProbe: isProbe, at: now, chance: .random(in: 0...1))
                return (state.failure == nil, pause)
            }
            if isNew { self.logger.warning("plugin fails to answer", metadata: ["problem": .string(problem)]) }
            if let pause, !isProbe {
                self.logger.warning(
                    "plugin keeps failing, and is not asked for a while",
                    metadata: ["problem": .string(problem), "pause": "\(pause)"]
                )
            }
        }
    }

    private func succeeded(
        _ kind: PluginStatistics.Question,
        _ outcome: PluginStatistics.Outcome,
        after duration: Duration
    ) {
        let isRecovery = self.state.withLock { state in
            defer { state.failure = nil }
            state.statistics.note(kind, outcome, after: duration)
            state.isStale = false
            return state.breaker.succeeded() || state.failure != nil
        }
        if isRecovery { self.logger.notice("plugin answers again") }
    }

    /// Notes what the cache did.
    func note(_ result: PluginStatistics.CacheResult) {
        let isNews = self.state.withLock { state in
            state.statistics.note(result)
            guard result == .stale else { return false }
            defer { state.isStale = true }
            return !state.isStale
        }
        if isNews { self.logger.warning("the directory fails, entries of before are used") }
    }

    /// Notes what came of a question that did not reach the plugin.
    func note(_ kind: PluginStatistics.Question, _ outcome: PluginStatistics.Outcome) {
        self.state.withLock { $0.statistics.note(kind, outcome, after: nil) }
    }

    /// What the messaging service would say to a push, if it has asked for silence.
    func silence(for target: NotificationTarget) -> NotificationOutcome? {
        let now = self.now()
        return self.state.withLock { $0.throttle.outcome(for: target, at: now) }
    }

    /// Remembers what a messaging service said, as far as others are concerned.
    func note(_ outcome: NotificationOutcome, of target: NotificationTarget) {
        let now = self.now()
        switch outcome {
        case .waiting:
            let hadAlarm = self.state.withLock { state in state.alarm.take() != nil }
            if hadAlarm { self.logger.notice("pushes are taken again") }
        case .misconfigured(let problem), .gone(let problem, alarm: true):
            let isNew = self.state.withLock { state in
                defer { state.alarm = problem }
                return state.alarm != problem
            }
            if isNew { self.logger.error("pushes are refused", metadata: ["problem": .string(problem)]) }
        case .throttled(let throttle, let pause):
            self.state.withLock { $0.throttle.note(throttle, target, for: pause, at: now) }
            if throttle == .everybody {
                self.logger.warning(
                    "the messaging service asks to slow down",
                    metadata: ["pause": "\(pause ?? PushThrottle.pause)"]
                )
            }
        case .rejected, .failed, .gone:
            break
        }
    }

    /// What has become of all questions so far.
    var statistics: PluginStatistics { self.state.withLock(\.statistics) }

    // MARK: Health

    /// The worse of what the plugin says and what was seen of it.
    func health() async -> PluginHealth {
        let (phase, seen, alarm) = self.state.withLock { state in (state.phase, self.seen(state), state.alarm) }
        switch phase {
        case .made: return .failed("not started")
        case .failed(let reason): return .failed(reason)
        case .stopped: return .failed("stopped")
        case .running: break
        }
        let plugin = self.plugin
        let own = try? await answer(within: self.deadlines.health, clock: self.clock, on: self.executor) {
            await plugin.health()
        }
        switch own {
        case .failed(let reason): return .failed(reason)
        case .degraded(let reason): return .degraded(reason)
        case .ok: return alarm.map { .failed($0) } ?? seen.map { .degraded($0) } ?? .ok
        case nil: return .degraded("does not say how it is within \(self.deadlines.health)")
        }
    }

    /// What was seen of the plugin that is not as it should be.
    private func seen(_ state: State) -> String? {
        if let pause = state.throttle.pause(at: self.now()) {
            return "the messaging service asks for silence, \(pause.components.seconds + 1) s more"
        }
        guard let failure = state.failure else { return nil }
        let addition = "\(state.isStale ? "; entries of before are used" : ""); so far \(state.statistics.summary)"
        guard let pause = state.breaker.remaining(at: self.now()) else {
            return "the last question failed: \(failure)\(addition)"
        }
        let seconds = pause.components.seconds + 1
        return "not asked for \(seconds) s, since it kept failing: \(failure)\(addition)"
    }

    // MARK: Change

    /// Lets the running plugin take over new settings. ``PluginError/cannotReconfigure`` when it can't.
    func reconfigure(_ configuration: PluginConfiguration, context: PluginContext) async throws {
        let plugin = self.plugin
        try await answer(within: self.deadlines.start, clock: self.clock, on: self.executor) {
            try await PluginKind.reconfigure(plugin, configuration, context)
        }
        self.cache?.clear()
        self.state.withLock { state in
            state.failure = nil
            state.alarm = nil
            state.throttle = PushThrottle()
            state.breaker = CircuitBreaker()
            state.isStale = false
        }
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
