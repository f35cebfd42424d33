internal import Logging
package import PluginAPI
internal import Synchronization
package import Telephony

/// People and their numbers from `plugins.json` itself, from a file beside it, or both; with passwords, if they have any.
///
/// The file is watched. A new version that is wrong changes nothing: the entries of before stay in force, and the health
/// says which line to mend.
package final class StaticDirectoryPlugin: DirectoryPlugin, AuthenticatorPlugin {
    package typealias Settings = StaticDirectorySettings

    package static let kind = "StaticDirectory"
    package static let isCached = false

    private let context: PluginContext
    private let clock: any Clock<Duration>
    private let hashing = WorkerPool(name: "password", width: WorkerPool.cores, waiting: 256)
    private let loading = WorkerPool(name: "load", width: 1, waiting: 16)
    private let state: Mutex<State>

    private struct State {
        var settings: StaticDirectorySettings
        var table = DirectoryTable.empty
        /// What stood at the file's path when it was last looked at, right or wrong.
        var seen: FileState?
        /// Why the file that stands there now is not in force.
        var problem: String?
        /// Counts changes of the settings, so that a load under way for old ones is thrown away.
        var generation = 0
        var watch: Task<Void, Never>?
        var isStopped = false
    }

    package convenience init(settings: StaticDirectorySettings, context: PluginContext) {
        self.init(settings: settings, context: context, clock: ContinuousClock())
    }

    /// With a clock of the test's own for the watch.
    package init(settings: StaticDirectorySettings, context: PluginContext, clock: any Clock<Duration>) {
        self.context = context
        self.clock = clock
        self.state = Mutex(State(settings: settings))
    }

    // MARK: Life

    package func start() async throws {
        try await self.load(self.state.withLock(\.settings))
        self.watch()
    }

    package func stop() async {
        let watch = self.state.withLock { state in
            state.isStopped = true
            return state.watch
        }
        watch?.cancel()
        await watch?.value
    }

    package func reconfigure(_ settings: StaticDirectorySettings) async throws {
        try await self.load(settings)
        self.watch()
    }

    package func health() async -> PluginHealth {
        self.state.withLock(\.problem).map { .degraded($0) } ?? .ok
    }

    /// Reads what the settings name and puts all of it in force, or nothing.
    private func load(_ settings: StaticDirectorySettings) async throws {
        let (table, seen): (DirectoryTable, FileState?)
        do {
            (table, seen) = try await self.loading.run { try settings.load() }
        } catch let failure as LoadFailure {
            throw PluginError.invalidSettings(failure.description)
        }
        self.state.withLock { state in
            state.settings = settings
            state.table = table
            state.seen = seen
            state.problem = nil
            state.generation += 1
        }
        self.context.logger.info("directory loaded", metadata: ["entries": "\(table.count)"])
    }

    // MARK: Watch

    /// Looks at the file again and again; the watch of before, if any, ends.
    private func watch() {
        let previous = self.state.withLock { state in
            defer { state.watch = nil }
            return state.watch
        }
        previous?.cancel()
        self.state.withLock { state in
            guard let file = state.settings.file, !state.isStopped else { return }
            let (interval, generation) = (state.settings.reload, state.generation)
            // Weak, so that a plugin nobody stopped does not live for its watch.
            state.watch = Task { [weak self, clock] in
                repeat {
                    do {
                        try await clock.sleep(for: interval)
                    } catch {
                        return
                    }
                } while await self?.reload(file, generation) == true
            }
        }
    }

    /// Whether to go on looking: not for settings of before.
    private func reload(_ file: String, _ generation: Int) async -> Bool {
        let (settings, seen, current) = self.state.withLock { ($0.settings, $0.seen, $0.generation) }
        guard generation == current else { return false }
        guard FileState(path: file) != seen else { return true }
        let result: Result<DirectoryTable, any Error>
        let now: FileState?
        do {
            let (table, state) = try await self.loading.run { try settings.load() }
            (result, now) = (.success(table), state)
        } catch let failure as LoadFailure {
            (result, now) = (.failure(failure), failure.seen)
        } catch {
            // Not even tried: next time.
            return true
        }
        let isCurrent = self.state.withLock { state in
            guard state.generation == generation, !state.isStopped else { return false }
            state.seen = now
            switch result {
            case .success(let table):
                state.table = table
                state.problem = nil
            case .failure(let failure):
                state.problem = "\(failure); the entries of before stay in force"
            }
            return true
        }
        guard isCurrent else { return false }
        switch result {
        case .success(let table):
            self.context.logger.info("directory loaded", metadata: ["entries": "\(table.count)"])
        case .failure(let failure):
            self.context.logger.error(
                "directory file not taken over, the entries of before stay in force",
                metadata: ["problem": "\(failure)"]
            )
        }
        return true
    }

    // MARK: Questions

    func page(from start: Int, limit: Int) -> (entries: [DirectoryEntry], next: Int?) {
        self.state.withLock(\.table).page(from: start, limit: limit)
    }

    package func entry(forUsername username: Username) async -> DirectoryEntry? {
        self.state.withLock(\.table).entry(of: username)?.directoryEntry
    }

    package func entry(forDialString dialString: DialString) async -> DirectoryEntry? {
        self.state.withLock(\.table).entry(owning: dialString)?.directoryEntry
    }

    package func authenticate(_ credential: Credential) async throws -> AuthenticationOutcome {
        switch credential {
        case .password(let username, let password): try await self.judge(username, password)
        case .digest(let response): self.judge(response)
        }
    }

    private func judge(_ username: Username, _ password: Secret) async throws -> AuthenticationOutcome {
        let table = self.state.withLock(\.table)
        let entry = table.entry(of: username)
        // Somebody unknown, or without a password, takes as long as a wrong password does.
        let hash = entry?.password ?? table.decoy
        let isRight = try await self.hashing.run { hash.matches(password) }
        guard let entry else { return .notMine }
        return isRight && entry.password != nil ? .accepted(entry.directoryEntry.username) : .refused
    }

    private func judge(_ response: DigestResponse) -> AuthenticationOutcome {
        let entry = self.state.withLock(\.table).entry(of: response.username)
        let hash = entry?.digests[response.algorithm]
        // The same work for everybody, known or not.
        let isRight = response.isProved(byHA1: (hash ?? .decoy).text)
        guard let entry else { return .notMine }
        return isRight && hash != nil ? .accepted(entry.directoryEntry.username) : .refused
    }
}
