internal import Glibc
internal import NIOCore
internal import NIOPosix
internal import NIOSSL
package import StrictJSON

/// Plays Google and Microsoft on this machine: FCM HTTP v1, WNS, and the log-ins of both, over HTTP/2 and HTTP/1.1.
///
/// It checks what it gets as strictly as they do, answers as they do, keeps a journal, and errs as it is told.
package final class PushSimulator: Sendable {
    /// What a simulator is like.
    package struct Settings: Sendable {
        /// How it shows who it is.
        package enum Security: Sendable, Hashable {
            /// By a certificate of its own authority, for `localhost` and loopback addresses.
            case tls
            /// By one whose time is over.
            case expiredCertificate
            /// By one for another name.
            case wrongName
            /// Not at all: HTTP/2 at once ("prior knowledge") or HTTP/1.1.
            case plainText
        }

        package var security = Security.tls
        /// 0 for one that the system chooses.
        package var port = 0
        /// Of the service account.
        package var project = "anynode-test"
        /// Whether the service account gets a key of its own. Making one takes a while: otherwise all simulators of a process
        /// share one.
        package var hasOwnKey = false
        package var microsoft = MicrosoftApplications()
        /// How long access tokens live, in seconds.
        package var accessTokenLife = 3600
        /// An access token that FCM takes without a log-in, for load generators.
        package var knownAccessToken: String?
        /// HTTP/2's SETTINGS_MAX_CONCURRENT_STREAMS.
        package var streams = 100
        /// What it takes for the time, in seconds of Unix time.
        package var now: @Sendable () -> Int = { time(nil) }
        /// How many requests the journal keeps.
        package var journalLimit = 10_000
        /// Sees each request as it is answered.
        package var observer: (@Sendable (PushRequest) -> Void)?

        package init() {}
    }

    /// What was asked.
    package let journal: RequestJournal
    /// What is answered instead of success.
    package var script: AnswerScript { self.services.script }
    /// The port it listens on, of 127.0.0.1.
    package let port: Int
    /// As in `https://127.0.0.1:8443`.
    package let origin: String
    /// The file that Google would give for download; its `token_uri` is this simulator.
    package let serviceAccount: JSONValue
    /// The certificate authority to trust, in PEM form.
    package let authorityPEM: String

    private let services: PushServices
    private let connections: ConnectionList
    private let server: any Channel

    /// How many connections there were.
    package var connectionCount: Int { self.connections.count }

    /// How long the access tokens live that are given out from now on, in seconds.
    package var accessTokenLife: Int {
        get { self.services.tokens.life }
        set { self.services.tokens.life = newValue }
    }

    /// Starts one.
    package static func start(_ settings: Settings = Settings()) async throws -> PushSimulator {
        let authority = try CertificateAuthority()
        let journal = RequestJournal(limit: settings.journalLimit, observer: settings.observer)
        let tokens = AccessTokens(life: settings.accessTokenLife)
        if let token = settings.knownAccessToken { tokens.admit(token, .fcm) }
        let services = PushServices(
            account: try ServiceAccount(project: settings.project, hasOwnKey: settings.hasOwnKey),
            microsoft: settings.microsoft,
            tokens: tokens,
            journal: journal,
            now: settings.now
        )
        let connections = ConnectionList()
        let tls = try self.tls(settings.security, authority)
        let streams = settings.streams
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let operations = channel.pipeline.syncOperations
                    let connection = connections.add(channel)
                    if let tls { try operations.addHandler(NIOSSLServerHandler(context: tls)) }
                    try operations.addHandler(ProtocolDetector(connection, services, streams: streams))
                }
            }
            .bind(host: "127.0.0.1", port: settings.port).get()
        return try PushSimulator(settings, services, connections, server, authority.certificatePEM)
    }

    private init(
        _ settings: Settings,
        _ services: PushServices,
        _ connections: ConnectionList,
        _ server: any Channel,
        _ authorityPEM: String
    ) throws {
        let port = server.localAddress?.port ?? 0
        self.port = port
        self.origin = "\(settings.security == .plainText ? "http" : "https")://127.0.0.1:\(port)"
        self.journal = services.journal
        self.services = services
        self.connections = connections
        self.server = server
        self.authorityPEM = authorityPEM
        self.serviceAccount = try services.account.file(origin: self.origin)
    }

    private static func tls(
        _ security: Settings.Security,
        _ authority: CertificateAuthority
    ) throws -> NIOSSLContext? {
        let issued =
            switch security {
            case .plainText: nil as (certificate: String, privateKey: String)?
            case .tls: try authority.issue()
            case .expiredCertificate: try authority.issue(.expired)
            case .wrongName: try authority.issue(.wrongName)
            }
        guard let issued else { return nil }
        let certificate = try NIOSSLCertificate(bytes: Array(issued.certificate.utf8), format: .pem)
        let key = try NIOSSLPrivateKey(bytes: Array(issued.privateKey.utf8), format: .pem)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: [.certificate(certificate)],
            privateKey: .privateKey(key)
        )
        configuration.applicationProtocols = ["h2", "http/1.1"]
        return try NIOSSLContext(configuration: configuration)
    }

    /// Makes all access tokens useless that were given out.
    package func revokeAccessTokens() {
        self.services.tokens.revoke()
    }

    /// Resets all connections.
    package func resetConnections() {
        for connection in self.connections.open { connection.reset() }
    }

    /// Stops listening and closes all connections.
    package func stop() async {
        try? await self.server.close()
        for connection in self.connections.open { try? await connection.channel.close() }
    }
}
