import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// A web server on this machine that answers every request with what the test says.
final class KeyServer: Sendable {
    private struct State {
        var status = 200
        var body = ""
        var location = "file:///etc/passwd"
        var requests = 0
    }

    private let state: NIOLockedBox<State>
    private let channel: any Channel

    var port: Int { self.channel.localAddress?.port ?? 0 }
    var requests: Int { self.state.withLock { $0.requests } }

    /// - Parameter certificate: Given, it speaks TLS.
    static func start(certificate: TestCertificate? = nil) async throws -> KeyServer {
        let state = NIOLockedBox(State())
        let tls = try certificate.map { certificate in
            try NIOSSLContext(
                configuration: .makeServerConfiguration(
                    certificateChain: try NIOSSLCertificate.fromPEMFile(certificate.certificate)
                        .map { .certificate($0) },
                    privateKey: .privateKey(try NIOSSLPrivateKey(file: certificate.privateKey, format: .pem))
                )
            )
        }
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls))
                    }
                }.flatMap {
                    channel.pipeline.configureHTTPServerPipeline()
                }.flatMapThrowing {
                    try channel.pipeline.syncOperations.addHandler(Answerer(state: state))
                }
            }
            .bind(host: "127.0.0.1", port: 0)
            .get()
        return KeyServer(state: state, channel: channel)
    }

    private init(state: NIOLockedBox<State>, channel: any Channel) {
        self.state = state
        self.channel = channel
    }

    /// - Parameter location: Where an answer with status 302 sends the client.
    func answer(status: Int, _ body: String, location: String = "file:///etc/passwd") {
        self.state.withLock { state in
            state.status = status
            state.body = body
            state.location = location
        }
    }

    func stop() async {
        try? await self.channel.close()
    }

    private final class Answerer: ChannelInboundHandler, Sendable {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart
        private let state: NIOLockedBox<State>

        init(state: NIOLockedBox<State>) {
            self.state = state
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard case .end = self.unwrapInboundIn(data) else { return }
            let (status, body, location) = self.state.withLock { state in
                state.requests += 1
                return (state.status, state.body, state.location)
            }
            var head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status))
            head.headers.add(name: "Content-Length", value: "\(body.utf8.count)")
            head.headers.add(name: "Connection", value: "close")
            if status == 302 { head.headers.add(name: "Location", value: location) }
            context.write(self.wrapOutboundOut(.head(head)), promise: nil)
            context.write(self.wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: body)))), promise: nil)
            let loopBound = NIOLoopBound(context, eventLoop: context.eventLoop)
            context.writeAndFlush(self.wrapOutboundOut(.end(nil))).whenComplete { _ in
                loopBound.value.close(promise: nil)
            }
        }
    }
}
