package import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
package import PluginAPI
import Synchronization
import Telephony

/// Opening listeners, and what happens to a socket that one of them accepts.
extension SignalingServer {
    func open(_ listener: ListenerConfiguration) async throws -> Endpoint {
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
        let (host, port) = inherited.map { ("\($0.address)", $0.port) } ?? (listener.host, listener.port)
        let channel: any Channel
        do {
            let bootstrap = ServerBootstrap(group: self.group)
                .serverChannelOption(.backlog, value: 4096)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .serverChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let watch = AcceptWatch(
                            listener: listener.name,
                            budget: self.descriptors,
                            logger: self.gateway.logger,
                            wasClosed: { self.listenerClosed(listener.name) }
                        )
                        // Without descriptors left it would be told of the same waiting client for ever.
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
            if let inherited {
                channel = try await bootstrap.withBoundSocket(inherited.descriptor).get()
            } else {
                channel = try await bootstrap.bind(host: listener.host, port: listener.port).get()
            }
        } catch {
            throw ListenError(listener: listener.name, host: host, port: port, cause: "\(error)")
        }
        self.state.withLock { $0.listeners.append(channel) }
        return Endpoint(
            name: listener.name,
            scheme: listener.scheme,
            host: host,
            port: channel.localAddress?.port ?? port,
            path: listener.paths.first ?? "/"
        )
    }

    /// A listener is gone. Unless we close it ourselves, the system did, and nobody comes in there any more.
    private func listenerClosed(_ name: String) {
        guard !self.state.withLock(\.closesListeners) else { return }
        self.gateway.logger.critical("a listener was closed by the system", metadata: ["listener": "\(name)"])
        self.onListenerLost(name)
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
            guard let peer = origin.peer, isProxy(peer) else {
                self.gateway.logger.debug("not a trusted proxy", metadata: ["peer": "\(origin.name)"])
                throw ChannelError.inappropriateOperationForState
            }
            let handler = ProxyProtocolHandler(origin: origin, logger: self.gateway.logger)
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

    func forgetIdentities() {
        let identities = self.state.withLock { state in
            defer { state.identities = [] }
            return state.identities
        }
        for identities in identities {
            identities.stop()
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
