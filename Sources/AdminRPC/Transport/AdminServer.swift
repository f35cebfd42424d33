package import Core
import Glibc
package import Logging
import NIOCore
import NIOHTTP1
package import NIOPosix
import NIOWebSocket
import PluginAPI
import Synchronization

/// Where operators come in: a Unix socket, and HTTP where it is configured. It has a thread of its own, so that nothing an
/// operator asks for makes a caller wait.
package final class AdminServer: Sendable {
    /// How many connections there may be in all; each of them is cheap, and nobody needs more.
    private static let mostConnections = 1024
    /// How many requests of one connection are worked on at once; then it is not read from.
    private static let requestsAtOnce = 16

    private struct State {
        var tasks: [Task<Void, Never>] = []
        var socket: (path: String, identity: UnixSocket.Identity?)?
    }

    /// A listener that could not be opened.
    package struct Problem: Error, Sendable, CustomStringConvertible {
        package let description: String
    }

    private let desk: RPCDesk
    private let hub: EventHub
    private let metrics: @Sendable () async -> String
    private let logger: Logger
    private let group: MultiThreadedEventLoopGroup
    private let state = Mutex(State())
    private let connections = Atomic<Int>(0)
    private let lane = AdminLane()

    /// - Parameter group: One thread, which the hub may use as well; it is the caller's.
    package init(
        desk: RPCDesk,
        hub: EventHub,
        metrics: @escaping @Sendable () async -> String,
        group: MultiThreadedEventLoopGroup,
        logger: Logger
    ) {
        self.desk = desk
        self.hub = hub
        self.metrics = metrics
        self.group = group
        self.logger = logger
    }

    // MARK: Life

    /// Opens everything, or nothing. Returns what to tell people: where it is.
    package func start(_ configuration: AdminConfiguration, baseDirectory: String) async throws(Problem) -> [String] {
        guard configuration.enabled else { return [] }
        var places: [String] = []
        do throws(Problem) {
            places.append(try await self.openSocket(configuration, baseDirectory: baseDirectory))
            for listener in configuration.listeners {
                places.append(try await self.open(listener))
            }
        } catch {
            await self.stop()
            throw error
        }
        return places
    }

    /// Closes everything.
    package func stop() async {
        let (tasks, socket) = self.state.withLock { state in
            defer { state = State() }
            return (state.tasks, state.socket)
        }
        tasks.forEach { $0.cancel() }
        if let socket { UnixSocket.remove(socket.path, socket.identity) }
        for task in tasks { await task.value }
    }

    /// Where the socket is, unless another place is configured.
    package static func standardSocket(baseDirectory: String) -> String {
        if let folder = getenv("RUNTIME_DIRECTORY") {
            // systemd lists several with colons between them.
            return "\(String(cString: folder).prefix { $0 != ":" })/admin.sock"
        }
        return "\(baseDirectory)/run/admin.sock"
    }

    private func openSocket(_ configuration: AdminConfiguration, baseDirectory: String) async throws(Problem) -> String
    {
        let path = configuration.socket ?? Self.standardSocket(baseDirectory: baseDirectory)
        let door = AdminDoor(
            name: "socket",
            role: configuration.socketRole,
            check: .user(allowed: Set([0, geteuid()] + configuration.allowedUIDs.map { UInt32(clamping: $0) })),
            publicMetrics: true,
            pages: nil
        )
        do {
            let descriptor = try UnixSocket.listen(at: path)
            self.state.withLock { $0.socket = (path, UnixSocket.Identity(path)) }
            let channel = try await self.bootstrap.bind(descriptor) { self.accept($0, at: door, tls: nil) }
            self.serve(channel, at: door)
            if !configuration.allowedUIDs.isEmpty {
                // They have to get as far as the check of who they are; through the folder only where it is ours by default.
                let folder = configuration.socket == nil ? path.lastIndex(of: "/").map { String(path[..<$0]) } : nil
                guard chmod(path, 0o666) == 0, folder.map({ chmod($0, 0o711) == 0 }) ?? true else {
                    throw Problem(description: "can't open \(path) to allowedUIDs")
                }
            }
        } catch {
            throw Problem(description: "admin socket: \(error)")
        }
        return "unix:\(path)"
    }

    private func open(_ listener: AdminListenerConfiguration) async throws(Problem) -> String {
        var hosts = Set(listener.hosts.map { $0.lowercased() })
        hosts.insert(listener.host.lowercased())
        do {
            let door = AdminDoor(
                name: listener.name,
                role: listener.role,
                check: .token(listener.token, hosts: hosts),
                publicMetrics: listener.publicMetrics,
                pages: try listener.dashboardRoot.map(Self.dashboard)
            )
            let identities = try listener.tls.map {
                try TLSIdentities(settings: $0, listener: listener.name, closeWait: .seconds(5), logger: self.logger)
            }
            identities?.watch()
            let channel = try await self.bootstrap.bind(host: listener.host, port: listener.port) {
                self.accept($0, at: door, tls: identities)
            }
            self.serve(channel, at: door)
            let port = channel.channel.localAddress?.port ?? listener.port
            let host = listener.host.contains(":") ? "[\(listener.host)]" : listener.host
            return "\(identities == nil ? "http" : "https")://\(host):\(port)/"
        } catch {
            throw Problem(
                description: "admin listener \"\(listener.name)\" on \(listener.host) port \(listener.port): \(error)"
            )
        }
    }

    private static func dashboard(in folder: String) throws -> WebPages {
        let pages = try WebPages(folder: folder)
        guard pages.hasFrontPage else { throw WebPages.Problem(folder: folder) }
        return pages
    }

    private var bootstrap: ServerBootstrap {
        ServerBootstrap(group: self.group)
            .serverChannelOption(.backlog, value: 128)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptBackoffHandler())
                }
            }
            // Who sends a request and closes his side still wants the answer.
            .childChannelOption(.allowRemoteHalfClosure, value: true)
    }

    // MARK: Connections

    /// A connection that was accepted: who is it, and what does it speak?
    private func accept(
        _ channel: any Channel,
        at door: AdminDoor,
        tls: TLSIdentities?
    ) -> EventLoopFuture<EventLoopFuture<Conversation>> {
        let count = self.connections.add(1, ordering: .relaxed).newValue
        channel.closeFuture.whenComplete { _ in self.connections.subtract(1, ordering: .relaxed) }
        guard count <= Self.mostConnections else { return Self.turnAway(channel) }
        let set: @Sendable () -> EventLoopFuture<EventLoopFuture<Conversation>> = {
            channel.eventLoop.makeCompletedFuture {
                let promise = channel.eventLoop.makePromise(of: Conversation.self)
                if let tls { try channel.pipeline.syncOperations.addHandler(tls.makeHandler()) }
                try channel.pipeline.syncOperations.addHandler(
                    ProtocolSniffer(promise) { speech, channel in
                        switch (speech, door.check) {
                        case (.lines, .user): try Self.speakLines(channel)
                        case (.lines, .token), (.http, _): try self.speakHTTP(channel, at: door)
                        }
                    }
                )
                return promise.futureResult
            }
        }
        guard case .user(let allowed) = door.check else { return set() }
        return UnixSocket.user(of: channel).flatMap { user in
            guard let user, allowed.contains(user) else {
                self.logger.warning(
                    "admin socket: not allowed",
                    metadata: ["uid": "\(user.map { "\($0)" } ?? "unknown")"]
                )
                return Self.turnAway(channel)
            }
            return set()
        }
    }

    /// Somebody who is not let in: what could not be set up is not closed by itself.
    private static func turnAway(_ channel: any Channel) -> EventLoopFuture<EventLoopFuture<Conversation>> {
        channel.close(promise: nil)
        return channel.eventLoop.makeFailedFuture(ChannelError.inappropriateOperationForState)
    }

    private static func speakLines(_ channel: any Channel) throws -> EventLoopFuture<Conversation> {
        try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(LineFramer()))
        let conversation = Conversation.lines(try NIOAsyncChannel(wrappingChannelSynchronously: channel))
        return channel.eventLoop.makeSucceededFuture(conversation)
    }

    private func speakHTTP(_ channel: any Channel, at door: AdminDoor) throws -> EventLoopFuture<Conversation> {
        let upgrader = NIOTypedWebSocketServerUpgrader<Conversation>(
            maxFrameSize: RPCDesk.longestText,
            shouldUpgrade: { channel, head in
                channel.eventLoop.makeSucceededFuture(Self.upgradeHeaders(for: head, at: door))
            },
            upgradePipelineHandler: { channel, _ in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        NIOWebSocketFrameAggregator(
                            minNonFinalFragmentSize: 1,
                            maxAccumulatedFrameCount: 1024,
                            maxAccumulatedFrameSize: RPCDesk.longestText
                        )
                    )
                    return .webSocket(try NIOAsyncChannel(wrappingChannelSynchronously: channel))
                }
            }
        )
        let configuration = NIOTypedHTTPServerUpgradeConfiguration<Conversation>(
            upgraders: [upgrader],
            notUpgradingCompletionHandler: { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        NIOHTTPServerRequestAggregator(maxContentLength: RPCDesk.longestText), ResponsePartHandler(),
                    ])
                    return .http(try NIOAsyncChannel(wrappingChannelSynchronously: channel))
                }
            }
        )
        let conversation = try channel.pipeline.syncOperations.configureUpgradableHTTPServerPipeline(
            configuration: .init(upgradeConfiguration: configuration)
        )
        let upgrade = try channel.pipeline.syncOperations.handler(
            type: NIOTypedHTTPServerUpgradeHandler<Conversation>.self
        )
        try channel.pipeline.syncOperations.addHandlers(
            [UpgradeFilter { Self.upgradeHeaders(for: $0, at: door) != nil }, MisspeechHandler()],
            position: .before(upgrade)
        )
        // What is no HTTP is answered 400 by then; nothing that follows it makes sense.
        conversation.whenFailure { _ in channel.close(promise: nil) }
        return conversation
    }

    /// `nil`: no upgrade; then the request is answered as any other, and the answer says why.
    private static func upgradeHeaders(for head: HTTPRequestHead, at door: AdminDoor) -> HTTPHeaders? {
        let host = head.headers.first(name: "host")
        let protocols = head.headers[canonicalForm: "sec-websocket-protocol"].map(String.init)
        guard head.uri == "/rpc", door.isMeant(host: host),
            door.isOurs(origin: head.headers.first(name: "origin"), host: host),
            door.admits(authorization: head.headers.first(name: "authorization"))
                || door.admits(subprotocols: protocols)
        else { return nil }
        return protocols.contains("jsonrpc") ? ["Sec-WebSocket-Protocol": "jsonrpc"] : [:]
    }

    // MARK: Serving

    private func serve(_ channel: NIOAsyncChannel<EventLoopFuture<Conversation>, Never>, at door: AdminDoor) {
        let task = Task(executorPreference: self.lane) {
            await withDiscardingTaskGroup { group in
                try? await channel.executeThenClose { inbound in
                    for try await conversation in inbound {
                        group.addTask { await self.serve(conversation, at: door) }
                    }
                }
                group.cancelAll()
            }
        }
        self.state.withLock { $0.tasks.append(task) }
    }

    private func serve(_ conversation: EventLoopFuture<Conversation>, at door: AdminDoor) async {
        do {
            switch try await conversation.get() {
            case .lines(let channel): try await self.serve(lines: channel, at: door)
            case .http(let channel): try await self.serve(http: channel, at: door)
            case .webSocket(let channel): try await self.serve(webSocket: channel, at: door)
            }
        } catch {
            // Somebody left in the middle of something, or never spoke.
            self.logger.trace("admin connection ended", metadata: ["error": "\(error)"])
        }
    }

    private func serve(lines channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>, at door: AdminDoor) async throws {
        try await channel.executeThenClose { inbound, outbound in
            try await self.converse(
                at: door,
                inbound,
                read: { line in line.readableBytesView.contains { !Self.isSpace($0) } ? line : nil },
                write: { texts in
                    // In one piece: there may be many events.
                    var buffer = ByteBuffer()
                    buffer.reserveCapacity(texts.reduce(0) { $0 + $1.count + 1 })
                    for text in texts {
                        buffer.writeBytes(text)
                        buffer.writeInteger(UInt8(ascii: "\n"))
                    }
                    try await outbound.write(buffer)
                }
            )
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
    }

    private func serve(
        webSocket channel: NIOAsyncChannel<WebSocketFrame, WebSocketFrame>,
        at door: AdminDoor
    ) async throws {
        try await channel.executeThenClose { inbound, outbound in
            let texts = try inbound.prefix { $0.opcode != .connectionClose }.compactMap { frame -> ByteBuffer? in
                switch frame.opcode {
                case .text:
                    return frame.unmaskedData
                case .ping:
                    try await outbound.write(WebSocketFrame(fin: true, opcode: .pong, data: frame.unmaskedData))
                    return nil
                default:
                    return nil
                }
            }
            try await self.converse(at: door, texts, read: { $0 }) { texts in
                try await outbound.write(
                    contentsOf: texts.map { WebSocketFrame(fin: true, opcode: .text, data: ByteBuffer(bytes: $0)) }
                )
            }
            try await outbound.write(WebSocketFrame(fin: true, opcode: .connectionClose, data: ByteBuffer()))
        }
    }

    /// Full duplex: several requests are worked on at once, events are sent in between. Whoever does not read is not read
    /// from, when there are enough answers that he has not taken.
    private func converse<Texts: AsyncSequence>(
        at door: AdminDoor,
        _ texts: Texts,
        read: (ByteBuffer) -> ByteBuffer?,
        write: @escaping @Sendable ([[UInt8]]) async throws -> Void
    ) async throws where Texts.Element == ByteBuffer {
        let queue = EventQueue()
        let session = RPCSession(role: door.role, events: queue)
        let events = Task(executorPreference: self.lane) {
            while let (texts, lost) = await queue.next() {
                let notices = lost.sorted { $0.key < $1.key }.map { EventHub.lossNotice($0.value, of: $0.key) }
                try await write(texts + notices)
            }
        }
        defer {
            for subscription in session.forgetAll() { self.hub.unsubscribe(subscription) }
            queue.close()
            events.cancel()
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            var inFlight = 0
            do {
                for try await text in texts {
                    guard let text = read(text) else { continue }
                    if inFlight >= Self.requestsAtOnce {
                        try await group.next()
                        inFlight -= 1
                    }
                    inFlight += 1
                    group.addTask {
                        guard let answer = await self.desk.answer(to: text.readableBytesView, in: session) else {
                            return
                        }
                        try await write([answer])
                    }
                }
            } catch is LineFramer.TooLong {
                try await write([RPCDesk.tooLong])
            }
            try await group.waitForAll()
        }
    }

    private func serve(
        http channel: NIOAsyncChannel<NIOHTTPServerRequestFull, HTTPResponsePart>,
        at door: AdminDoor
    ) async throws {
        let desk = HTTPDesk(desk: self.desk, door: door, metrics: self.metrics)
        try await channel.executeThenClose { inbound, outbound in
            for try await request in inbound {
                let answer = await desk.answer(request)
                let head = answer.head(version: request.head.version, keepsAlive: request.head.isKeepAlive)
                var parts = [HTTPResponsePart.head(head)]
                if request.head.method != .HEAD, !answer.body.isEmpty {
                    parts.append(.body(ByteBuffer(bytes: answer.body)))
                }
                parts.append(.end(nil))
                try await outbound.write(contentsOf: parts)
                guard request.head.isKeepAlive else { return }
            }
        }
    }
}
