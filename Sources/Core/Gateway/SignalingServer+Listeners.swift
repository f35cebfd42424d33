package import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
package import PluginAPI
import Synchronization
import Telephony

/// Opening listeners, and what happens to a socket that one of them accepts.
extension SignalingServer {
    /// Opens a listener; nobody is let in before ``OpenListener/admit()``.
    func open(_ listener: ListenerConfiguration, for setup: ServerSetup) async throws(ListenError) -> OpenListener {
        let inherited = self.inherited[listener.name]
        let entrance = Doorway(try self.fitting(of: listener, for: setup))
        let (host, port) = inherited.map { ("\($0.address)", $0.port) } ?? (listener.host, listener.port)
        let channel: any Channel
        do {
            let bootstrap = ServerBootstrap(group: self.group)
                .serverChannelOption(.backlog, value: 4096)
                .serverChannelOption(.autoRead, value: false)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .serverChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let watch = AcceptWatch(
                            listener: listener.name,
                            budget: self.descriptors,
                            logger: self.logger,
                            wasClosed: { [weak entrance] in entrance.map(self.listenerClosed) }
                        )
                        // Without descriptors left it would be told of the same waiting client for ever.
                        try channel.pipeline.syncOperations.addHandlers([AcceptBackoffHandler(), watch])
                    }
                }
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelOption(.maxMessagesPerRead, value: 4)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try self.accept(channel, at: entrance)
                    }
                }
            if let inherited {
                channel = try await bootstrap.withBoundSocket(inherited.descriptor).get()
            } else {
                channel = try await bootstrap.bind(host: listener.host, port: listener.port).get()
            }
        } catch {
            entrance.fitting.identities?.stop()
            throw ListenError(listener: listener.name, host: host, port: port, cause: "\(error)")
        }
        let endpoint = Endpoint(
            name: listener.name,
            scheme: listener.scheme,
            host: host,
            port: channel.localAddress?.port ?? port,
            path: listener.paths.first ?? "/"
        )
        return OpenListener(endpoint: endpoint, channel: channel, entrance: entrance)
    }

    /// What the sockets of a listener meet under a setup.
    ///
    /// - Parameter present: The certificates that are in force there, to go on with if they are the same.
    func fitting(
        of listener: ListenerConfiguration,
        for setup: ServerSetup,
        keeping present: Doorway.Fitting? = nil
    ) throws(ListenError) -> Doorway.Fitting {
        let inherited = self.inherited[listener.name]
        if let inherited, listener.isOverheard(at: inherited.address) {
            throw ListenError(
                listener: listener.name,
                host: "\(inherited.address)",
                port: inherited.port,
                cause: """
                    expected wss, or a proxy that encrypts among trustedProxies, for an inherited socket that other \
                    machines reach, found ws (allowUnencrypted allows it)
                    """
            )
        }
        let pages: WebPages
        do throws(WebPages.Problem) {
            pages = try self.pages(of: listener)
        } catch {
            throw ListenError(listener: listener.name, host: listener.host, port: listener.port, cause: "\(error)")
        }
        let isSame = present?.configuration.tls == listener.tls
        let identities = isSame ? present?.identities : try self.identities(of: listener)
        let authentication = setup.configuration.authentication
        let door = FrontDoor(
            gateway: setup.gateway,
            desk: setup.desk,
            rate: setup.rate,
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
        return Doorway.Fitting(configuration: listener, door: door, identities: identities)
    }

    /// A listener is gone. Unless we close it ourselves, the system did, and nobody comes in there any more.
    private func listenerClosed(_ entrance: Doorway) {
        let isOurs = self.state.withLock { state in
            !state.closesListeners && state.listeners.contains { $0.entrance === entrance }
        }
        guard isOurs else { return }
        let name = entrance.fitting.configuration.name
        self.logger.critical("a listener was closed by the system", metadata: ["listener": "\(name)"])
        self.onListenerLost(name)
    }

    /// A socket was accepted: it is counted, and shown to the front door, through TLS where the listener has it.
    private func accept(_ channel: any Channel, at entrance: Doorway) throws {
        let fitting = entrance.fitting
        let (door, listener, identities) = (fitting.door, fitting.configuration, fitting.identities)
        guard let roster = self.rosters[ObjectIdentifier(channel.eventLoop)] else { return }
        door.gateway.counters.accepted.add(1, ordering: .relaxed)
        entrance.arrived()
        let isProxy = { (peer: IPAddress) in listener.trustedProxies.contains { $0.contains(peer) } }
        let origin = ClientOrigin(channel.remoteAddress, isProxy: isProxy, ledger: self.ledger)
        channel.closeFuture.whenComplete { _ in
            origin.leave()
            entrance.left()
        }
        if listener.proxyProtocol {
            // The protocol's own rule: nobody else may speak here, and nothing is guessed.
            guard let peer = origin.peer, isProxy(peer) else {
                self.logger.debug("not a trusted proxy", metadata: ["peer": "\(origin.name)"])
                throw ChannelError.inappropriateOperationForState
            }
            let handler = ProxyProtocolHandler(origin: origin, logger: self.logger)
            try channel.pipeline.syncOperations.addHandler(handler)
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

    /// The files of a listener, but for the dashboard, which is served where operators come in.
    private func pages(of listener: ListenerConfiguration) throws(WebPages.Problem) -> WebPages {
        guard let folder = listener.webRoot else { return WebPages() }
        return try WebPages(folder: folder, without: "admin")
    }

    // MARK: TLS

    /// Reads all certificates and keys again; what is wrong stays as it is. Nobody who is connected notices.
    package func reloadCertificates() async {
        for identities in self.identities {
            await identities.reload()
        }
    }

    /// What an operator should know about the certificates: files that are not in force, certificates that have expired.
    package var certificateProblems: [String] {
        self.identities.flatMap(\.problems)
    }

    /// Reads the certificates and keys of all listeners, for somebody who wants to know before a start.
    package static func checkCertificates(
        of configuration: ServerConfiguration,
        logger: Logger
    ) throws(ConfigurationProblems) {
        var problems: [ConfigurationProblem] = []
        for (index, listener) in configuration.listeners.enumerated() {
            guard let settings = listener.tls else { continue }
            do throws(TLSProblem) {
                _ = try TLSIdentities(settings: settings, listener: listener.name, closeWait: .zero, logger: logger)
            } catch {
                problems.append(ConfigurationProblem(pointer: "/listeners/\(index)/tls", problem: "\(error)"))
            }
        }
        guard problems.isEmpty else { throw ConfigurationProblems(problems) }
    }

    private var identities: [TLSIdentities] {
        self.state.withLock(\.listeners).compactMap(\.entrance.fitting.identities)
    }

    private func identities(of listener: ListenerConfiguration) throws(ListenError) -> TLSIdentities? {
        guard let settings = listener.tls else { return nil }
        let identities: TLSIdentities
        do throws(TLSProblem) {
            identities = try TLSIdentities(
                settings: settings,
                listener: listener.name,
                closeWait: Gateway.Settings().closeWait,
                logger: self.logger,
                clock: self.clock
            )
        } catch {
            throw ListenError(listener: listener.name, host: listener.host, port: listener.port, cause: "\(error)")
        }
        identities.watch()
        return identities
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
