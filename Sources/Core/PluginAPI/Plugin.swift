/// Something beside the server that it asks for advice: who somebody is, whose a number is, how to wake a phone.
///
/// A plugin is one type that conforms to one or more of the roles ``DirectoryPlugin``, ``AuthenticatorPlugin``,
/// ``NotifierPlugin`` and ``StorePlugin``, registered by one line in `PluginCatalog.swift`, and configured by one entry of `plugins.json`.
///
/// Its life: `init` (cheap, no I/O, throws on settings that make no sense) → `start()` → any number of questions,
/// `health()` and `reconfigure(_:)`, all concurrently and on any thread → `stop()`. A plugin that fails to start leaves
/// the server running without it; one that throws or is late in an answer degrades its health and nothing else. The host
/// gives every question a deadline: do not build one, but do stop when the task is cancelled.
public protocol Plugin: Sendable {
    /// What stands under `settings` in `plugins.json`.
    associatedtype Settings: PluginSettings

    /// What stands as `kind` in `plugins.json`, for instance `LDAPDirectory`.
    static var kind: String { get }

    /// Threads of the plugin's own that its questions are to run on; `nil`: the host's, on which it may block.
    ///
    /// Worth it where answers come in on one thread anyway: a question then never leaves it. What runs there must not block.
    var executor: (any TaskExecutor)? { get }

    /// Makes the plugin without touching the outside world. Settings were read and validated before.
    init(settings: Settings, context: PluginContext) throws

    /// Opens what the plugin needs: files, connections, timers.
    func start() async throws

    /// How it is now. Cheap, since health endpoints ask often.
    func health() async -> PluginHealth

    /// Takes new settings over while questions go on. When it throws, the plugin goes on with the old ones.
    func reconfigure(_ settings: Settings) async throws

    /// Closes everything. No question comes after it.
    func stop() async
}

extension Plugin {
    /// The host's.
    public var executor: (any TaskExecutor)? { nil }

    /// Nothing to open.
    public func start() async throws {}

    /// Healthy as long as nobody says otherwise.
    public func health() async -> PluginHealth { .ok }

    /// Refuses: the host then makes a new instance with the new settings and stops this one.
    public func reconfigure(_ settings: Settings) async throws {
        throw PluginError.cannotReconfigure
    }

    /// Nothing to close.
    public func stop() async {}
}

/// The settings of a plugin, read from its entry in `plugins.json`.
///
/// Read each member through the reader, which notes every problem with its place instead of stopping at the first, and
/// refuses members that nobody read. What `init` returns is used only when there was no problem.
public protocol PluginSettings: Sendable, Equatable {
    /// Reads and checks all members.
    init(from reader: SettingsReader)
}
