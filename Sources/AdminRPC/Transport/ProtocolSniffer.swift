import NIOCore

/// Looks at the first byte of a connection: lines of JSON begin as JSON does, everything else is HTTP.
///
/// - Important: confined to its channel's event loop.
final class ProtocolSniffer: ChannelInboundHandler, RemovableChannelHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    enum Speech: Sendable {
        case lines
        case http
    }

    struct Silence: Error {}

    /// How long somebody may be connected and say nothing at all.
    private static let patience = TimeAmount.seconds(30)

    private let promise: EventLoopPromise<Conversation>
    private let configure: (Speech, any Channel) throws -> EventLoopFuture<Conversation>
    private var timer: Scheduled<Void>?
    private var isDecided = false

    /// - Parameter configure: Sets up the pipeline behind this handler.
    init(
        _ promise: EventLoopPromise<Conversation>,
        _ configure: @escaping (Speech, any Channel) throws -> EventLoopFuture<Conversation>
    ) {
        self.promise = promise
        self.configure = configure
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        self.timer = context.eventLoop.scheduleTask(in: Self.patience) { channel.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = self.unwrapInboundIn(data)
        guard !self.isDecided, let first = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) else {
            context.fireChannelRead(data)
            return
        }
        self.isDecided = true
        self.timer?.cancel()
        let speech: Speech
        switch first {
        case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"),
            UInt8(ascii: "\t"):
            speech = .lines
        default:
            speech = .http
        }
        do {
            self.promise.completeWith(try self.configure(speech, context.channel))
        } catch {
            self.promise.fail(error)
            context.close(promise: nil)
            return
        }
        context.fireChannelRead(self.wrapInboundOut(buffer))
        context.fireChannelReadComplete()
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // He has closed his side before he said anything.
        if case .inputClosed? = event as? ChannelEvent, !self.isDecided { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.giveUp()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.giveUp()
    }

    private func giveUp() {
        self.timer?.cancel()
        if !self.isDecided {
            self.isDecided = true
            self.promise.fail(Silence())
        }
    }
}
