import Core
import NIOCore
import NIOEmbedded
import NIOHTTP1

/// HTTP requests as the server's decoder, with the server's limits, reads them off a socket.
struct RequestPipeline {
    private static let ledger = ConnectionLedger(limits: .init(connections: .max, connectionsPerAddress: .max))

    /// What became of a stream of requests.
    struct Outcome: Equatable {
        var heads: [HTTPRequestHead] = []
        /// Whether the decoder gave up.
        var isRefused = false
    }

    /// Feeds the pieces one by one.
    static func decode(_ pieces: [some Sequence<UInt8>]) -> Outcome {
        let collector = HeadCollector()
        let channel = EmbeddedChannel(handlers: [HandshakeHandler.makeDecoder(), collector])
        channel.connectAndFeed(pieces)
        return collector.outcome
    }

    /// Feeds the pieces one by one to a door that lets nobody in, and returns what it answers, and whether it closed.
    static func answers(to pieces: [some Sequence<UInt8>], at door: FrontDoor) -> (bytes: [UInt8], isClosed: Bool) {
        let encoder = HTTPResponseEncoder()
        let decoder = HandshakeHandler.makeDecoder()
        let channel = EmbeddedChannel()
        let handler = HandshakeHandler(
            door: door,
            origin: ClientOrigin(nil, isProxy: { _ in false }, ledger: Self.ledger),
            roster: Roster(loop: channel.embeddedEventLoop),
            encoder: encoder,
            decoder: decoder
        )
        // Fails only on a closed channel, and this one is new.
        try? channel.pipeline.syncOperations.addHandlers([encoder, decoder, handler])
        return channel.connectAndFeed(pieces)
    }
}

extension EmbeddedChannel {
    /// Plays a client that sends these pieces and then leaves; returns what it heard, and whether it was hung up on.
    @discardableResult
    fileprivate func connectAndFeed(_ pieces: [some Sequence<UInt8>]) -> (bytes: [UInt8], isClosed: Bool) {
        guard let peer = try? SocketAddress(ipAddress: "192.0.2.1", port: 49152) else { return ([], true) }
        self.connect(to: peer, promise: nil)
        for piece in pieces where self.isActive {
            // What handlers throw they have been told of already.
            _ = try? self.writeInbound(ByteBuffer(bytes: piece))
        }
        let isClosed = !self.isActive
        var bytes: [UInt8] = []
        while let part = try? self.readOutbound(as: ByteBuffer.self) {
            bytes.append(contentsOf: part.readableBytesView)
        }
        _ = try? self.finish(acceptAlreadyClosed: true)
        return (bytes, isClosed)
    }
}

/// Keeps the heads of all requests.
///
/// - Important: confined to its channel's event loop.
private final class HeadCollector: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = HTTPServerRequestPart

    var outcome = RequestPipeline.Outcome()

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head(let head) = self.unwrapInboundIn(data) {
            self.outcome.heads.append(head)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.outcome.isRefused = true
        context.close(promise: nil)
    }
}
