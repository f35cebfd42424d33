import Core
import PluginAPI
import StrictJSON
import Testing

/// HTTP Digest over real sockets: SECURITY rows D1–D11 as a client sees them.
@Suite("HTTP Digest at the door (§4.1)")
struct DigestScenarios {
    static let both: JSONValue = [
        "authentication": ["methods": ["digest", "basic"], "digest": ["algorithms": ["SHA-256", "MD5"]]],
        "limits": ["loginFailuresPerMinute": 10000],
    ]
    static let only: JSONValue = [
        "authentication": ["methods": ["digest"]], "limits": ["loginFailuresPerMinute": 10000],
    ]

    private func client(_ server: TestServer, _ algorithm: DigestAlgorithm = .sha256) async throws -> DigestClient {
        let challenge = try await HTTPReply.handshake(port: server.port)
        return DigestClient(algorithm: algorithm, nonce: try DigestClient.nonce(in: challenge, algorithm))
    }

    @Test("D1: the challenges, in the order of the configuration, with a fresh nonce each")
    func challenge() async throws {
        try await withServer(Self.both) { server in
            let reply = try await HTTPReply.handshake(port: server.port)
            #expect(reply.status == 401)
            #expect(reply.challenges.count == 3)
            for (challenge, algorithm) in zip(reply.challenges, ["SHA-256", "MD5"]) {
                #expect(challenge.hasPrefix("Digest realm=\"anynode\", qop=\"auth\", algorithm=\(algorithm), nonce=\""))
                #expect(challenge.hasSuffix("\", charset=UTF-8"))
            }
            #expect(reply.challenges.last == "Basic realm=\"anynode\", charset=\"UTF-8\"")
            let again = try await HTTPReply.handshake(port: server.port)
            let nonces = Set(
                try [reply, again].flatMap { reply in
                    try DigestAlgorithm.allCases.map { try DigestClient.nonce(in: reply, $0) }
                }
            )
            #expect(nonces.count == 4)
        }
        try await withServer(Self.only) { server in
            let reply = try await HTTPReply.handshake(port: server.port)
            #expect(reply.challenges.count == 1)
            #expect(reply.challenges.first?.contains("SHA-256") == true)
        }
    }

    @Test("Let in, registers and is called", arguments: DigestAlgorithm.allCases)
    func login(algorithm: DigestAlgorithm) async throws {
        try await withServer(Self.both) { server in
            let header = try await self.client(server, algorithm).header
            let client = try await SignalingClient.connect(to: server.address, headers: [header])
            try await client.register(#"{"username":"bob"}"#, expecting: "failed")
            try await client.register(#"{"username":"alice"}"#, expecting: "registered")
        }
    }

    @Test("The query belongs to the target; the ticket's POST to the method")
    func targets() async throws {
        try await withServer(Self.only) { server in
            var client = try await self.client(server)
            client.uri = "/?x=1"
            #expect(try await HTTPReply.handshake("/?x=1", port: server.port, headers: [client.header]).status == 101)
            client.count = "00000002"
            #expect(try await HTTPReply.handshake("/?x=2", port: server.port, headers: [client.header]).status == 401)
            client.count = "00000003"
            client.uri = "/ticket"
            client.method = "POST"
            #expect(try await HTTPReply.ticket(port: server.port, headers: [client.header]).status == 200)
        }
    }

    @Test("D2: the same header again, a lower count, the next one; the refusal says stale=true")
    func replay() async throws {
        try await withServer(Self.only) { server in
            var client = try await self.client(server)
            client.count = "00000002"
            let first = try client.header
            #expect(try await HTTPReply.handshake(port: server.port, headers: [first]).status == 101)
            let replayed = try await HTTPReply.handshake(port: server.port, headers: [first])
            #expect(replayed.status == 401)
            #expect(replayed.challenges.first?.hasSuffix(", stale=true") == true)
            client.count = "00000001"
            #expect(try await HTTPReply.handshake(port: server.port, headers: [client.header]).status == 401)
            client.count = "0000000a"
            #expect(try await HTTPReply.handshake(port: server.port, headers: [client.header]).status == 101)
        }
    }

    @Test("D2: twelve at once with one count: one is let in")
    func race() async throws {
        try await withServer(Self.only) { server in
            let header = try await self.client(server).header
            let port = server.port
            let winners = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<12 {
                    group.addTask { try await HTTPReply.handshake(port: port, headers: [header]).status }
                }
                return try await group.reduce(into: 0) { $0 += $1 == 101 ? 1 : 0 }
            }
            #expect(winners == 1)
        }
    }

    @Test(
        "D3: a nonce of ours that was altered, or of somebody else: stale for who knows the password, plain 401 for others"
    )
    func foreignNonce() async throws {
        try await withServer(Self.only) { server in
            var client = try await self.client(server)
            for nonce in [String(client.nonce.reversed()), "", "dcd98b7102dd2f0e8b11d0f600bfb0c093"] {
                client.nonce = nonce
                client.password = "demo"
                let right = try await HTTPReply.handshake(port: server.port, headers: [client.header])
                #expect(right.status == 401)
                #expect(right.challenges.first?.hasSuffix("stale=true") == true)
                client.password = "wrong"
                let wrong = try await HTTPReply.handshake(port: server.port, headers: [client.header])
                #expect(wrong.status == 401)
                #expect(wrong.challenges.first?.contains("stale") == false)
            }
        }
    }

    @Test("D3: an old nonce is stale, and the new one that comes with the refusal works")
    func expired() async throws {
        try await withServer(Self.only) {
            $0.authentication.digest.nonceLifetime = .milliseconds(1)
        } _: { server in
            let header = try await self.client(server).header
            let reply = try await HTTPReply.handshake(port: server.port, headers: [header])
            #expect(reply.status == 401)
            #expect(reply.challenges.first?.hasSuffix("stale=true") == true)
        }
    }

    @Test("D4, D6: parameters missing or altered, on the wire")
    func tampered() async throws {
        try await withServer(Self.only) { server in
            let client = try await self.client(server)
            let parameters = try client.parameters
            for name in ["username", "realm", "nonce", "uri", "algorithm", "qop", "nc", "cnonce", "response"] {
                let header = DigestClient.header(parameters.filter { $0.name != name })
                #expect(try await HTTPReply.handshake(port: server.port, headers: [header]).status == 401, "no \(name)")
            }
            let wrongs = [
                ("response", "\"\""), ("response", "\"0\""), ("response", "\"\(String(repeating: "0", count: 64))\""),
                ("response", "\"\(String(repeating: "z", count: 64))\""), ("realm", "\"other\""), ("opaque", "\"x\""),
                ("algorithm", "MD5"), ("algorithm", "SHA-256-sess"), ("qop", "auth-int"), ("uri", "\"/other\""),
                ("username", "\"bob\""), ("username", "\"alice\\\", uri=\\\"/\""), ("nc", "00000002"),
                ("cnonce", "\"other\""),
            ]
            for (name, value) in wrongs {
                let header = DigestClient.header(parameters.filter { $0.name != name } + [(name, value)])
                #expect(try await HTTPReply.handshake(port: server.port, headers: [header]).status == 401, "\(name)")
            }
            // Nothing of all that has used up the count.
            #expect(try await HTTPReply.handshake(port: server.port, headers: [client.header]).status == 101)
        }
    }

    @Test("D11: nobody and a wrong password get the same answer")
    func unknownUser() async throws {
        try await withServer(Self.both) { server in
            var client = try await self.client(server)
            client.password = "wrong"
            let known = try await HTTPReply.handshake(port: server.port, headers: [client.header])
            client.username = "mallory"
            let unknown = try await HTTPReply.handshake(port: server.port, headers: [client.header])
            #expect(known.status == unknown.status)
            #expect(known.body == unknown.body)
            #expect(Set(known.headers.keys) == Set(unknown.headers.keys))
            #expect(known.challenges.count == unknown.challenges.count)
        }
    }

    @Test("B4: two Authorization headers; a method that is not offered")
    func doors() async throws {
        let basic = "Authorization: Basic YWxpY2U6ZGVtbw=="
        try await withServer(Self.only) { server in
            let digest = try await self.client(server).header
            #expect(try await HTTPReply.handshake(port: server.port, headers: [basic]).status == 401)
            #expect(try await HTTPReply.handshake(port: server.port, headers: [basic, digest]).status == 400)
        }
        try await withServer { server in
            let digest = try DigestClient(nonce: "x").header
            let status = try await HTTPReply.handshake(port: server.port, headers: [digest]).status
            #expect(status == 401)
        }
        try await withServer(Self.both) { server in
            let status = try await HTTPReply.handshake(port: server.port, headers: [basic]).status
            #expect(status == 101)
        }
    }
}
