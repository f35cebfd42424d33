package import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
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

    private struct State {
        var listeners: [any Channel] = []
        var reminders: RepeatedTask?
        var keyWatch: Task<Void, Never>?
        var isStopped = false
        /// One for each listener with TLS.
        var identities: [TLSIdentities] = []
    }

    /// How often files with keys are looked at.
    private static let keyWatchInterval = Duration.seconds(10)

    private let configuration: ServerConfiguration
    /// Sockets that listen already, by the name of their listener.
    private let inherited: [String: CInt]
    private let tokens: TokenVerifier?
    private let desk: LoginDesk
    private let rate: HandshakeRate
    private let gateway: Gateway
    private let ledger: ConnectionLedger
    private let draining = DrainFlag()
    private let group: MultiThreadedEventLoopGroup
    private let rosters: [ObjectIdentifier: Roster]
    private let state = Mutex(State())
    /// For looking at files now and then.
    private let clock: any Clock<Duration>

    package init(
        configuration: ServerConfiguration,
        directory: any DirectoryService,
        authentication: any AuthenticationService,
        tokens: TokenVerifier? = nil,
        serverDescription: String,
        inherited: [String: CInt] = [:],
        logger: Logger,
        clock: any Clock<Duration> = ContinuousClock(),
        calendar: @escaping @Sendable () -> CalendarTime = { .now }
    ) {
        self.configuration = configuration
        self.inherited = inherited
        self.tokens = tokens
        self.clock = clock
        let switchboard = Switchboard(
            policy: ExchangePolicy(configuration),
            directory: directory,
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
                notificationConfiguration: nil
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
    }

    /// The switchboard, for those who look at it or act on it from outside.
    package var switchboard: Switchboard { self.gateway.switchboard }

    // MARK: Start

    /// Opens all listeners, or none: when one fails, those before it are closed again.
    package func start() async throws -> [Endpoint] {
        var endpoints: [Endpoint] = []
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
            Task {
                while !Task.isCancelled {
                    await tokens.reloadKeys()
                    try? await Task.sleep(for: Self.keyWatchInterval)
                }
            }
        }
        self.state.withLock { state in
            state.reminders = reminders
            state.keyWatch = keyWatch
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

    private func open(_ listener: ListenerConfiguration) async throws -> Endpoint {
        let identities = try self.identities(of: listener)
        let pages = try listener.webRoot.map { try WebPages(folder: $0) } ?? WebPages()
        let authentication = self.configuration.authentication
        let door = FrontDoor(
            gateway: self.gateway,
            desk: self.desk,
            rate: self.rate,
            rules: Handshake.Rules(
                paths: listener.paths,
                origins: listener.origins,
                methods: authentication.methods,
                digestAlgorithms: authentication.digest.algorithms,
                acceptsAnonymous: authentication.anonymous,
                realm: authentication.realm
            ),
            pages: pages,
            proxies: listener.proxyProtocol ? [] : listener.trustedProxies,
            draining: self.draining
        )
        let channel: any Channel
        do {
            let bootstrap = ServerBootstrap(group: self.group)
                .serverChannelOption(.backlog, value: 4096)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .serverChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        // Without descriptors left it would be told of the same waiting client for ever.
                        let watch = AcceptWatch(listener: listener.name, logger: self.gateway.logger)
                        try channel.pipeline.syncOperations.addHandlers([AcceptBackoffHandler(), watch])
                    }
                }
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelOption(.maxMessagesPerRead, value: 4)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try self.accept(channel, at: door, of: listener, as: identities)
                    }
                }
            if let socket = self.inherited[listener.name] {
                channel = try await bootstrap.withBoundSocket(socket).get()
            } else {
                channel = try await bootstrap.bind(host: listener.host, port: listener.port).get()
            }
        } catch {
            throw ListenError(listener: listener.name, host: listener.host, port: listener.port, cause: "\(error)")
        }
        self.state.withLock { $0.listeners.append(channel) }
        return Endpoint(
            name: listener.name,
            scheme: listener.scheme,
            host: listener.host,
            port: channel.localAddress?.port ?? listener.port,
            path: listener.paths.first ?? "/"
        )
    }

    /// A socket was accepted: it is counted, and shown to the front door, through TLS where the listener has it.
    private func accept(
        _ channel: any Channel,
        at door: FrontDoor,
        of listener: ListenerConfiguration,
        as identities: TLSIdentities?
    ) throws {
        guard let roster = self.rosters[ObjectIdentifier(channel.eventLoop)] else { return }
        self.gateway.counters.accepted.add(1, ordering: .relaxed)
        let isProxy = { (peer: IPAddress) in listener.trustedProxies.contains { $0.contains(peer) } }
        let origin = ClientOrigin(channel.remoteAddress, isProxy: isProxy, ledger: self.ledger)
        channel.closeFuture.whenComplete { _ in origin.leave() }
        if listener.proxyProtocol {
            // The protocol's own rule: nobody else may speak here, and nothing is guessed.
            guard let peer = origin.peer, isProxy(peer) else { throw ChannelError.inappropriateOperationForState }
            try channel.pipeline.syncOperations.addHandler(ProxyProtocolHandler(origin: origin))
        }
        let encoder = HTTPResponseEncoder()
        let decoder = HandshakeHandler.makeDecoder()
        let pipeline = channel.pipeline.syncOperations
        if let identities {
            try pipeline.addHandler(identities.makeHandler())
        }
        try pipeline.addHandler(encoder)
        try pipeline.addHandler(decoder)
        try pipeline.addHandler(
            HandshakeHandler(
                door: door,
                origin: origin,
                roster: roster,
                encoder: encoder,
                decoder: decoder
            )
        )
    }

    // MARK: TLS

    /// Reads all certificates and keys again; what is wrong stays as it is. Nobody who is connected notices.
    package func reloadCertificates() async {
        for identities in self.state.withLock(\.identities) {
            await identities.reload()
        }
    }

    /// What an operator should know about the certificates: files that are not in force, certificates that have expired.
    package var certificateProblems: [String] {
        self.state.withLock(\.identities).flatMap(\.problems)
    }

    private func identities(of listener: ListenerConfiguration) throws -> TLSIdentities? {
        guard let settings = listener.tls else { return nil }
        let identities: TLSIdentities
        do throws(TLSProblem) {
            identities = try TLSIdentities(
                settings: settings,
                listener: listener.name,
                closeWait: self.gateway.settings.closeWait,
                logger: self.gateway.logger,
                clock: self.clock
            )
        } catch {
            throw ListenError(listener: listener.name, host: listener.host, port: listener.port, cause: "\(error)")
        }
        identities.watch()
        self.state.withLock { $0.identities.append(identities) }
        return identities
    }

    private func forgetIdentities() {
        let identities = self.state.withLock { state in
            defer { state.identities = [] }
            return state.identities
        }
        for identities in identities {
            identities.stop()
        }
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
        let (reminders, keyWatch) = self.state.withLock { ($0.reminders, $0.keyWatch) }
        reminders?.cancel()
        keyWatch?.cancel()
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
            return state.listeners
        }
        for listener in listeners {
            try? await listener.close()
        }
    }
}

/// A listener that could not be opened.
package struct ListenError: Error, CustomStringConvertible {
    package let listener: String
    package let host: String
    package let port: Int
    package let cause: String

    package var description: String {
        "listener \"\(self.listener)\" can't listen on \(self.host) port \(self.port): \(self.cause)"
    }
}

extension ExchangePolicy {
    package init(_ configuration: ServerConfiguration) {
        self.init()
        self.reconnectGrace = configuration.signaling.reconnectGrace
        self.ringTimeout = configuration.signaling.ringTimeout
        self.notificationRetention = configuration.signaling.notificationRetention
        self.reloadWait = configuration.signaling.reloadWait
        self.devices = configuration.signaling.devices
        self.devicesPerNumber = configuration.limits.devicesPerNumber
        self.callsPerRegistration = configuration.limits.callsPerRegistration
        self.callStartsPerSecond = configuration.limits.callStartsPerSecond
    }
}

extension Gateway.Settings {
    package init(_ configuration: ServerConfiguration) {
        self.init()
        self.messageLimit = configuration.signaling.messageLimit
        self.pingInterval = configuration.signaling.pingInterval
        self.registrationTimeout = configuration.signaling.registrationTimeout
        self.messagesPerSecond = configuration.limits.messagesPerSecond
        self.messageBurst = configuration.limits.messageBurst
        self.outbox = Outbox.Limits(
            bytes: configuration.limits.outboundBytes,
            messages: configuration.limits.outboundMessages
        )
        self.handshakeTimeout = .nanoseconds(configuration.limits.handshakeTimeout.inNanoseconds)
    }
}

extension LoginDesk {
    fileprivate convenience init(
        _ configuration: ServerConfiguration,
        authentication: any AuthenticationService,
        tokens: TokenVerifier?,
        gateway: Gateway
    ) {
        var generator = SystemRandomNumberGenerator()
        self.init(
            authentication: authentication,
            tokens: tokens,
            switchboard: gateway.switchboard,
            nonces: DigestNonces(
                key: (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) },
                lifetime: configuration.authentication.digest.nonceLifetime
            ),
            tickets: Tickets(lifetime: configuration.authentication.ticketLifetime),
            throttle: LoginThrottle(
                limits: LoginThrottle.Limits(
                    logins: configuration.limits.loginFailuresPerMinute,
                    secrets: configuration.limits.secretFailuresPerMinute
                )
            ),
            logger: gateway.logger,
            now: gateway.now
        )
    }
}
