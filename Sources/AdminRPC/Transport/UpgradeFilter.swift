import NIOCore
import NIOHTTP1

/// Lets the first request of a connection be an upgrade only if it will be let in: otherwise it is answered as any other, and
/// the answer says why. NIO's upgrader would just end the connection.
///
/// - Important: confined to its channel's event loop.
final class UpgradeFilter: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let isWelcome: (HTTPRequestHead) -> Bool

    init(_ isWelcome: @escaping (HTTPRequestHead) -> Bool) {
        self.isWelcome = isWelcome
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = self.unwrapInboundIn(data) else {
            context.fireChannelRead(data)
            return
        }
        let length = head.headers.first(name: "content-length").flatMap(Int.init) ?? 0
        if head.headers[canonicalForm: "expect"].contains(where: { $0.lowercased() == "100-continue" }),
            length <= RPCDesk.longestText
        {
            // RFC 9110 §10.1.1: who asks before he sends a body gets to know; for one that is too long it is 413.
            context.writeAndFlush(
                self.wrapOutboundOut(.head(.init(version: head.version, status: .continue))),
                promise: nil
            )
            head.headers.remove(name: "expect")
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

/// Ends a connection that spoke something else than HTTP: NIO has answered 400 by then, and would go on reading.
final class MisspeechHandler: ChannelInboundHandler {
    typealias InboundIn = NIOAny

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is HTTPParserError else {
            context.fireErrorCaught(error)
            return
        }
        context.close(promise: nil)
    }
}
