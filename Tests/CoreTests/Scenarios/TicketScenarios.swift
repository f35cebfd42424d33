import Core
import PluginAPI
import StrictJSON
import Telephony
import Testing

/// `POST /ticket`, and coming in with what it gives (docs/protocol.md, section 2).
@Suite("Tickets")
struct TicketScenarios {
    static let basic = "Authorization: Basic YWxpY2U6ZGVtbw=="

    private func ticket(_ server: TestServer, _ headers: [String] = [Self.basic]) async throws -> String {
        let reply = try await HTTPReply.ticket(port: server.port, headers: headers)
        #expect(reply.status == 200)
        #expect(reply.headers["cache-control"] == "no-store")
        #expect(reply.headers["content-type"] == "application/json")
        let body = try JSONValue(parsing: Array(reply.body.utf8))
        #expect(body["expiresIn"] == 30)
        return try #require(body["ticket"]?.string)
    }

    @Test("A ticket carries the log-in: Alice registers as Alice, and as nobody else")
    func login() async throws {
        try await withServer { server in
            let ticket = try await self.ticket(server)
            let client = try await SignalingClient.connect(to: server.address, query: "?ticket=\(ticket)")
            try await client.register(#"{"username":"bob"}"#, expecting: "failed")
            try await client.register(#"{"username":"alice"}"#, expecting: "registered")
        }
    }

    @Test("Once: ten at the same time, one is let in, and nobody later")
    func once() async throws {
        try await withServer { server in
            let ticket = try await self.ticket(server)
            let port = server.port
            let winners = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<10 {
                    group.addTask { try await HTTPReply.handshake("/?ticket=\(ticket)", port: port).status }
                }
                return try await group.reduce(into: 0) { $0 += $1 == 101 ? 1 : 0 }
            }
            #expect(winners == 1)
            let late = try await HTTPReply.handshake("/?ticket=\(ticket)", port: port)
            #expect(late.status == 401)
            #expect(late.challenges == ["Bearer realm=\"anynode\", error=\"invalid_token\""])
        }
    }

    @Test("Wrong spellings, and secrets of another kind", arguments: ["", "x", "%00", "A", "upper", "registration"])
    func wrong(text: String) async throws {
        try await withServer { server in
            let alice = try await server.alice()
            let ticket = try await self.ticket(server)
            let tried =
                switch text {
                case "upper": ticket.uppercased()
                case "registration": alice.identifier
                default: text
                }
            let status = try await HTTPReply.handshake("/?ticket=\(tried)", port: server.port).status
            #expect(status == (text == "%00" ? 400 : 401))
            #expect(try await HTTPReply.handshake("/?identifier=\(ticket)", port: server.port).status == 401)
            #expect(try await HTTPReply.handshake("/?ticket=\(ticket)", port: server.port).status == 101)
        }
    }

    @Test("Who doesn't prove anything gets none")
    func refused() async throws {
        try await withServer(["authentication": ["methods": ["basic"], "anonymous": true]]) { server in
            let nobody = try await HTTPReply.ticket(port: server.port, headers: [])
            #expect(nobody.status == 401)
            #expect(nobody.challenges == ["Basic realm=\"anynode\", charset=\"UTF-8\""])
            let wrong = "Authorization: Basic YWxpY2U6d3Jvbmc="
            #expect(try await HTTPReply.ticket(port: server.port, headers: [wrong]).status == 401)
            let query = try await HTTPReply.get(
                "/ticket?identifier=x",
                port: server.port,
                method: "POST",
                headers: [Self.basic]
            )
            #expect(query.status == 400)
            let get = try await HTTPReply.get("/ticket", port: server.port, headers: [Self.basic])
            #expect(get.status == 405)
            #expect(get.headers["allow"] == "POST")
        }
    }

    @Test("Pages of other origins: asked for by preflight, readable where they are allowed, refused where not")
    func origins() async throws {
        let listener: JSONValue = [
            "name": "public", "host": "127.0.0.1", "port": 0, "paths": ["/rtc"], "origins": ["https://shop.example"],
        ]
        try await withServer(["listeners": .array([listener])]) { server in
            let ask = ["Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization"]
            let preflight = try await HTTPReply.get(
                "/rtc/ticket",
                port: server.port,
                method: "OPTIONS",
                headers: ["Origin: https://shop.example"] + ask
            )
            #expect(preflight.status == 204)
            #expect(preflight.headers["access-control-allow-origin"] == "https://shop.example")
            #expect(preflight.headers["access-control-allow-headers"] == "authorization")
            #expect(preflight.headers["access-control-allow-methods"] == "POST")
            let good = try await HTTPReply.ticket(
                port: server.port,
                headers: [Self.basic, "Origin: https://shop.example"]
            )
            #expect(good.status == 200)
            #expect(good.headers["access-control-allow-origin"] == "https://shop.example")
            #expect(good.headers["vary"] == "Origin")
            for origin in ["https://evil.example", "null", "https://shop.example.evil.example"] {
                let bad = try await HTTPReply.ticket(port: server.port, headers: [Self.basic, "Origin: \(origin)"])
                #expect(bad.status == 403)
                #expect(bad.headers["access-control-allow-origin"] == nil)
            }
        }
    }
}

/// Coming back by the secret in a push (§9.5.2). The push itself is the notifiers' business.
@Suite("Wakeup tokens at the door (SECURITY I4)")
struct WakeupScenarios {
    private let service = PushRecorder(.waiting)

    /// Alice sleeps, and Bob calls her.
    private func sleepingAlice(
        _ server: TestServer
    ) async throws -> (identifier: String, token: String, bob: RegisteredClient) {
        let (alice, bob) = try await (server.alice(), server.bob())
        try await alice.client.canBeWoken()
        await alice.client.vanish()
        try await server.waitUntil { $0.ports == 1 }
        try await bob.client.send(start("c-1", to: Numbers.alice))
        let push = try await self.service.next()
        return (alice.identifier, try #require(push.wakeupToken), bob)
    }

    @Test("Used once: a new identifier, the old one void, the second use refused")
    func once() async throws {
        try await withServer(notifications: self.service) { server in
            let (identifier, token, _) = try await self.sleepingAlice(server)
            let client = try await SignalingClient.connect(to: server.address, query: "?wakeupToken=\(token)")
            let reply = try await client.expect(["operation": "register", "action": "start", "state": "registered"])
            let new = try #require(reply["identifier"]?.string)
            #expect(new != identifier)
            for query in ["?wakeupToken=\(token)", "?identifier=\(identifier)", "?identifier=\(token)"] {
                #expect(try await HTTPReply.handshake("/\(query)", port: server.port).status == 401)
            }
            #expect(try await HTTPReply.handshake("/?identifier=\(new)", port: server.port).status == 101)
        }
    }

    @Test("Ten at once: exactly one is let in")
    func race() async throws {
        try await withServer(notifications: self.service) { server in
            let (_, token, _) = try await self.sleepingAlice(server)
            let port = server.port
            let winners = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<10 {
                    group.addTask { try await HTTPReply.handshake("/?wakeupToken=\(token)", port: port).status }
                }
                return try await group.reduce(into: 0) { $0 += $1 == 101 ? 1 : 0 }
            }
            #expect(winners == 1)
        }
    }
}
