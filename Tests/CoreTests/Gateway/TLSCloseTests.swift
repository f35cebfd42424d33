import Core
import Logging
import NIOCore
import NIOEmbedded
import NIOSSL
import Telephony
import Testing

/// The end of TLS, with a clock of the test's own.
@Suite("TLS: the end of a connection")
struct TLSCloseTests {
    private let authority: TestAuthority
    private let certificate: TestCertificate

    init() async throws {
        self.authority = try await TestAuthority()
        self.certificate = try await self.authority.issue("server")
    }

    /// A server's and a client's end, handshake done; bytes go from one to the other when the test lets them.
    private final class Ends {
        let loop = EmbeddedEventLoop()
        let server: EmbeddedChannel
        let client: EmbeddedChannel
        let errors = Errors()

        init(_ certificate: TestCertificate, of authority: TestAuthority, closeWait: TimeAmount) throws {
            let identities = try TLSIdentities(
                settings: TLSSettings(
                    certificates: [
                        TLSSettings.Certificate(
                            certificate: certificate.certificate,
                            privateKey: certificate.privateKey
                        )
                    ]
                ),
                listener: "public",
                closeWait: closeWait,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
            self.server = EmbeddedChannel(handlers: [identities.makeHandler(), self.errors], loop: self.loop)
            self.client = EmbeddedChannel(
                handlers: [try TLSClient(trusting: authority).makeHandler()],
                loop: self.loop
            )
            let address = try SocketAddress(ipAddress: "127.0.0.1", port: 1)
            self.server.connect(to: address, promise: nil)
            self.client.connect(to: address, promise: nil)
            try self.exchange()
        }

        /// Carries bytes until neither end has any left.
        func exchange() throws {
            var isQuiet = false
            while !isQuiet {
                isQuiet = true
                self.loop.run()
                while let bytes = try self.client.readOutbound(as: ByteBuffer.self) {
                    isQuiet = false
                    try self.server.writeInbound(bytes)
                }
                while let bytes = try self.server.readOutbound(as: ByteBuffer.self) {
                    isQuiet = false
                    try self.client.writeInbound(bytes)
                }
            }
        }
    }

    private final class Errors: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        var context: ChannelHandlerContext?
        var count = 0

        func handlerAdded(context: ChannelHandlerContext) {
            self.context = context
        }

        func handlerRemoved(context: ChannelHandlerContext) {
            self.context = nil
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            self.count += 1
        }
    }

    @Test("A client that answers the goodbye is closed at once")
    func answered() throws {
        let ends = try Ends(self.certificate, of: self.authority, closeWait: .seconds(5))
        ends.server.close(promise: nil)
        #expect(ends.server.isActive)
        try ends.exchange()
        #expect(!ends.server.isActive)
        #expect(ends.errors.count == 0)
    }

    @Test("A client that never answers the goodbye is closed after the close wait")
    func unanswered() throws {
        let ends = try Ends(self.certificate, of: self.authority, closeWait: .seconds(5))
        ends.server.close(promise: nil)
        ends.loop.advanceTime(by: .milliseconds(4999))
        #expect(ends.server.isActive)
        ends.loop.advanceTime(by: .milliseconds(1))
        #expect(!ends.server.isActive)
    }

    @Test("Closing at once waits for nobody, during the goodbye as well", arguments: [false, true])
    func atOnce(isClosing: Bool) throws {
        let ends = try Ends(self.certificate, of: self.authority, closeWait: .seconds(5))
        if isClosing { ends.server.close(promise: nil) }
        #expect(ends.server.isActive)
        ends.errors.context?.closeAtOnce()
        #expect(!ends.server.isActive)
        // Timers of TLS find nothing left to do.
        ends.loop.advanceTime(by: .seconds(60))
    }

    @Test("A socket that ends without a goodbye is an error of the connection, not of the server")
    func unclean() throws {
        let ends = try Ends(self.certificate, of: self.authority, closeWait: .seconds(5))
        ends.server.pipeline.fireChannelInactive()
        #expect(ends.errors.count == 1)
        ends.loop.advanceTime(by: .seconds(60))
    }
}
