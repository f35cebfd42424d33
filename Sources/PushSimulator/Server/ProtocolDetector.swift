internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTP2

/// Tells HTTP/2 from HTTP/1.1 by the first bytes (RFC 9113 §3.4), then makes room for the one that is spoken.
///
/// That works with TLS, where ALPN has told the client already, and without, where a client knows or does not.
final class ProtocolDetector: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let connection: SimulatorConnection
    private let services: PushServices
    private let streams: Int
    private var received = ByteBuffer()
    private var isDecided = false

    init(_ connection: SimulatorConnection, _ services: PushServices, streams: Int) {
        self.connection = connection
        self.services = services
        self.streams = streams
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !self.isDecided else {
            // On its way out of the pipeline.
            context.fireChannelRead(data)
            return
        }
        var bytes = self.unwrapInboundIn(data)
        self.received.writeBuffer(&bytes)
        let preface = "PRI * HTTP/2".utf8
        let begin = self.received.readableBytesView.prefix(preface.count)
        let isHTTP2 = preface.starts(with: begin)
        // No other method begins so.
        guard !isHTTP2 || begin.count >= 3 else { return }
        self.isDecided = true
        do {
            if isHTTP2 {
                try self.speakHTTP2(context)
            } else {
                try self.speakHTTP1(context)
            }
        } catch {
            context.close(promise: nil)
            return
        }
        context.fireChannelRead(self.wrapInboundOut(self.received))
        context.fireChannelReadComplete()
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    private func speakHTTP1(_ context: ChannelHandlerContext) throws {
        let operations = context.pipeline.syncOperations
        try operations.configureHTTPServerPipeline(withOutboundHeaderValidation: false)
        try operations.addHandler(RequestHandler(self.connection, self.services, version: "HTTP/1.1"))
    }

    private func speakHTTP2(_ context: ChannelHandlerContext) throws {
        var configuration = NIOHTTP2Handler.ConnectionConfiguration()
        configuration.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: self.streams),
            HTTP2Setting(parameter: .maxHeaderListSize, value: HPACKLimits.headerList),
        ]
        // NIO takes a busy client for an attacker: libcurl sends a PRIORITY frame with each request.
        configuration.controlFrameRateLimit.maximumCount = .max
        configuration.maximumSequentialEmptyDataFrames = 100
        var limits = NIOHTTP2Handler.StreamConfiguration()
        limits.streamResetFrameRateLimit.maximumCount = .max
        limits.streamErrorRateLimit.maximumCount = .max
        let (connection, services) = (self.connection, self.services)
        _ = try context.pipeline.syncOperations.configureHTTP2Pipeline(
            mode: .server,
            connectionConfiguration: configuration,
            streamConfiguration: limits
        ) { stream in
            stream.eventLoop.makeCompletedFuture {
                let operations = stream.pipeline.syncOperations
                try operations.addHandler(HTTP2FramePayloadToHTTP1ServerCodec())
                try operations.addHandler(RequestHandler(connection, services, version: "HTTP/2"))
            }
        }
    }
}

private enum HPACKLimits {
    static let headerList = 16 * 1024
}
