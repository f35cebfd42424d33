import Foundation
import Logging
import NIOSSL
import StrictJSON
import Testing

/// Certificates are replaced while calls go on (SECURITY.md F10).
@Suite("TLS: certificates at reload", .serialized)
struct TLSReloadTests {
    private let authority: TestAuthority
    private let client: TLSClient

    init() async throws {
        self.authority = try await TestAuthority()
        self.client = try TLSClient(trusting: self.authority)
    }

    /// The certificate that a new connection sees.
    private func expect(
        _ certificate: NIOSSLCertificate?,
        at server: TestServer,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let socket = try await RawSocket.connect(port: server.port, tls: self.client)
        let seen = try await socket.certificate
        #expect(seen == certificate, sourceLocation: sourceLocation)
        await socket.close()
    }

    @Test("A changed file is noticed: new connections see it, the calls of before go on")
    func change() async throws {
        let certificate = try await self.authority.issue("server")
        let before = certificate.own
        let clock = ManualClock()
        let log = LogRecorder()
        try await withServer(
            encryptedListener([certificate], ["reload": "7s"]),
            tls: self.client,
            logging: log,
            clock: clock
        ) { server in
            let (alice, bob) = try await (server.alice(), server.bob())
            let call = try await establishCall(from: alice, to: bob)
            _ = try await self.authority.issue("server")
            #expect(certificate.own != before)
            try await self.expect(before, at: server)
            await clock.sleepers(1)
            clock.advance(by: .seconds(7))
            await clock.sleepers(1)
            try await self.expect(certificate.own, at: server)
            try await alice.client.send(media("offer", call.caller, "1"))
            try await bob.client.expect(["action": "offer"])
            #expect(try await alice.client.socket.certificate == before)
            let carol = try await server.carol()
            try await carol.client.expectNothing()
            #expect(server.certificateProblems == [])
        }
        #expect(log.entries.filter { $0.message == "certificates loaded" }.count == 1)
    }

    @Test("Files that have not changed are not read again, and their sessions go on")
    func noChange() async throws {
        let certificate = try await self.authority.issue("server")
        let clock = ManualClock()
        let log = LogRecorder()
        try await withServer(encryptedListener([certificate]), logging: log, clock: clock) { server in
            for _ in 0..<3 {
                await clock.sleepers(1)
                clock.advance(by: .seconds(10))
            }
            await clock.sleepers(1)
            await server.reloadCertificates()
            try await self.expect(certificate.own, at: server)
        }
        #expect(!log.entries.contains { $0.message == "certificates loaded" })
    }

    /// What takes the place of a good certificate.
    enum Replacement: CaseIterable {
        case otherKey, expired, garbage, empty, missing, folder, keyGarbage, keyMissing

        var problem: String {
            switch self {
            case .otherKey: "server.key: expected the key of the certificate in"
            case .expired: "server.pem: expected a valid certificate, found one that expired at 20"
            case .garbage: "server.pem: expected certificates in PEM, found something else"
            case .empty: "server.pem: expected certificates in PEM, found an empty file"
            case .missing: "server.pem: expected certificates in PEM, found an error: No such file"
            case .folder: "server.pem: expected certificates in PEM, found something that is not a file"
            case .keyGarbage: "server.key: expected a private key in PEM, found something else"
            case .keyMissing: "server.key: expected a private key in PEM, found an error: No such file"
            }
        }

        func put(in place: TestCertificate, by authority: TestAuthority) async throws {
            let files = FileManager.default
            switch self {
            case .otherKey:
                let other = try await authority.issue("other")
                try files.removeItem(atPath: place.privateKey)
                try files.copyItem(atPath: other.privateKey, toPath: place.privateKey)
            case .expired: _ = try await authority.issue("server", days: -1)
            case .garbage: try authority.folder.write("-----BEGIN CERTIFICATE-----\nAAAA\n", to: "server.pem")
            case .empty: try authority.folder.write("", to: "server.pem")
            case .missing: try files.removeItem(atPath: place.certificate)
            case .folder:
                try files.removeItem(atPath: place.certificate)
                try files.createDirectory(atPath: place.certificate, withIntermediateDirectories: false)
            case .keyGarbage: try authority.folder.write("no key", to: "server.key")
            case .keyMissing: try files.removeItem(atPath: place.privateKey)
            }
        }
    }

    @Test("What is unusable at reload changes nothing, and is told until it is mended", arguments: Replacement.allCases)
    func refused(replacement: Replacement) async throws {
        let certificate = try await self.authority.issue("server")
        let before = certificate.own
        let clock = ManualClock()
        let log = LogRecorder()
        try await withServer(
            encryptedListener([certificate]),
            tls: self.client,
            logging: log,
            clock: clock
        ) { server in
            let alice = try await server.alice()
            try await replacement.put(in: certificate, by: self.authority)
            for _ in 0..<2 {
                await clock.sleepers(1)
                clock.advance(by: .seconds(10))
            }
            await clock.sleepers(1)
            try await self.expect(before, at: server)
            let problems = server.certificateProblems
            #expect(problems.count == 1)
            #expect(problems.first?.contains(replacement.problem) == true, "\(problems)")
            #expect(problems.first?.hasSuffix("; the certificate of before stays in force") == true)
            try await alice.client.expectNothing()

            if replacement == .folder { try FileManager.default.removeItem(atPath: certificate.certificate) }
            _ = try await self.authority.issue("server")
            await server.reloadCertificates()
            try await self.expect(certificate.own, at: server)
            #expect(server.certificateProblems == [])
        }
        // Once for each change of the file, not for each look at it.
        let errors = log.entries.filter { $0.level == .error }
        #expect(errors.count == 1)
        #expect(errors.first?.metadata["problem"]?.contains(replacement.problem) == true)
        #expect(errors.first?.metadata["listener"] == "public")
    }

    @Test("One bad file of several does not hold up the others")
    func oneOfTwo() async throws {
        let first = try await self.authority.issue("server")
        let second = try await self.authority.issue("second", for: ["DNS:second.example"])
        try await withServer(encryptedListener([first, second])) { server in
            let before = second.own
            try self.authority.folder.write("garbage", to: "second.pem")
            _ = try await self.authority.issue("server")
            await server.reloadCertificates()
            try await self.expect(first.own, at: server)
            var asking = self.client
            asking = try TLSClient(trusting: self.authority, asking: "second.example")
            let socket = try await RawSocket.connect(port: server.port, tls: asking)
            #expect(try await socket.certificate == before)
            #expect(server.certificateProblems.count == 1)
        }
    }

    @Test("An authority that is taken out admits nobody any more; one that cannot be read stays")
    func authorities() async throws {
        let clients = try await TestAuthority("clients")
        let next = try await TestAuthority("clients")
        let alice = try await clients.issue("alice", for: [], usage: "clientAuth")
        let listener = encryptedListener(
            [try await self.authority.issue("server")],
            ["clientCertificates": ["authorities": .string(clients.path)]]
        )
        let client = try TLSClient(trusting: self.authority, showing: alice)
        try await withServer(listener, tls: client) { server in
            let connected = try await server.alice()
            try clients.folder.write("garbage", to: "clients.pem")
            await server.reloadCertificates()
            #expect(server.certificateProblems.first?.hasSuffix("the authorities of before stay in force") == true)
            try await server.bob().client.expectNothing()

            try clients.folder.write(try String(contentsOfFile: next.path, encoding: .utf8), to: "clients.pem")
            await server.reloadCertificates()
            #expect(server.certificateProblems == [])
            await #expect(throws: (any Error).self) { try await server.carol() }
            try await connected.client.expectNothing()
        }
    }
}
