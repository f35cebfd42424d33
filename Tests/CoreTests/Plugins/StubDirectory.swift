import PluginAPI
import Synchronization
import Telephony

/// A directory and authenticator that does what a test tells it, and remembers what was asked of it.
final class StubDirectory: DirectoryPlugin, AuthenticatorPlugin {
    struct Settings: PluginSettings {
        let label: String
        let replies: Bool
        let canReconfigure: Bool
        let key: Secret?
        /// Found wrong only by ``StubDirectory/start()`` and ``StubDirectory/init(settings:context:)``.
        let trouble: String?

        init(from reader: SettingsReader) {
            self.label = reader.string("label", default: "stub", summary: "Whose script it plays.")
            self.replies = reader.bool("replies", default: true, summary: "Whether it ever answers.")
            self.canReconfigure = reader.bool("canReconfigure", default: false, summary: "Whether it can change.")
            self.key = reader.optionalSecret("key", summary: "A secret.")
            self.trouble = reader.optionalString("trouble", summary: "What goes wrong.")
        }
    }

    struct Failure: Error {}

    static let kind = "Stub"
    static let isCached = false

    let script: Script
    private let settings: Mutex<Settings>

    init(settings: Settings, context: PluginContext) throws {
        if settings.trouble == "init" { throw PluginError.invalidSettings("cannot work") }
        self.settings = Mutex(settings)
        self.script = Script.of(settings.label)
        self.script.note("init")
    }

    func start() async throws {
        self.script.note("start")
        switch self.settings.withLock(\.trouble) {
        case "start": throw Failure()
        case "settings": throw PluginError.invalidSettings("no such file")
        case "hang": await self.script.hang()
        default: break
        }
    }

    func stop() async {
        self.script.note("stop")
        if self.settings.withLock(\.trouble) == "stop" { await self.script.hang() }
    }

    func health() async -> PluginHealth {
        if self.settings.withLock(\.trouble) == "health" { await self.script.hang() }
        return self.script.health
    }

    func reconfigure(_ settings: Settings) async throws {
        guard self.settings.withLock(\.canReconfigure) else { throw PluginError.cannotReconfigure }
        if settings.trouble == "reconfigure" { throw Failure() }
        self.settings.withLock { $0 = settings }
        self.script.note("reconfigure")
    }

    func entry(forUsername username: Username) async throws -> DirectoryEntry? {
        try await self.answer().entries.first { $0.username == username }
    }

    func entry(forDialString dialString: DialString) async throws -> DirectoryEntry? {
        try await self.answer().entries.first { $0.owns(dialString) }
    }

    func authenticate(_ credential: Credential) async throws -> AuthenticationOutcome {
        try await self.answer().outcome
    }

    private func answer() async throws -> Script {
        self.script.note("question")
        if !self.settings.withLock(\.replies) { await self.script.hang() }
        if self.script.fails { throw Failure() }
        if self.settings.withLock(\.trouble) == "inconsistent" { throw PluginError.inconsistent("two of one") }
        return self.script
    }
}

extension StubDirectory {
    /// What one stub, found by its label, is to do.
    final class Script: Sendable {
        private struct State {
            var entries: [DirectoryEntry] = []
            var outcome = AuthenticationOutcome.notMine
            var fails = false
            var health = PluginHealth.ok
            var events: [String] = []
            var hanging: [CheckedContinuation<Void, Never>] = []
            var isReleased = false
        }

        private static let scripts = Mutex<[String: Script]>([:])
        private let state = Mutex(State())

        /// The same for everybody who says the same label; tests make up their own.
        static func of(_ label: String) -> Script {
            self.scripts.withLock { scripts in
                if let script = scripts[label] { return script }
                let script = Script()
                scripts[label] = script
                return script
            }
        }

        var entries: [DirectoryEntry] {
            get { self.state.withLock(\.entries) }
            set { self.state.withLock { $0.entries = newValue } }
        }
        var outcome: AuthenticationOutcome {
            get { self.state.withLock(\.outcome) }
            set { self.state.withLock { $0.outcome = newValue } }
        }
        var fails: Bool {
            get { self.state.withLock(\.fails) }
            set { self.state.withLock { $0.fails = newValue } }
        }
        var health: PluginHealth {
            get { self.state.withLock(\.health) }
            set { self.state.withLock { $0.health = newValue } }
        }
        var events: [String] { self.state.withLock(\.events) }

        func note(_ event: String) {
            self.state.withLock { $0.events.append(event) }
        }

        func event(_ event: String) async {
            while self.events.last != event { await Task.yield() }
        }

        /// Does not come back, cancelled or not, before ``release()``.
        func hang() async {
            await withCheckedContinuation { continuation in
                let isReleased = self.state.withLock { state in
                    if !state.isReleased { state.hanging.append(continuation) }
                    return state.isReleased
                }
                if isReleased { continuation.resume() }
            }
        }

        func release() {
            let hanging = self.state.withLock { state in
                defer { state.hanging = [] }
                state.isReleased = true
                return state.hanging
            }
            hanging.forEach { $0.resume() }
        }
    }
}
