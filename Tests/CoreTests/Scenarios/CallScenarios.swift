import StrictJSON
import Testing

/// The flows of the technote's chapter 10, each over real sockets.
@Suite("Calls, §10")
struct CallScenarios {
    @Test("10.3 Successful call initiated by the WebRTC client")
    func successfulOutgoingCall() async throws {
        try await withServer { server in
            let (alice, bob) = try await (server.alice(), server.bob())
            try await alice.client.send(start("c-1", to: "+49-5363-8195999"))
            let offered = try await bob.client.next()
            let other = try #require(offered["identifier"]?.string)
            try await bob.client.send(request("accept", other))
            let ringing = try await alice.client.expect(status("ringing", "c-1"))
            #expect(ringing["localAddress"] == ["dialString": "4953638195123", "displayName": "Alice Adams"])
            #expect(ringing["remoteAddress"] == ["dialString": "4953638195999", "displayName": "Bob Brown"])
            #expect(ringing["reason"] == nil)
            try await bob.client.expect(status("ringing", other))
            try await bob.client.send(request("answer", other))
            try await alice.client.expect(status("active", "c-1"))
            try await bob.client.expect(status("active", other))

            try await alice.client.send(request("terminate", "c-1"))
            try await alice.client.expect(status("terminating", "c-1"))
            try await alice.client.expect(status("terminated", "c-1", reason: "normal"))
            try await bob.client.expect(status("terminated", other, reason: "normal"))
            try await alice.client.expectNothing()
            try await bob.client.expectNothing()
        }
    }

    @Test("10.4 Successful call initiated by anynode: answered without accept")
    func successfulIncomingCall() async throws {
        try await withServer { server in
            let (alice, bob) = try await (server.alice(), server.bob())
            try await bob.client.send(start("b-1", to: Numbers.alice))
            let offered = try await alice.client.expect([
                "version": 1, "operation": "signaling", "action": "start",
                "localAddress": ["dialString": "4953638195123"],
                "remoteAddress": ["dialString": "4953638195999", "displayName": "Bob Brown"],
            ])
            let identifier = try #require(offered["identifier"]?.string)
            #expect(identifier != "b-1")
            try await alice.client.send(request("answer", identifier, #","localAddress":"4953638195123""#))
            try await alice.client.expect(status("active", identifier))
            try await bob.client.expect(status("active", "b-1"))
            try await bob.client.send(request("terminate", "b-1"))
            try await alice.client.expect(status("terminated", identifier, reason: "normal"))
        }
    }

    @Test(
        "10.5 Failed call initiated by the WebRTC client: rejected, busy",
        arguments: [
            ("", "rejected"), (#","reason":"busy""#, "busy"), (#","reason":"rejected""#, "rejected"),
        ]
    )
    func failedOutgoingCall(reason: String, told: String) async throws {
        try await withServer { server in
            let (alice, bob) = try await (server.alice(), server.bob())
            try await alice.client.send(start("c-1", to: Numbers.bob))
            let other = try #require(try await bob.client.next()["identifier"]?.string)
            try await bob.client.send(request("accept", other))
            try await alice.client.expect(status("ringing", "c-1"))
            try await bob.client.expect(status("ringing", other))
            try await bob.client.send(request("terminate", other, reason))
            try await alice.client.expect(status("terminated", "c-1", reason: told))
            try await bob.client.expect(status("terminating", other))
            try await bob.client.expect(status("terminated", other, reason: told))
        }
    }

    @Test(
        "10.5 Nobody there: unknown number, known number without a client, own number",
        arguments: [
            ("110", "notFound"), ("not a number", "notFound"), (Numbers.carol, "unavailable"), (Numbers.alice, "busy"),
        ]
    )
    func unreachableNumber(number: String, reason: String) async throws {
        try await withServer { server in
            let alice = try await server.alice()
            try await alice.client.send(start("c-1", to: number))
            try await alice.client.expect(status("terminated", "c-1", reason: reason))
            try await alice.client.expectNothing()
        }
    }

    @Test("10.6 Failed call initiated by anynode: declined without accept")
    func failedIncomingCall() async throws {
        try await withServer { server in
            let (alice, bob) = try await (server.alice(), server.bob())
            try await bob.client.send(start("b-1", to: Numbers.alice))
            let identifier = try #require(try await alice.client.next()["identifier"]?.string)
            try await alice.client.send(request("terminate", identifier))
            try await alice.client.expect(status("terminating", identifier))
            try await alice.client.expect(status("terminated", identifier, reason: "rejected"))
            try await bob.client.expect(status("terminated", "b-1", reason: "rejected"))
        }
    }

    @Test("10.6 The caller gives up")
    func cancelledCall() async throws {
        try await withServer { server in
            let (alice, bob) = try await (server.alice(), server.bob())
            try await bob.client.send(start("b-1", to: Numbers.alice))
            let identifier = try #require(try await alice.client.next()["identifier"]?.string)
            try await bob.client.send(request("terminate", "b-1"))
            try await alice.client.expect(status("terminated", identifier, reason: "cancelled"))
            try await bob.client.expect(status("terminating", "b-1"))
            try await bob.client.expect(status("terminated", "b-1", reason: "cancelled"))
        }
    }

    @Test("10.7 and 10.8 Hold and retrieve, as the one side asks and the other is told")
    func holdAndRetrieve() async throws {
        try await withServer { server in
            let (alice, bob) = try await (server.alice(), server.bob())
            let call = try await establishCall(from: alice, to: bob)
            try await alice.client.send(request("hold", call.caller))
            try await alice.client.expect(status("held", call.caller))
            try await bob.client.expect(status("holding", call.callee))
            // Both hold: each sees held.
            try await bob.client.send(request("hold", call.callee))
            try await bob.client.expect(status("held", call.callee))
            try await alice.client.expect(status("held", call.caller))
            try await alice.client.send(request("retrieve", call.caller))
            try await alice.client.expect(status("holding", call.caller))
            try await bob.client.expect(status("held", call.callee))
            try await bob.client.send(request("retrieve", call.callee))
            try await bob.client.expect(status("active", call.callee))
            try await alice.client.expect(status("active", call.caller))
        }
    }

    @Test("10.9 Call transfer initiated by the WebRTC client: the remaining parties talk to each other")
    func attendedTransfer() async throws {
        try await withServer { server in
            let (alice, bob, carol) = try await (server.alice(), server.bob(), server.carol())
            let first = try await establishCall("a-1", from: alice, to: bob)
            try await alice.client.send(request("hold", "a-1"))
            try await alice.client.expect(status("held", "a-1"))
            try await bob.client.expect(status("holding", first.callee))
            let second = try await establishCall("a-2", from: alice, to: carol, number: Numbers.carol)

            try await alice.client.send(request("transfer", "a-1", #","transferIdentifier":"a-2""#))
            try await alice.client.expect(status("terminated", "a-1", reason: "transferred"))
            try await alice.client.expect(status("terminated", "a-2", reason: "transferred"))
            let bobNow = try await bob.client.expect(status("active", first.callee))
            #expect(bobNow["remoteAddress"] == ["dialString": "4953638195777", "displayName": "Carol Clark"])
            let carolNow = try await carol.client.expect(status("active", second.callee))
            #expect(carolNow["remoteAddress"] == ["dialString": "4953638195999", "displayName": "Bob Brown"])

            // One side is asked for a fresh offer; the other answers it.
            let request = try await bob.client.expect([
                "operation": "media", "action": "offer", "identifier": .string(first.callee),
            ])
            #expect(request["sdp"] == nil)
            try await bob.client.send(media("offer", first.callee, #""fresh""#))
            try await carol.client.expect(["action": "offer", "identifier": .string(second.callee), "sdp": "fresh"])
            try await carol.client.send(media("answer", second.callee, #""glad""#))
            try await bob.client.expect(["action": "answer", "identifier": .string(first.callee), "sdp": "glad"])
            try await alice.client.expectNothing()
        }
    }

    @Test("10.9 Blind transfer")
    func blindTransfer() async throws {
        try await withServer { server in
            let (alice, bob, carol) = try await (server.alice(), server.bob(), server.carol())
            let first = try await establishCall("a-1", from: alice, to: bob)
            // A number that nobody has leaves the call as it is.
            try await alice.client.send(request("transfer", "a-1", #","remoteAddress":"110""#))
            try await alice.client.expect(status("active", "a-1", reason: "notFound"))

            try await alice.client.send(request("transfer", "a-1", #","remoteAddress":"4953638195777""#))
            try await alice.client.expect(status("terminated", "a-1", reason: "transferred"))
            try await bob.client.expect(status("ringing", first.callee))
            let offered = try await carol.client.expect([
                "action": "start", "remoteAddress": ["dialString": "4953638195999"],
            ])
            let identifier = try #require(offered["identifier"]?.string)
            try await carol.client.send(request("answer", identifier))
            try await carol.client.expect(status("active", identifier))
            try await bob.client.expect(status("active", first.callee))
            #expect(try await bob.client.next()["action"] == "offer")
        }
    }

    @Test("11.2 Simple media negotiation, byte for byte")
    func mediaNegotiation() async throws {
        try await withServer { server in
            let (alice, bob) = try await (server.alice(), server.bob())
            let call = try await establishCall(from: alice, to: bob)
            let sdp =
                #"{ "type" : "offer", "sdp":"v=0\r\no=\u00fc 1e400\t","n":[1.50,-0, 123456789012345678901234567890 ] }"#
            try await alice.client.send(media("offer", call.caller, sdp))
            let text = String(decoding: try await bob.client.nextText(), as: UTF8.self)
            #expect(
                text
                    == #"{"version":1,"operation":"media","action":"offer","identifier":"\#(call.callee)","sdp":\#(sdp)}"#
            )
            try await bob.client.send(media("answer", call.callee, #""v=0""#))
            try await alice.client.expect([
                "version": 1, "operation": "media", "action": "answer", "identifier": "c-1", "sdp": "v=0",
            ])
        }
    }

    @Test("Several devices: all ring, the first answer wins, the others are told")
    func forking() async throws {
        try await withServer { server in
            let (alice, desk) = try await (server.alice(), server.bob())
            let mobile = try await server.bob()
            try await alice.client.send(start("c-1", to: Numbers.bob))
            let onDesk = try #require(try await desk.client.next()["identifier"]?.string)
            let onMobile = try #require(try await mobile.client.next()["identifier"]?.string)
            try await mobile.client.send(request("answer", onMobile))
            try await mobile.client.expect(status("active", onMobile))
            try await alice.client.expect(status("active", "c-1"))
            try await desk.client.expect(status("terminated", onDesk, reason: "answeredElsewhere"))
            try await desk.client.expectNothing()
        }
    }
}
