import Core
import Logging
import NIOSSL
import StrictJSON
import Telephony
import Testing

/// What a client may and may not do before the first encrypted byte.
@Suite("TLS: handshake", .serialized)
struct TLSHandshakeTests {
    private let authority: TestAuthority

    init() async throws {
        self.authority = try await TestAuthority()
    }

    private func client(
        asking name: String? = "localhost",
        showing identity: TestCertificate? = nil,
        adjusting adjust: (inout TLSConfiguration) -> Void = { _ in }
    ) throws -> TLSClient {
        try TLSClient(trusting: self.authority, asking: name, showing: identity, adjusting: adjust)
    }

    /// Connects, logs in and hears an answer.
    private func visit(_ server: TestServer, with client: TLSClient) async throws {
        var address = server.address
        address.tls = client
        let visitor = try await SignalingClient.connect(to: address, login: "alice:demo")
        try await visitor.expectNothing()
        await visitor.vanish()
    }

    // MARK: Certificates by name

    @Test("The certificate is for the host that the client names; the first is for all others")
    func serverName() async throws {
        let certificates = try await [
            self.authority.issue("first", for: ["DNS:localhost"]),
            self.authority.issue("other", for: ["DNS:b.example", "DNS:c.example"]),
            self.authority.issue("wild", for: ["IP:127.0.0.1", "DNS:*.wild.example"]),
        ]
        let hosts: [(String?, Int)] = [
            ("localhost", 0), ("b.example", 1), ("C.Example", 1), ("x.wild.example", 2), ("x.y.wild.example", 0),
            ("wild.example", 0), ("unknown.example", 0), (nil, 0),
        ]
        try await withServer(encryptedListener(certificates)) { server in
            for (host, index) in hosts {
                let client = try self.client(asking: host)
                let socket = try await RawSocket.connect(port: server.port, tls: client)
                #expect(try await socket.certificate == certificates[index].own, "\(host ?? "no name")")
                #expect(socket.agreedProtocol == "http/1.1")
                await socket.close()
            }
            try await self.visit(server, with: try self.client())
        }
    }

    // MARK: Versions and ciphers

    @Test(
        "Versions of TLS: 1.2 is the oldest, or 1.3 where the operator says so",
        arguments: [
            ("1.2", TLSVersion.tlsv1, false), ("1.2", .tlsv11, false), ("1.2", .tlsv12, true), ("1.2", .tlsv13, true),
            ("1.3", .tlsv11, false), ("1.3", .tlsv12, false), ("1.3", .tlsv13, true),
        ]
    )
    func version(minimum: String, version: TLSVersion, isSpoken: Bool) async throws {
        let listener = encryptedListener(
            [try await self.authority.issue("server")],
            ["minimumVersion": .string(minimum)]
        )
        let client = try self.client {
            $0.minimumTLSVersion = version
            $0.maximumTLSVersion = version
        }
        try await withServer(listener) { server in
            if isSpoken {
                try await self.visit(server, with: client)
            } else {
                await #expect(throws: NIOSSLError.self) { try await self.visit(server, with: client) }
                try await self.visit(server, with: try self.client())
            }
        }
    }

    @Test(
        "TLS 1.2 without authenticated encryption is refused",
        arguments: [
            ("ECDHE-ECDSA-AES128-GCM-SHA256", true), ("ECDHE-ECDSA-CHACHA20-POLY1305", true),
            ("ECDHE-ECDSA-AES128-SHA", false), ("ECDHE-ECDSA-AES256-SHA", false),
        ]
    )
    func cipherSuite(name: String, isSpoken: Bool) async throws {
        let client = try self.client {
            $0.maximumTLSVersion = .tlsv12
            $0.cipherSuites = name
        }
        try await withServer(encryptedListener([try await self.authority.issue("server")])) { server in
            if isSpoken {
                try await self.visit(server, with: client)
            } else {
                await #expect(throws: NIOSSLError.self) { try await self.visit(server, with: client) }
            }
        }
    }

    // MARK: Client certificates

    /// What a client shows.
    enum Shown: String, CaseIterable {
        case nothing, right, foreign, wrongPurpose, expired
    }

    @Test(
        "Client certificates: required, or only not to be wrong",
        arguments: [true, false],
        Shown.allCases
    )
    func clientCertificate(isRequired: Bool, shown: Shown) async throws {
        let clients = try await TestAuthority("clients")
        let others = try await TestAuthority("clients")
        let identity: TestCertificate? =
            switch shown {
            case .nothing: nil
            case .right: try await clients.issue("alice", for: [], usage: "clientAuth")
            case .foreign: try await others.issue("mallory", for: [], usage: "clientAuth")
            case .wrongPurpose: try await clients.issue("server", usage: "serverAuth")
            case .expired: try await clients.issue("old", for: [], usage: "clientAuth", days: -1)
            }
        let isAccepted = shown == .right || shown == .nothing && !isRequired
        let listener = encryptedListener(
            [try await self.authority.issue("server")],
            ["clientCertificates": ["authorities": .string(clients.path), "required": .bool(isRequired)]]
        )
        try await withServer(listener) { server in
            for version in [TLSVersion.tlsv12, .tlsv13] {
                let client = try self.client(showing: identity) { $0.maximumTLSVersion = version }
                if isAccepted {
                    try await self.visit(server, with: client)
                } else {
                    await #expect(throws: (any Error).self) { try await self.visit(server, with: client) }
                }
            }
            #expect(server.census.ports == 0 || isAccepted)
        }
    }

    // MARK: Strangers

    /// The first bytes of a ClientHello that announces 508 bytes in all.
    private static let halfHello: [UInt8] =
        [0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3] + [UInt8](repeating: 7, count: 100)

    @Test(
        "What is not TLS is closed, with no more than a debug line that says from where",
        arguments: [
            Array("GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\r\n".utf8), [0x80, 0x2E, 1, 0, 2],
            [0x16, 3, 1, 0, 0], [0x16, 3, 1, 0xFF, 0xFF] + [UInt8](repeating: 0, count: 70_000),
            [0x15, 3, 3, 0, 2, 2, 0], [UInt8](repeating: 0, count: 5), [UInt8](repeating: 0xFF, count: 500),
            Array("SSH-2.0-OpenSSH_9.2\r\n".utf8),
        ] as [[UInt8]]
    )
    func stranger(bytes: [UInt8]) async throws {
        let log = LogRecorder()
        try await withServer(encryptedListener([try await self.authority.issue("server")]), logging: log) { server in
            let socket = try await RawSocket.connect(port: server.port)
            try? await socket.send(bytes)
            let heard = String(decoding: try await socket.readToEnd(), as: UTF8.self)
            #expect(!heard.contains("HTTP"))
            try await self.visit(server, with: try self.client())
        }
        let lines = log.entries.filter { $0.message == "no handshake" }
        #expect(lines.first?.metadata["peer"] == "127.0.0.1")
        #expect(lines.allSatisfy { $0.level == .debug })
        #expect(log.entries.filter { $0.level > .info }.map(\.message) == [])
    }

    /// Where a client falls silent.
    enum Silence: CaseIterable {
        case atOnce, inTheHello, afterTheHandshake, inTheRequest
    }

    @Test("One deadline for TLS and HTTP together: whoever falls silent is closed")
    func deadline() async throws {
        try await withServer(
            encryptedListener([try await self.authority.issue("server")]),
            adjusting: { $0.limits.handshakeTimeout = .seconds(2) }
        ) { server in
            var sockets: [(Silence, RawSocket)] = []
            for silence in Silence.allCases {
                let isEncrypted = silence == .afterTheHandshake || silence == .inTheRequest
                let tls = isEncrypted ? try self.client() : nil
                let socket = try await RawSocket.connect(port: server.port, tls: tls)
                switch silence {
                case .atOnce, .afterTheHandshake: break
                case .inTheHello: try? await socket.send(Self.halfHello)
                case .inTheRequest: try? await socket.send("GET / HTTP/1.1\r\nHost: localhost\r\n")
                }
                sockets.append((silence, socket))
            }
            for (silence, socket) in sockets {
                #expect(try await socket.readToEnd().isEmpty, "\(silence)")
            }
        }
    }

    @Test("Half a ClientHello, and gone: nobody else notices")
    func halfHello() async throws {
        let certificates = try await [
            self.authority.issue("server"), self.authority.issue("b", for: ["DNS:b.example"]),
        ]
        try await withServer(encryptedListener(certificates)) { server in
            for length in 1...Self.halfHello.count {
                let socket = try await RawSocket.connect(port: server.port)
                try await socket.send(Self.halfHello.prefix(length))
                await socket.close()
            }
            try await self.visit(server, with: try self.client())
        }
    }

    @Test("An encrypted client of a listener without TLS is refused like anybody who speaks no HTTP")
    func tlsToPlain() async throws {
        try await withServer { server in
            await #expect(throws: (any Error).self) {
                try await RawSocket.connect(port: server.port, tls: try self.client())
            }
            try await server.alice().client.expectNothing()
        }
    }
}
