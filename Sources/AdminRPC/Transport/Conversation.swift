import NIOCore
import NIOHTTP1
import NIOWebSocket

/// What a connection turned out to be.
enum Conversation: Sendable {
    case lines(NIOAsyncChannel<ByteBuffer, ByteBuffer>)
    case http(NIOAsyncChannel<NIOHTTPServerRequestFull, HTTPResponsePart>)
    case webSocket(NIOAsyncChannel<WebSocketFrame, WebSocketFrame>)
}

typealias HTTPResponsePart = HTTPPart<HTTPResponseHead, ByteBuffer>

/// From parts that may cross threads to those that NIO's encoder takes.
final class ResponsePartHandler: ChannelOutboundHandler {
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let part: HTTPServerResponsePart =
            switch self.unwrapOutboundIn(data) {
            case .head(let head): .head(head)
            case .body(let buffer): .body(.byteBuffer(buffer))
            case .end(let trailers): .end(trailers)
            }
        context.write(self.wrapOutboundOut(part), promise: promise)
    }
}
