package import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
package import StrictJSON
import Synchronization
package import Telephony

/// The listeners and event loops of a server: from `start` to the end of `drain`.
package final class SignalingServer: Sendable {
    /// Where a server listens, once it does.
    package struct Endpoint: Sendable, Hashable, CustomStringConvertible {
        package let name: String
        package let scheme: ListenerScheme
        package let host: String
        package let port: Int
        package let path: String

        /// What a client connects to.
        package var description: String {
            "\(self.scheme.rawValue)://\(self.host.contains(":") ? "[\(self.host)]" : self.host):\(self.port)\(self.path)"
        }
    }

    struct State {
        var listeners: [any Channel] = []
        var reminders: RepeatedTask?
        var keyWatch: Task<Void, Never>?
        var snapshots: Task<Void, Never>?
        var isStopped = false
        var closesListeners = false
        /// One for each listener with TLS.
        var identities: [TLSIdentities] = []
    }

    /// How often files with keys are looked at.
    private static let keyWatchInterval = Duration.seconds(10)

    let configuration: ServerConfiguration
    /// Sockets that listen already, by the name of their listener.
    let inherited: [String: InheritedSocket]
    let onListenerLost: @Sendable (String) -> Void
    private let tokens: TokenVerifier?
    let desk: LoginDesk
    let rate: HandshakeRate
    let gateway: Gateway
    let ledger: ConnectionLedger
    let descriptors: DescriptorBudget
    let draining = DrainFlag()
    let group: MultiThreadedEventLoopGroup
    let rosters: [ObjectIdentifier: Roster]
    let state = Mutex(State())
    /// For looking at files now and then.
    let clock: any Clock<Duration>

    package init(
        configuration: ServerConfiguration,
        directory: any DirectoryService,
        authentication: any AuthenticationService,
        notifications: (any NotificationService)? = nil,
        notificationConfiguration: JSONValue? = nil,
        keeper: RegistrationKeeper? = nil,
        tokens: TokenVerifier? = nil,
        serverDescription: String,
        inherited: [String: InheritedSocket] = [:],
        onListenerLost: @escaping @Sendable (String) -> Void = { _ in },
        logger: Logger,
        clock: any Clock<Duration> = ContinuousClock(),
        calendar: @escaping @Sendable () -> CalendarTime = { .now }
    ) {
        self.configuration = configuration
        self.inherited = inherited
        self.onListenerLost = onListenerLost
        self.tokens = tokens
        self.clock = clock
        let switchboard = Switchboard(
            policy: ExchangePolicy(configuration),
            directory: directory,
            notifications: notifications,
            keeper: keeper,
            logger: logger,
            calendar: calendar
        )
        self.gateway = Gateway(
            settings: Gateway.Settings(configuration),
            switchboard: switchboard,
            desk: RegistrationDesk(directory: directory, modes: configuration.assignment.modes),
            encoder: MessageEncoder(
                serverDescription: serverDescription,
                iceServers: configuration.iceServers,
                notificationConfiguration: notificationConfiguration
            ),
            logger: logger
        )
        self.desk = LoginDesk(
            configuration,
            authentication: authentication,
            tokens: tokens,
            gateway: self.gateway
        )
        self.rate = HandshakeRate(
            perSecond: configuration.limits.handshakesPerSecond,
            burst: configuration.limits.handshakeBurst
        )
        self.ledger = ConnectionLedger(
            limits: ConnectionLedger.Limits(
                connections: configuration.limits.connections,
                connectionsPerAddress: configuration.limits.connectionsPerAddress
            )
        )
        self.group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.threads)
        var rosters: [ObjectIdentifier: Roster] = [:]
        for loop in self.group.makeIterator() {
            rosters[ObjectIdentifier(loop)] = Roster(loop: loop)
        }
        self.rosters = rosters
        // Now that the loops have theirs.
        self.descriptors = DescriptorBudget.measured()
    }

    /// The switchboard, for those who look at it or act on it from outside.
    package var switchboard: Switchboard { self.gateway.switchboard }

    // MARK: Start

    /// Opens all listeners, or none: when one fails, those before it are closed again.
    package func start() async throws -> [Endpoint] {
        var endpoints: [Endpoint] = []
        await self.switchboard.takeOver()
        do {
            for listener in self.configuration.listeners {
                endpoints.append(try await self.open(listener))
            }
        } catch {
            await self.closeListeners()
            self.forgetIdentities()
            try? await self.group.shutdownGracefully()
            throw error
        }
        for loop in self.group.makeIterator() {
            let roster = self.rosters[ObjectIdentifier(loop)]
            let (interval, now) = (self.gateway.settings.pingInterval, self.gateway.now)
            loop.execute { roster?.start(pingInterval: interval, now: now) }
        }
        let switchboard = self.gateway.switchboard
        let reminders = self.group.next().scheduleRepeatedTask(
            initialDelay: .milliseconds(50),
            delay: .milliseconds(50)
        ) { _ in
            switchboard.advance()
        }
        let keyWatch = self.tokens.map { tokens in
            Task { [clock] in
                while !Task.isCancelled {
                    await tokens.reloadKeys()
                    try? await clock.sleep(for: Self.keyWatchInterval)
                }
            }
        }
        let snapshots = self.configuration.store.map { store in
            Task { await switchboard.keepSnapshots(every: store.snapshotInterval) }
        }
        self.state.withLock { state in
            state.reminders = reminders
            state.keyWatch = keyWatch
            state.snapshots = snapshots
        }
        if self.descriptors.most < self.configuration.limits.connections {
            self.gateway.logger.warning(
                "too few descriptors for limits.connections",
                metadata: [
                    "connections": "\(self.configuration.limits.connections)",
                    "descriptors": "\(self.descriptors.most)",
                ]
            )
        }
        return endpoints
    }

    /// Returns when every event loop, and the switchboard, has answered: never, when one hangs.
    package func awaitHeartbeat() async {
        for loop in self.group.makeIterator() {
            try? await loop.submit {}.get()
        }
        _ = self.gateway.switchboard.census
    }

    /// Reads certificates, and keys of issuers, again: now instead of a few seconds later. No connection notices.
    package func reload() async {
        await self.tokens?.reloadKeys()
        await self.reloadCertificates()
    }

    // MARK: End

    /// Goes down without dropping calls: refuses new work, sends idle clients away one after the other, waits for calls to
    /// end, ends those that are left at the deadline, and closes everything.
    package func drain() async {
        self.draining.set()
        self.gateway.switchboard.beginDrain()
        let drain = Drain(
            configuration: self.configuration.drain,
            gateway: self.gateway,
            rosters: Array(self.rosters.values)
        )
        await drain.run()
        await self.stop()
    }

    /// Closes everything at once.
    package func stop() async {
        let isFirst = self.state.withLock { state in
            defer { state.isStopped = true }
            return !state.isStopped
        }
        // Loops that are shut down answer nothing any more.
        guard isFirst else { return }
        await self.closeListeners()
        let (reminders, tasks) = self.state.withLock { ($0.reminders, [$0.keyWatch, $0.snapshots]) }
        reminders?.cancel()
        tasks.forEach { $0?.cancel() }
        self.forgetIdentities()
        for roster in self.rosters.values {
            // Or those who do not answer the goodbye of TLS would hold up the end.
            try? await roster.loop.submit { roster.attendance.forEach { $0.connection.closeAtOnce() } }.get()
        }
        try? await self.group.shutdownGracefully()
    }

    private func closeListeners() async {
        let listeners = self.state.withLock { state in
            defer { state.listeners = [] }
            state.closesListeners = true
            return state.listeners
        }
        for listener in listeners {
            try? await listener.close()
        }
    }
}
