internal import NIOCore
internal import PluginAPI
package import StrictJSON

/// Everything an operator decides in `plugins.json`, read and checked before anything listens.
package struct ServerConfiguration: Sendable, Equatable {
    /// How many threads carry connections.
    package var threads: Int
    /// Where clients come in.
    package var listeners: [ListenerConfiguration]
    package var signaling: SignalingConfiguration
    package var authentication: AuthenticationConfiguration
    package var assignment: AssignmentConfiguration
    package var limits: LimitsConfiguration
    package var drain: DrainConfiguration
    /// What clients are told about STUN and TURN servers, in the form of WebRTC's `RTCConfiguration`; holds credentials.
    package var iceServers: JSONValue?
    /// All plugins, in the order in which they are asked.
    package var plugins: [PluginConfiguration]
    /// Where what must outlive the process is written down; `nil`: nowhere.
    package var store: StoreConfiguration?
    /// Where operators come in.
    package var admin: AdminConfiguration
    package var log: LogConfiguration
    /// Where `plugins.json` stands; relative paths start here.
    package var baseDirectory: String

    /// As many threads as there are cores, within what one process can use.
    package static var standardThreads: Int { min(max(System.coreCount, 1), 64) }

    /// Everything at its default.
    package init(listeners: [ListenerConfiguration], plugins: [PluginConfiguration] = [], baseDirectory: String = ".") {
        self.threads = Self.standardThreads
        self.listeners = listeners
        self.signaling = SignalingConfiguration()
        self.authentication = AuthenticationConfiguration()
        self.assignment = AssignmentConfiguration()
        self.limits = LimitsConfiguration()
        self.drain = DrainConfiguration()
        self.iceServers = nil
        self.plugins = plugins
        self.store = nil
        self.admin = AdminConfiguration()
        self.log = LogConfiguration()
        self.baseDirectory = baseDirectory
    }

    /// Reads the whole document.
    init(from reader: SettingsReader, catalog: [any Plugin.Type]) {
        _ = reader.optionalString("$schema", summary: "Where editors find the schema of this file; not read here.")
        self.threads =
            reader.optionalInteger(
                "threads",
                in: 1...64,
                summary: "How many threads carry connections; as many as there are cores unless given."
            ) ?? Self.standardThreads
        self.listeners = ListenerConfiguration.list(from: reader)
        self.signaling = reader.object(
            "signaling",
            summary: "How registrations and calls are treated.",
            SignalingConfiguration.init(from:)
        )
        self.authentication = reader.object(
            "authentication",
            summary: "How clients prove who they are.",
            AuthenticationConfiguration.init(from:)
        )
        self.assignment = reader.object(
            "assignment",
            summary: "How a client gets its number.",
            AssignmentConfiguration.init(from:)
        )
        self.limits = reader.object(
            "limits",
            summary: "What one client, one address and all of them together may use.",
            LimitsConfiguration.init(from:)
        )
        self.drain = reader.object(
            "drain",
            summary: "How the server leaves when it is told to.",
            DrainConfiguration.init(from:)
        )
        self.iceServers = ICEServers.read(from: reader)
        self.plugins = PluginConfiguration.list(from: reader, catalog: catalog.filter { !($0 is any StorePlugin.Type) })
        self.store = StoreConfiguration.read(from: reader, catalog: catalog)
        self.admin = reader.object(
            "admin",
            summary: "Where operators come in: `anynodectl`, scripts, the dashboard and Prometheus.",
            AdminConfiguration.init(from:)
        )
        self.log = reader.object("log", summary: "What is logged.", LogConfiguration.init(from:))
        self.baseDirectory = reader.baseDirectory
    }
}
