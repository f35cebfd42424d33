import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import NIOSSL

/// A TCP connection, encrypted or not, that says exactly what a test wants and hears exactly what comes, byte by byte.
final class RawSocket: Sendable {
    enum Failure: Error {
        case timedOut
        case closed
    }

    private let channel: any Channel
    private let inbox: Inbox
    /// What TLS agreed on by ALPN, if anything.
    let agreedProtocol: String?

    /// With TLS, returns after its handshake, and throws what that ended with.
    static func connect(host: String = "127.0.0.1", port: Int, tls: TLSClient? = nil) async throws -> RawSocket {
        let inbox = Inbox()
        let handshake = tls.map { _ in TLSHandshakeWatch() }
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls, let handshake {
                        try pipeline.addHandlers([try tls.makeHandler(), handshake])
                    }
                    try pipeline.addHandler(Receiver(inbox: inbox))
                }
            }
            .connect(host: host, port: port)
            .get()
        let agreed = try await handshake?.completed()
        return RawSocket(channel: channel, inbox: inbox, agreedProtocol: agreed ?? nil)
    }

    private init(channel: any Channel, inbox: Inbox, agreedProtocol: String?) {
        self.channel = channel
        self.inbox = inbox
        self.agreedProtocol = agreedProtocol
    }

    /// The server's certificate, as TLS has seen it.
    var certificate: NIOSSLCertificate? {
        get async throws { try await self.channel.nioSSL_peerCertificate().get() }
    }

    func send(_ bytes: some Sequence<UInt8>) async throws {
        try await self.channel.writeAndFlush(ByteBuffer(bytes: bytes))
    }

    func send(_ text: String) async throws {
        try await self.send(Array(text.utf8))
    }

    /// Bytes up to and including `end`; what follows stays for the next read.
    func read(upTo end: String) async throws -> [UInt8] {
        try await self.inbox.take { bytes in
            let end = Array(end.utf8)
            guard bytes.count >= end.count else { return nil }
            for start in 0...(bytes.count - end.count) where Array(bytes[start..<start + end.count]) == end {
                return start + end.count
            }
            return nil
        }
    }

    func read(count: Int) async throws -> [UInt8] {
        guard count > 0 else { return [] }
        return try await self.inbox.take { $0.count >= count ? count : nil }
    }

    /// Everything until the other side closes.
    func readToEnd() async throws -> [UInt8] {
        try await self.inbox.takeAllAtEnd()
    }

    /// Stops reading from the socket, so that the other side's writes pile up.
    func stopReading() async throws {
        try await self.channel.setOption(.autoRead, value: false).get()
    }

    func close() async {
        try? await self.channel.close()
    }

    /// Closes the socket without the goodbye of TLS.
    func cut() async throws {
        try await self.channel.eventLoop.submit {
            let pipeline = self.channel.pipeline.syncOperations
            try pipeline.context(handlerType: NIOSSLClientHandler.self).close(promise: nil)
        }.get()
    }

    private final class Receiver: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer

        private let inbox: Inbox

        init(inbox: Inbox) {
            self.inbox = inbox
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = Array(self.unwrapInboundIn(data).readableBytesView)
            self.inbox.append(bytes)
        }

        func channelInactive(context: ChannelHandlerContext) {
            self.inbox.finish()
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }
}

/// What arrived and was not asked for yet.
final class Inbox: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var isFinished = false
    }

    private let state = NIOLockedBox(State())
    private let signal: AsyncStream<Void>
    private let bell: AsyncStream<Void>.Continuation

    init() {
        (self.signal, self.bell) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func append(_ bytes: [UInt8]) {
        self.state.withLock { $0.bytes.append(contentsOf: bytes) }
        self.bell.yield()
    }

    func finish() {
        self.state.withLock { $0.isFinished = true }
        self.bell.yield()
    }

    /// Waits until `length` finds how many bytes to take.
    func take(_ length: @Sendable @escaping ([UInt8]) -> Int?) async throws -> [UInt8] {
        try await self.wait { state in
            if let count = length(state.bytes) {
                defer { state.bytes.removeFirst(count) }
                return .success(Array(state.bytes.prefix(count)))
            }
            return state.isFinished ? .failure(RawSocket.Failure.closed) : nil
        }
    }

    func takeAllAtEnd() async throws -> [UInt8] {
        try await self.wait { state in
            guard state.isFinished else { return nil }
            defer { state.bytes = [] }
            return .success(state.bytes)
        }
    }

    private func wait(
        _ attempt: @Sendable @escaping (inout State) -> Result<[UInt8], any Error>?
    ) async throws -> [UInt8] {
        try await withTimeLimit {
            while true {
                if let result = self.state.withLock({ attempt(&$0) }) {
                    return try result.get()
                }
                var iterator = self.signal.makeAsyncIterator()
                _ = await iterator.next()
                try Task.checkCancellation()
            }
        }
    }
}

/// A guard against a test that would wait for ever: generous, and never reached by a test that passes.
func withTimeLimit<Result: Sendable>(
    _ limit: Duration = .seconds(15),
    _ work: @Sendable @escaping () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Result.self) { group in
        group.addTask(operation: work)
        group.addTask {
            try await ContinuousClock().sleep(for: limit)
            throw RawSocket.Failure.timedOut
        }
        defer { group.cancelAll() }
        guard let result = try await group.next() else { throw RawSocket.Failure.timedOut }
        return result
    }
}
