import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import PluginAPI
import StrictJSON
import Telephony
import Testing

@testable import Core

/// The whole server in this process, on a free port, with the people of ``PeopleDirectory``.
struct TestServer: Sendable {
    struct Address: Sendable {
        let port: Int
        /// How to speak to it, where it speaks TLS.
        var tls: TLSClient?
    }

    let address: Address
    private let server: SignalingServer
    /// What it has logged, at every level.
    let log: RecordedLog

    var switchboard: Switchboard { self.server.switchboard }
    var port: Int { self.address.port }
    var census: Census { self.server.switchboard.census }

    fileprivate init(address: Address, server: SignalingServer, log: RecordedLog) {
        self.log = log
        self.address = address
        self.server = server
    }

    var certificateProblems: [String] { self.server.certificateProblems }

    func drain() async {
        await self.server.drain()
    }

    /// One of the threads that carry connections.
    var anyLoop: any EventLoop { self.server.group.next() }

    func awaitHeartbeat() async {
        await self.server.awaitHeartbeat()
    }

    func reloadCertificates() async {
        await self.server.reloadCertificates()
    }

    /// Waits until the server has noticed something that no message tells.
    func waitUntil(_ isTrue: @Sendable @escaping (Census) -> Bool) async throws {
        try await withTimeLimit {
            while !isTrue(self.census) {
                try await Task.sleep(for: .milliseconds(5))
            }
        }
    }
}

/// Starts a server with some members of its configuration replaced, and stops it when the test is over. No secret that its
/// clients used may then stand in its log.
///
/// - Parameters:
///   - tls: What the clients of a listener with TLS use.
///   - handler: Where to log.
///   - clock: For looking at files.
///   - calendar: What the system's clock shows.
///   - notifications: Sends pushes.
///   - store: What is there from before, and outlives the server.
///   - adjust: sets what an operator may not: times so short that a test need not wait for them.
func withServer(
    _ overrides: JSONValue = [:],
    tls: TLSClient? = nil,
    logging handler: any LogHandler = SwiftLogNoOpLogHandler(),
    clock: any Clock<Duration> = ContinuousClock(),
    calendar box: NIOLockedBox<CalendarTime>? = nil,
    notifications: (any NotificationService)? = nil,
    store: MemoryStore.Contents? = nil,
    adjusting adjust: (inout ServerConfiguration) -> Void = { _ in },
    _ test: (TestServer) async throws -> Void
) async throws {
    var document: JSONObject = JSONObject()
    document["threads"] = 2
    document["listeners"] = [["name": "public", "scheme": "ws", "host": "127.0.0.1", "port": 0]]
    document["plugins"] = [["name": "people", "kind": "People"]]
    if case .object(let members) = overrides {
        for member in members.members {
            document[member.name] = member.value
        }
    }
    let catalog: [any Plugin.Type] = [PeopleDirectory.self]
    var configuration = try ServerConfiguration.read(.object(document), baseDirectory: ".", catalog: catalog).get()
    // A ping would come between what a test reads byte by byte, where the machine is slow enough for one to be due.
    configuration.signaling.pingInterval = .seconds(3600)
    adjust(&configuration)
    let calendar: @Sendable () -> CalendarTime = { box?.withLock { $0 } ?? .now }
    let log = RecordedLog()
    var logger = Logger(label: "test") { _ in MultiplexLogHandler([log.handler, handler]) }
    logger.logLevel = .trace
    let host = try PluginHost(configuration.plugins, catalog: catalog, baseDirectory: ".", logger: logger)
    try await host.start()
    let keeper = store.map { MemoryStore($0).keeper(logger: logger) }
    await keeper?.start()
    let server = SignalingServer(
        configuration: configuration,
        directory: host,
        authentication: host,
        notifications: notifications,
        keeper: keeper,
        tokens: try configuration.authentication.token.map {
            try TokenVerifier($0, calendar: calendar, logger: logger)
        },
        serverDescription: "anynode-server test",
        logger: logger,
        clock: clock,
        calendar: calendar
    )
    let endpoints = try await server.start()
    let port = try #require(endpoints.first?.port)
    do {
        try await test(TestServer(address: TestServer.Address(port: port, tls: tls), server: server, log: log))
    } catch {
        await server.stop()
        await keeper?.stop()
        throw error
    }
    await server.stop()
    await keeper?.stop()
    await host.stop()
    let secrets = SecretLedger.take(port: port)
    for line in log.text {
        #expect(!secrets.contains { line.contains($0) }, "a secret in the log: \(line)")
    }
}

extension SignalingClient {
    static func connect(
        to server: TestServer,
        query: String = "",
        login: String? = nil,
        headers: [String] = []
    ) async throws -> SignalingClient {
        try await self.connect(to: server.address, query: query, login: login, headers: headers)
    }
}
