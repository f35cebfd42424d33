import Logging
import NIOCore

/// Takes the PROXY header off a connection, before anything else is read from it, and leaves.
///
/// - Important: confined to its channel's event loop.
final class ProxyProtocolHandler: ChannelInboundHandler, RemovableChannelHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let origin: ClientOrigin
    private let logger: Logger
    private var bytes: [UInt8] = []

    init(origin: ClientOrigin, logger: Logger) {
        self.origin = origin
        self.logger = logger
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.bytes += self.unwrapInboundIn(data).readableBytesView
        switch ProxyHeader(self.bytes) {
        case .incomplete where self.bytes.count < ProxyHeader.longest:
            break
        case .incomplete, .malformed:
            self.logger.debug("no PROXY header from a trusted proxy", metadata: ["peer": "\(self.origin.name)"])
            context.close(promise: nil)
        case .complete(let source, let length):
            if let source { self.origin.become(source) }
            let rest = self.bytes.dropFirst(length)
            self.bytes = []
            if !rest.isEmpty {
                context.fireChannelRead(self.wrapInboundOut(ByteBuffer(bytes: rest)))
            }
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        }
    }
}
