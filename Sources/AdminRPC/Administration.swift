package import Core
package import Logging
package import PluginAPI
import StrictJSON
package import Telephony

/// What logs can be asked and told while the server runs.
package protocol LogControl: Sendable {
    /// Logs everything from this level on; of one label, and those below it, or of all.
    func setLevel(_ level: Logger.Level, label: String?)
    /// The level of all labels that have none of their own.
    var level: Logger.Level { get }
    /// By label.
    var levels: [String: Logger.Level] { get }
    /// Lines that were lost since nobody read them.
    var dropped: Int { get }
}

/// What the admin API administers: the parts of a running server.
package struct Administration: Sendable {
    /// This build.
    package struct Version: Sendable {
        package let name: String
        package let version: String

        package init(name: String, version: String) {
            self.name = name
            self.version = version
        }
    }

    let version: Version
    let server: SignalingServer
    let host: PluginHost
    let keeper: RegistrationKeeper?
    let desk: ConfigurationDesk
    let catalog: [any Plugin.Type]
    let logs: any LogControl
    let hub: EventHub
    let health: HealthMonitor
    let metrics: @Sendable () async -> String
    /// Has the process end as if it had got a signal; within that time, if given.
    let shutdown: @Sendable (Duration?) -> Void
    let started: CalendarTime
    let stopwatch: @Sendable () -> Duration

    var switchboard: Switchboard { self.server.switchboard }
    var views: Views { Views(switchboard: self.switchboard) }

    package init(
        version: Version,
        server: SignalingServer,
        host: PluginHost,
        keeper: RegistrationKeeper?,
        desk: ConfigurationDesk,
        catalog: [any Plugin.Type],
        logs: any LogControl,
        hub: EventHub,
        health: HealthMonitor,
        metrics: @escaping @Sendable () async -> String,
        clock: any Clock<Duration> = ContinuousClock(),
        started: CalendarTime = .now,
        shutdown: @escaping @Sendable (Duration?) -> Void
    ) {
        self.version = version
        self.server = server
        self.host = host
        self.keeper = keeper
        self.desk = desk
        self.catalog = catalog
        self.logs = logs
        self.hub = hub
        self.health = health
        self.metrics = metrics
        self.stopwatch = clock.stopwatch()
        self.started = started
        self.shutdown = shutdown
    }

    /// Every method there is.
    package func methods(_ requests: RequestTally = RequestTally()) -> MethodTable {
        var table = MethodTable(requests)
        let document = Discovery()
        table.add(Discover(document: document))
        self.addSystem(to: &table)
        self.addConfiguration(to: &table)
        self.addPlugins(to: &table)
        self.addDirectory(to: &table)
        self.addRegistrations(to: &table)
        self.addCalls(to: &table)
        self.addEvents(to: &table)
        document.fill(OpenRPC.document(of: table, version: self.version.version))
        return table
    }
}
