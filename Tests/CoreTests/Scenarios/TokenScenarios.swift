import Core
import NIOConcurrencyHelpers
import StrictJSON
import Telephony
import Testing

/// Access tokens over real sockets (§4.2).
@Suite("Access tokens at the door")
struct TokenScenarios {
    static let configuration: JSONValue = [
        "authentication": [
            "methods": ["basic", "token"],
            "token": [
                "issuers": [
                    ["issuer": "https://shop.example", "algorithm": "HS256", "secret": .string(TokenMaker.secret)],
                    [
                        "issuer": "https://call.example", "algorithm": "HS256", "secret": .string(Self.otherSecret),
                        "callMe": true,
                    ],
                ]
            ],
        ],
        "limits": ["loginFailuresPerMinute": 10000],
    ]
    static let otherSecret = "another key of 32 bytes and a few more"

    private func connect(_ server: TestServer, _ token: String) async throws -> SignalingClient {
        try await SignalingClient.connect(to: server.address, query: "?access_token=\(token)")
    }

    private func alice(_ server: TestServer, nonce: String? = nil) async throws -> RegisteredClient {
        let client = try await self.connect(server, TokenMaker.current(nonce: nonce))
        let reply = try await client.register(#"{"username":"alice"}"#, expecting: "registered")
        return RegisteredClient(client: client, identifier: try #require(reply["identifier"]?.string))
    }

    @Test("In by the query or by Authorization: Bearer; refused like any other wrong proof")
    func doors() async throws {
        try await withServer(Self.configuration) { server in
            let port = server.port
            let good = TokenMaker.current()
            let bad = TokenMaker.current(secret: "not the secret of anybody at all!")
            #expect(try await HTTPReply.handshake("/?access_token=\(good)", port: port).status == 101)
            #expect(try await HTTPReply.handshake(port: port, headers: ["Authorization: Bearer \(good)"]).status == 101)
            for reply in [
                try await HTTPReply.handshake("/?access_token=\(bad)", port: port),
                try await HTTPReply.handshake(port: port, headers: ["Authorization: Bearer \(bad)"]),
                try await HTTPReply.handshake("/?access_token=", port: port),
            ] {
                #expect(reply.status == 401)
                #expect(reply.challenges == ["Bearer realm=\"anynode\", error=\"invalid_token\""])
                #expect(reply.body == "the access token is not valid\n")
            }
            #expect(server.log.contains("its signature is wrong"))
        }
    }

    @Test("J20: two proofs at once, a broken escape, a token in a cookie")
    func combinations() async throws {
        try await withServer(Self.configuration) { server in
            let good = TokenMaker.current()
            for (query, status) in [
                ("?access_token=\(good)&access_token=\(good)", 400), ("?access_token=\(good)&identifier=x", 400),
                ("?access_token=\(good)%00", 400), ("?access_token=%zz", 400), ("?access_token=\(good)%20", 401),
                ("?Access_Token=\(good)", 401), ("?x=1&access_token=\(good)", 101),
            ] {
                let reply = try await HTTPReply.handshake("/\(query)", port: server.port)
                #expect(reply.status == status, "\(query.prefix(20))")
            }
            let cookie = try await HTTPReply.handshake(port: server.port, headers: ["Cookie: access_token=\(good)"])
            #expect(cookie.status == 401)
            let header = try await HTTPReply.handshake(
                "/?access_token=\(good)",
                port: server.port,
                headers: ["Authorization: Basic YWxpY2U6ZGVtbw==", "Authorization: Basic YWxpY2U6ZGVtbw=="]
            )
            #expect(header.status == 400)
        }
    }

    @Test("J19: a token names whom one may register as; without a name it is nobody")
    func names() async throws {
        try await withServer(Self.configuration) { server in
            let alice = try await self.connect(server, TokenMaker.current())
            for assignment in [
                #"{"username":"bob"}"#, #"{"dialString":"4953638195999"}"#,
                #"{"username":"alice","dialString":"4953638195999"}"#,
            ] {
                let reply = try await alice.register(assignment, expecting: "failed")
                #expect(reply["reason"] == "forbidden")
            }
            try await alice.register(#"{"dialString":"4953638195123"}"#, expecting: "registered")
            let nobody = try await self.connect(server, TokenMaker.current(username: nil))
            for assignment in [#"{"username":"bob"}"#, #"{"dialString":"4953638195999"}"#] {
                let reply = try await nobody.register(assignment, expecting: "failed")
                #expect(reply["reason"] == "forbidden")
            }
            try await nobody.send(start("c-1", to: Numbers.alice))
            try await nobody.expect(status("terminated", "c-1", reason: "notRegistered"))
        }
    }

    @Test("J8: at its end calls end with expired, the socket is closed with 4001, and the identifier is void")
    func end() async throws {
        let calendar = NIOLockedBox(CalendarTime.now)
        try await withServer(Self.configuration, calendar: calendar) { server in
            let bob = try await server.bob()
            let client = try await self.connect(server, TokenMaker.current(lifetime: .seconds(300)))
            let reply = try await client.register(#"{"username":"alice"}"#, expecting: "registered")
            let alice = RegisteredClient(client: client, identifier: try #require(reply["identifier"]?.string))
            let call = try await establishCall(from: alice, to: bob)
            calendar.withLock { $0 = $0 + .seconds(3600) }
            try await alice.client.expect(status("terminated", call.caller, reason: "expired"))
            try await alice.client.expect(
                ["operation": "register", "action": "terminate", "state": "terminated", "reason": "expired"]
            )
            #expect(try await alice.client.closed().code == 4001)
            try await bob.client.expect(status("terminated", call.callee, reason: "expired"))
            let back = try await HTTPReply.handshake("/?identifier=\(alice.identifier)", port: server.port)
            #expect(back.status == 401)
        }
    }

    @Test("4.2.2 A token of the same nonce takes over in the middle of a call, which goes on")
    func renewal() async throws {
        try await withServer(Self.configuration) { server in
            let bob = try await server.bob()
            let alice = try await self.alice(server, nonce: "n-17")
            let call = try await establishCall(from: alice, to: bob)
            let renewed = try await self.connect(server, TokenMaker.current(nonce: "n-17"))
            let reply = try await renewed.expect(["operation": "register", "action": "start", "state": "registered"])
            #expect(reply["identifier"]?.string == alice.identifier)
            try await renewed.expect(status("active", call.caller))
            #expect(try await alice.client.closed().code == 4002)
            try await renewed.send(request("hold", call.caller))
            try await renewed.expect(status("held", call.caller))
            try await bob.client.expect(status("holding", call.callee))
        }
    }

    @Test(
        "J11: Alice's nonce in the hands of others changes nothing for her",
        arguments: ["bob", "nobody", "other issuer", "bad signature", "expired"]
    )
    func thieves(thief: String) async throws {
        try await withServer(Self.configuration) { server in
            let bob = try await server.bob()
            let alice = try await self.alice(server, nonce: "n-17")
            let call = try await establishCall(from: alice, to: bob)
            let token =
                switch thief {
                case "bob": TokenMaker.current(username: "bob", nonce: "n-17")
                case "nobody": TokenMaker.current(username: nil, nonce: "n-17")
                case "other issuer":
                    TokenMaker.current(nonce: "n-17", issuer: "https://call.example", secret: Self.otherSecret)
                case "bad signature": TokenMaker.current(nonce: "n-17", secret: Self.otherSecret)
                default: TokenMaker.current(nonce: "n-17", lifetime: .seconds(-1))
                }
            let reply = try await HTTPReply.handshake("/?access_token=\(token)", port: server.port)
            #expect(reply.status == (["bad signature", "expired"].contains(thief) ? 401 : 101))
            try await alice.client.send(request("hold", call.caller))
            try await alice.client.expect(status("held", call.caller))
            // In grace, when her socket is gone, neither.
            await alice.client.vanish()
            _ = try await HTTPReply.handshake("/?access_token=\(token)", port: server.port)
            let back = try await SignalingClient.connect(to: server.address, query: "?identifier=\(alice.identifier)")
            try await back.expect(["operation": "register", "action": "start", "state": "registered"])
            try await back.expect(status("held", call.caller))
        }
    }

    @Test("The call-me button: a call without a registration, shown by the name in the token, and sent home after it")
    func callMe() async throws {
        try await withServer(Self.configuration) { server in
            let bob = try await server.bob()
            let token = TokenMaker.current(username: nil, issuer: "https://call.example", secret: Self.otherSecret)
            let visitor = try await self.connect(server, token)
            try await visitor.send(start("c-1", to: Numbers.bob))
            let offered = try await bob.client.expect(["operation": "signaling", "action": "start"])
            #expect(offered["remoteAddress"]?["dialString"] == "anonymous")
            let identifier = try #require(offered["identifier"]?.string)
            try await bob.client.send(request("answer", identifier))
            try await bob.client.expect(status("active", identifier))
            try await visitor.expect(status("active", "c-1"))
            try await bob.client.send(request("terminate", identifier))
            try await visitor.expect(status("terminated", "c-1", reason: "normal"))
            #expect(try await visitor.closed().code == 1000)
        }
    }

    @Test("A ticket got by a token carries its user, its end and its nonce")
    func ticket() async throws {
        try await withServer(Self.configuration) { server in
            let alice = try await self.alice(server, nonce: "n-17")
            let bearer = "Authorization: Bearer \(TokenMaker.current(nonce: "n-17"))"
            let reply = try await HTTPReply.ticket(port: server.port, headers: [bearer])
            let ticket = try #require(try JSONValue(parsing: Array(reply.body.utf8))["ticket"]?.string)
            let renewed = try await SignalingClient.connect(to: server.address, query: "?ticket=\(ticket)")
            try await renewed.expect(["operation": "register", "action": "start", "state": "registered"])
            #expect(try await alice.client.closed().code == 4002)
        }
    }

    @Test("Nobody configured an issuer: every token is refused")
    func off() async throws {
        try await withServer { server in
            let token = TokenMaker.current()
            #expect(try await HTTPReply.handshake("/?access_token=\(token)", port: server.port).status == 401)
            let bearer = try await HTTPReply.handshake(port: server.port, headers: ["Authorization: Bearer \(token)"])
            #expect(bearer.status == 401)
        }
    }
}
