internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTP2

/// Collects a request, has it answered, and sends the answer in the way it says. One for each stream of HTTP/2, and for each
/// connection of HTTP/1.1.
final class RequestHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let connection: SimulatorConnection
    private let services: PushServices
    private let version: String
    private var request: PushRequest?

    /// More than any push has.
    private static let longestBody = 1024 * 1024

    init(_ connection: SimulatorConnection, _ services: PushServices, version: String) {
        self.connection = connection
        self.services = services
        self.version = version
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch self.unwrapInboundIn(data) {
        case .head(let head):
            var request = PushRequest(
                number: self.services.journal.nextNumber(),
                connection: self.connection.number,
                version: self.version,
                method: head.method.rawValue,
                path: head.uri
            )
            request.headers = head.headers.map { ($0.name.lowercased(), $0.value) }
            self.request = request
        case .body(let bytes):
            self.request?.body.append(contentsOf: bytes.readableBytesView)
            if let count = self.request?.body.count, count > Self.longestBody { self.connection.reset() }
        case .end:
            guard let request = self.request else { return }
            self.request = nil
            self.send(self.services.answer(to: request), context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private var isHTTP2: Bool { self.version == "HTTP/2" }

    private func send(_ answer: SimulatedAnswer, _ context: ChannelHandlerContext) {
        switch answer.delivery {
        case .whole:
            self.writeHead(answer, context)
            self.write(answer.body[...], context)
            self.writeEnd(context)
        case .wholeThenGoAway:
            self.writeHead(self.isHTTP2 ? answer : answer.with("connection", "close"), context)
            self.write(answer.body[...], context)
            self.writeEnd(context)
            self.goAway(lastStream: .maxID, context)
        case .byteByByte(let pause):
            self.writeHead(answer, context)
            context.flush()
            self.drip(answer.body[...], pause, context)
        case .cutOff:
            self.writeHead(answer, context)
            self.write(answer.body.prefix(answer.body.count / 2), context)
            context.flush()
            self.connection.channel.close(promise: nil)
        case .never:
            break
        case .resetStream:
            // A stream that is closed before its end is reset; a connection of HTTP/1.1 is just closed.
            context.close(promise: nil)
        case .resetConnection:
            self.connection.reset()
        case .goAway:
            self.goAway(lastStream: .rootStream, context)
        }
    }

    private func writeHead(_ answer: SimulatedAnswer, _ context: ChannelHandlerContext) {
        var headers = HTTPHeaders(answer.headers.map { ($0.name, $0.value) })
        headers.replaceOrAdd(name: "content-length", value: String(answer.body.count))
        let status = HTTPResponseStatus(statusCode: answer.status)
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        context.write(self.wrapOutboundOut(.head(head)), promise: nil)
    }

    private func write(_ bytes: ArraySlice<UInt8>, _ context: ChannelHandlerContext) {
        guard !bytes.isEmpty else { return }
        context.write(self.wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: bytes)))), promise: nil)
    }

    private func writeEnd(_ context: ChannelHandlerContext) {
        context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: nil)
    }

    private func drip(_ bytes: ArraySlice<UInt8>, _ pause: Duration, _ context: ChannelHandlerContext) {
        guard !bytes.isEmpty else {
            self.writeEnd(context)
            return
        }
        context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(pause)) {
            guard context.channel.isActive else { return }
            self.write(bytes.prefix(1), context)
            context.flush()
            self.drip(bytes.dropFirst(), pause, context)
        }
    }

    private func goAway(lastStream: HTTP2StreamID, _ context: ChannelHandlerContext) {
        let channel = self.connection.channel
        guard self.isHTTP2 else {
            channel.close(promise: nil)
            return
        }
        let payload = HTTP2Frame.FramePayload.goAway(lastStreamID: lastStream, errorCode: .noError, opaqueData: nil)
        channel.writeAndFlush(HTTP2Frame(streamID: .rootStream, payload: payload)).whenComplete { _ in
            channel.close(promise: nil)
        }
    }
}
