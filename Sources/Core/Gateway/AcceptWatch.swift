import Logging
import NIOCore

/// Says once when clients can't be accepted, for lack of descriptors mostly, and once when they can again. The waiting
/// itself is NIO's `AcceptBackoffHandler`'s.
///
/// - Important: confined to its channel's event loop.
final class AcceptWatch: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = any Channel

    private let listener: String
    private let logger: Logger
    private var isFailing = false

    init(listener: String, logger: Logger) {
        self.listener = listener
        self.logger = logger
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if self.isFailing {
            self.isFailing = false
            self.logger.notice("clients are accepted again", metadata: ["listener": "\(self.listener)"])
        }
        context.fireChannelRead(data)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if !self.isFailing, error is IOError {
            self.isFailing = true
            self.logger.error(
                "clients can't be accepted, trying again every second",
                metadata: ["listener": "\(self.listener)", "error": "\(error)"]
            )
        }
        context.fireErrorCaught(error)
    }
}
