import StrictJSON
import Testing

@Suite("Drain")
struct DrainScenarios {
    @Test("Idle clients go at once, calls may end, new work is refused")
    func drain() async throws {
        try await withServer(["drain": ["spread": "10ms", "deadline": "300s"]]) { server in
            let (alice, bob, carol) = try await (server.alice(), server.bob(), server.carol())
            let call = try await establishCall(from: alice, to: bob)
            async let drained: Void = server.drain()
            let closed = try await carol.client.closed()
            #expect(closed.code == 1001)
            #expect(closed.reason.hasPrefix("retry-after-ms="))

            #expect(try await HTTPReply.get("/readyz", port: server.port).status == 503)
            #expect(try await HTTPReply.get("/healthz", port: server.port).status == 200)
            let refused = await #expect(throws: SignalingClient.HandshakeRefused.self) {
                try await SignalingClient.connect(to: server.address, login: "carol:demo")
            }
            #expect(refused?.status == 503)
            #expect(refused?.headers["retry-after"] != nil)

            // The call goes on, a new one is refused.
            try await alice.client.send(start("c-2", to: Numbers.carol))
            try await alice.client.expect(status("terminated", "c-2", reason: "shutdown"))
            try await alice.client.send(media("offer", call.caller, "1"))
            try await bob.client.expect(["action": "offer"])
            try await bob.client.send(request("terminate", call.callee))
            try await alice.client.expect(status("terminated", call.caller, reason: "normal"))
            #expect(try await alice.client.closed().code == 1001)
            await alice.client.vanish()
            await bob.client.vanish()
            await carol.client.vanish()
            await drained
        }
    }

    @Test("At the deadline the calls that are left end with shutdown")
    func deadline() async throws {
        try await withServer(["drain": ["spread": "10ms", "deadline": "200ms"]]) { server in
            let (alice, bob) = try await (server.alice(), server.bob())
            let call = try await establishCall(from: alice, to: bob)
            async let drained: Void = server.drain()
            try await alice.client.expect(status("terminated", call.caller, reason: "shutdown"))
            try await bob.client.expect(status("terminated", call.callee, reason: "shutdown"))
            #expect(try await alice.client.closed().code == 1001)
            #expect(try await bob.client.closed().code == 1001)
            await drained
        }
    }
}
