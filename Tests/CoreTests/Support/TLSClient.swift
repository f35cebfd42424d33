import NIOCore
import NIOSSL
import NIOTLS

/// What a client of a test trusts, shows and asks for.
struct TLSClient: Sendable {
    private let context: NIOSSLContext
    /// The host it names (SNI).
    var serverName: String?

    /// - Parameters:
    ///   - authority: Whose certificates it accepts. Names are compared only when it asks for `localhost`: most tests
    ///     want to see what a server answers to other names.
    ///   - identity: What it shows when asked for a certificate.
    init(
        trusting authority: TestAuthority,
        asking serverName: String? = "localhost",
        showing identity: TestCertificate? = nil,
        adjusting adjust: (inout TLSConfiguration) -> Void = { _ in }
    ) throws {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(authority.path))
        configuration.certificateVerification = serverName == "localhost" ? .fullVerification : .noHostnameVerification
        configuration.applicationProtocols = ["h2", "http/1.1"]
        if let identity {
            configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(identity.certificate)
                .map { .certificate($0) }
            configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: identity.privateKey, format: .pem))
        }
        adjust(&configuration)
        self.context = try NIOSSLContext(configuration: configuration)
        self.serverName = serverName
    }

    func makeHandler() throws -> NIOSSLClientHandler {
        try NIOSSLClientHandler(context: self.context, serverHostname: self.serverName)
    }
}

/// Waits for the end of a TLS handshake, good or bad.
final class TLSHandshakeWatch: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    private let results: AsyncThrowingStream<String?, any Error>
    private let result: AsyncThrowingStream<String?, any Error>.Continuation

    init() {
        (self.results, self.result) = AsyncThrowingStream.makeStream()
    }

    /// The application protocol that was agreed on, if one was.
    @discardableResult
    func completed() async throws -> String? {
        try await withTimeLimit {
            for try await agreed in self.results { return agreed }
            throw RawSocket.Failure.closed
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted(let agreed)? = event as? TLSUserEvent {
            self.result.yield(agreed)
            self.result.finish()
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.result.finish(throwing: error)
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.result.finish(throwing: RawSocket.Failure.closed)
        context.fireChannelInactive()
    }
}
