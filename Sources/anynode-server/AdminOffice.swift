import AdminRPC
import Core
import CoreMetrics
import Logging
import NIOCore
import NIOPosix
import PluginAPI
import PrometheusMetrics
import ServerLog
import StrictJSON
import Telephony

/// Everything that administers a server, put together: one place where its parts meet.
struct AdminOffice {
    let desk: ConfigurationDesk
    private let administration: Administration
    private let server: AdminServer
    private let signaling: SignalingServer
    private let group: MultiThreadedEventLoopGroup
    private let configuration: AdminConfiguration
    private let baseDirectory: String
    private let monitor: Task<Void, Never>

    /// How often health is looked at, so that a change is told.
    private static let healthInterval = Duration.seconds(5)
    /// How long events are collected before they are told.
    private static let eventDelay = Duration.milliseconds(20)

    init(
        path: String,
        document: JSONValue,
        configuration: ServerConfiguration,
        server: SignalingServer,
        host: PluginHost,
        keeper: RegistrationKeeper?,
        log: ServerLog,
        stop: StopSignals,
        logger: Logger
    ) {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let hub = EventHub(switchboard: server.switchboard) { work in
            group.next().scheduleTask(in: .nanoseconds(Self.eventDelay.inNanoseconds)) { work() }
        }
        let (logs, requests, health) = (LogSwitch(log: log), RequestTally(), HealthMonitor())
        let registry = PrometheusRegistry()
        MetricsSystem.bootstrap(registry)
        let figures = ServerMetrics(
            server: server,
            host: host,
            version: Version.current,
            logs: logs,
            hub: hub,
            requests: requests
        )
        registry.collect { ProcessMetrics.families() }
        registry.collect { await figures.families() }
        self.desk = ConfigurationDesk(
            path: path,
            document: document,
            configuration: configuration,
            catalog: PluginCatalog.all,
            server: server,
            host: host,
            logger: logger
        ) { old, new, revision in
            // What was said by `system.setLogLevel` holds until the configuration says something else.
            if new.log.level != old.log.level { log.levels.setLevel(new.log.level) }
            new.log.format.apply(to: log)
            hub.publish("system.configured", ["revision": .string(revision)])
            hub.publish(PluginConfiguration.changes(from: old.plugins, to: new.plugins))
        }
        self.administration = Administration(
            version: .init(name: "anynode-server", version: Version.current),
            server: server,
            host: host,
            keeper: keeper,
            desk: self.desk,
            catalog: PluginCatalog.all,
            logs: logs,
            hub: hub,
            health: health,
            metrics: { await registry.text() },
            shutdown: { deadline in
                // The answer goes first.
                group.next().scheduleTask(in: .milliseconds(200)) { stop.stop(because: .administrator(deadline)) }
            }
        )
        self.server = AdminServer(
            desk: RPCDesk(self.administration.methods(requests)),
            hub: hub,
            metrics: { await registry.text() },
            group: group,
            logger: logger
        )
        self.monitor = Task {
            await health.tell(hub)
            while !Task.isCancelled {
                _ = await health.refresh(server, host, keeper, logs)
                try? await Task.sleep(for: Self.healthInterval)
            }
        }
        self.group = group
        self.signaling = server
        self.configuration = configuration.admin
        self.baseDirectory = configuration.baseDirectory
    }

    /// Opens the socket and the listeners. Returns where they are.
    func open() async throws -> [String] {
        try await self.server.start(self.configuration, baseDirectory: self.baseDirectory)
    }

    func close() async {
        self.monitor.cancel()
        await self.server.stop()
        try? await self.group.shutdownGracefully()
    }
}

/// The log as the admin API sees it.
private struct LogSwitch: LogControl {
    let log: ServerLog

    func setLevel(_ level: Logger.Level, label: String?) {
        if let label {
            self.log.levels.setLevel(level, label: label)
        } else {
            self.log.levels.setLevel(level)
        }
    }

    var level: Logger.Level { self.log.levels.levels.standard }
    var levels: [String: Logger.Level] { self.log.levels.levels.labels }
    var dropped: Int { Int(clamping: self.log.dropped) }
}
