import NIOCore
import NIOHTTP1

/// Lets the first request of a connection be an upgrade only if it will be let in: otherwise it is answered as any other, and
/// the answer says why. NIO's upgrader would just end the connection.
///
/// - Important: confined to its channel's event loop.
final class UpgradeFilter: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    private let isWelcome: (HTTPRequestHead) -> Bool

    init(_ isWelcome: @escaping (HTTPRequestHead) -> Bool) {
        self.isWelcome = isWelcome
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = self.unwrapInboundIn(data) else {
            context.fireChannelRead(data)
            return
        }
        if head.headers.contains(name: "upgrade"), !self.isWelcome(head) {
            head.headers.remove(name: "upgrade")
            // After a request to upgrade the decoder reads no more HTTP.
            head.headers.replaceOrAdd(name: "connection", value: "close")
        }
        context.fireChannelRead(self.wrapInboundOut(.head(head)))
        // What may follow an upgrade is no HTTP.
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }
}
