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
        var setup: ServerSetup
        var listeners: [OpenListener] = []
        var reminders: RepeatedTask?
        var keyWatch: Task<Void, Never>?
        var snapshots: Task<Void, Never>?
        var drain: Task<Void, Never>?
        var isStopped = false
        var closesListeners = false
        var isChanging = false
    }

    /// How often files with keys are looked at.
    private static let keyWatchInterval = Duration.seconds(10)

    /// Sockets that listen already, by the name of their listener.
    let inherited: [String: InheritedSocket]
    let onListenerLost: @Sendable (String) -> Void
    let services: ServerSetup.Services
    let ledger: ConnectionLedger
    let descriptors: DescriptorBudget
    let draining = DrainFlag()
    let group: MultiThreadedEventLoopGroup
    let rosters: [ObjectIdentifier: Roster]
    let state: Mutex<State>
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
        self.inherited = inherited
        self.onListenerLost = onListenerLost
        self.clock = clock
        self.services = ServerSetup.Services(
            switchboard: Switchboard(
                policy: ExchangePolicy(configuration),
                directory: directory,
                notifications: notifications,
                keeper: keeper,
                logger: logger,
                calendar: calendar
            ),
            directory: directory,
            authentication: authentication,
            serverDescription: serverDescription,
            logger: logger
        )
        let setup = ServerSetup(
            configuration,
            tokens: tokens,
            notificationConfiguration: notificationConfiguration,
            self.services
        )
        self.state = Mutex(State(setup: setup))
        self.ledger = ConnectionLedger(limits: ConnectionLedger.Limits(configuration))
        self.group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.threads)
        var rosters: [ObjectIdentifier: Roster] = [:]
        for loop in self.group.makeIterator() {
            rosters[ObjectIdentifier(loop)] = Roster(loop: loop)
        }
        self.rosters = rosters
        // Now that the loops have theirs.
        self.descriptors = DescriptorBudget.measured()
    }

    var setup: ServerSetup { self.state.withLock(\.setup) }
    var gateway: Gateway { self.setup.gateway }
    var logger: Logger { self.services.logger }

    /// What is in force.
    package var configuration: ServerConfiguration { self.setup.configuration }

    /// The switchboard, for those who look at it or act on it from outside.
    package var switchboard: Switchboard { self.services.switchboard }

    // MARK: Start

    /// Opens all listeners, or none: when one fails, those before it are closed again.
    package func start() async throws -> [Endpoint] {
        await self.switchboard.takeOver()
        let setup = self.setup
        var opened: [OpenListener] = []
        do {
            for listener in setup.configuration.listeners {
                opened.append(try await self.open(listener, for: setup))
            }
        } catch {
            self.state.withLock { $0.closesListeners = true }
            await Self.close(opened)
            try? await self.group.shutdownGracefully()
            throw error
        }
        self.state.withLock { [opened] in $0.listeners = opened }
        for listener in opened { listener.admit() }
        for loop in self.group.makeIterator() {
            let roster = self.rosters[ObjectIdentifier(loop)]
            let (interval, now) = (setup.gateway.settings.pingInterval, setup.gateway.now)
            loop.execute { roster?.start(pingInterval: interval, now: now) }
        }
        let switchboard = self.switchboard
        let reminders = self.group.next().scheduleRepeatedTask(
            initialDelay: .milliseconds(50),
            delay: .milliseconds(50)
        ) { _ in
            switchboard.advance()
        }
        let snapshots = setup.configuration.store.map { store in
            Task { await switchboard.keepSnapshots(every: store.snapshotInterval) }
        }
        self.state.withLock { state in
            state.reminders = reminders
            state.snapshots = snapshots
        }
        self.watchKeys()
        if self.descriptors.most < setup.configuration.limits.connections {
            self.logger.warning(
                "too few descriptors for limits.connections",
                metadata: [
                    "connections": "\(setup.configuration.limits.connections)",
                    "descriptors": "\(self.descriptors.most)",
                ]
            )
        }
        return opened.map(\.endpoint)
    }

    /// Looks at files with keys now and then, as soon as there are issuers of tokens.
    func watchKeys() {
        guard self.setup.tokens != nil else { return }
        self.state.withLock { state in
            guard state.keyWatch == nil, !state.isStopped else { return }
            state.keyWatch = Task { [weak self, clock] in
                while !Task.isCancelled {
                    await self?.setup.tokens?.reloadKeys()
                    try? await clock.sleep(for: Self.keyWatchInterval)
                }
            }
        }
    }

    /// Returns when every event loop, and the switchboard, has answered: never, when one hangs.
    package func awaitHeartbeat() async {
        for loop in self.group.makeIterator() {
            try? await loop.submit {}.get()
        }
        _ = self.switchboard.census
    }

    /// Reads certificates, and keys of issuers, again: now instead of a few seconds later. No connection notices.
    package func reload() async {
        await self.setup.tokens?.reloadKeys()
        await self.reloadCertificates()
    }

    // MARK: End

    /// Goes down without dropping calls: refuses new work, sends idle clients away one after the other, waits for calls to
    /// end, ends those that are left at the deadline, and closes everything.
    ///
    /// - Parameter deadline: How long calls may go on, instead of what is configured.
    package func drain(deadline: Duration? = nil) async {
        self.beginDrain(deadline: deadline)
        await self.state.withLock(\.drain)?.value
        await self.stop()
    }

    /// Does the same but for closing everything, and returns at once; ``endDrain()`` takes it back.
    package func beginDrain(deadline: Duration? = nil) {
        self.draining.set()
        self.switchboard.beginDrain()
        let setup = self.setup
        var configuration = setup.configuration.drain
        if let deadline { configuration.deadline = deadline }
        let drain = Drain(configuration: configuration, gateway: setup.gateway, rosters: Array(self.rosters.values))
        let task = Task { await drain.run() }
        let former = self.state.withLock { state in
            defer { state.drain = task }
            return state.drain
        }
        former?.cancel()
    }

    /// Takes up work again after ``beginDrain(deadline:)``. Whoever was sent away comes back by himself.
    package func endDrain() {
        let former = self.state.withLock { $0.drain.take() }
        former?.cancel()
        self.switchboard.endDrain()
        self.draining.set(false)
    }

    /// Whether new work is refused.
    package var isDraining: Bool { self.draining.isSet }

    /// Closes everything at once.
    package func stop() async {
        let isFirst = self.state.withLock { state in
            defer { state.isStopped = true }
            return !state.isStopped
        }
        // Loops that are shut down answer nothing any more.
        guard isFirst else { return }
        await self.closeListeners()
        let (reminders, tasks) = self.state.withLock { ($0.reminders, [$0.keyWatch, $0.snapshots, $0.drain]) }
        reminders?.cancel()
        tasks.forEach { $0?.cancel() }
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
        await Self.close(listeners)
    }

    static func close(_ listeners: [OpenListener]) async {
        for listener in listeners {
            try? await listener.channel.close()
            listener.entrance.fitting.identities?.stop()
        }
    }
}
