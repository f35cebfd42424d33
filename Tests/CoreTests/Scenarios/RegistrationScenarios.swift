import StrictJSON
import Testing

/// The flows of the technote's chapter 9, each over real sockets.
@Suite("Registration, §9")
struct RegistrationScenarios {
    @Test("9.2 Successful registration")
    func successfulRegistration() async throws {
        try await withServer { server in
            let alice = try await SignalingClient.connect(to: server, login: "alice:demo")
            try await alice.send(
                #"{"version":1,"operation":"register","action":"start","localSideDescription":"demo 1.0","assignment":{"username":"alice"}}"#
            )
            let reply = try await alice.next()
            #expect(
                reply.contains([
                    "version": 1, "operation": "register", "action": "start", "state": "registered",
                    "reason": "success",
                    "localAddress": ["dialString": "4953638195123", "displayName": "Alice Adams"],
                    "localSideDescription": "anynode-server test",
                ])
            )
            #expect(reply["identifier"]?.string?.count == 32)
        }
    }

    @Test("9.2 By dial string, and by both, which must agree (§5)")
    func assignmentModes() async throws {
        try await withServer { server in
            let byNumber = try await SignalingClient.connect(to: server, login: "alice:demo")
            try await byNumber.register(#"{"dialString":"+49-5363-8195123"}"#, expecting: "registered")
            let byBoth = try await SignalingClient.connect(to: server, login: "alice:demo")
            try await byBoth.register(#"{"username":"alice","dialString":"4953638195124"}"#, expecting: "registered")
            let disagreeing = try await SignalingClient.connect(to: server, login: "alice:demo")
            let reply = try await disagreeing.register(
                #"{"username":"alice","dialString":"4953638195999"}"#,
                expecting: "failed"
            )
            #expect(reply["reason"] == "forbidden")
        }
    }

    @Test(
        "9.4 Failed registration",
        arguments: [
            (#"{"username":"nobody"}"#, "nobody:x", "forbidden"),
            (#"{"username":"bob"}"#, "alice:demo", "forbidden"),
            (#"{"dialString":"4953638195999"}"#, "alice:demo", "forbidden"),
            (#"{"dialString":"110"}"#, "alice:demo", "notFound"),
            (#"{"dialString":"49 5363 8195123"}"#, "alice:demo", "notFound"),
            (#"{"dialString":"４９５３６３８１９５１２３"}"#, "alice:demo", "notFound"),
            (#"{"username":"Alice"}"#, "alice:demo", "forbidden"),
            (#"{"username":"alice\u0000"}"#, "alice:demo", "forbidden"),
            (#"{}"#, "alice:demo", "invalidMessage"),
            (#"{"username":17}"#, "alice:demo", "invalidMessage"),
        ]
    )
    func failedRegistration(assignment: String, login: String, reason: String) async throws {
        try await withServer { server in
            let client = try await SignalingClient.connect(
                to: server,
                login: login.hasPrefix("nobody") ? "alice:demo" : login
            )
            let reply = try await client.register(assignment, expecting: "failed")
            #expect(reply["reason"]?.string == reason)
            #expect(reply["identifier"] == nil)
        }
    }

    @Test("9.4 The directory knows nobody of that name")
    func unknownUser() async throws {
        try await withServer(["authentication": ["anonymous": true]]) { server in
            let client = try await SignalingClient.connect(to: server)
            let reply = try await client.register(#"{"username":"nobody"}"#, expecting: "failed")
            #expect(reply["reason"] == "notFound")
        }
    }

    @Test("9.5.1 Web page reload: registration, calls and the media that was missed")
    func pageReload() async throws {
        try await withServer { server in
            let (alice, bob) = try await (server.alice(), server.bob())
            let call = try await establishCall(from: alice, to: bob)
            await bob.client.vanish()

            try await alice.client.send(media("offer", call.caller, #"{"sdp":"one"}"#))
            try await alice.client.send(media("offer", call.caller, #"{"sdp":"two"}"#))
            try await alice.client.send(candidate("offer", call.caller, "c1"))
            try await alice.client.expectNothing()

            let back = try await SignalingClient.connect(to: server.address, query: "?identifier=\(bob.identifier)")
            #expect(
                try await back.next().contains([
                    "operation": "register", "action": "start", "state": "registered", "reason": "success",
                    "identifier": .string(bob.identifier),
                    "localAddress": ["dialString": "4953638195999", "displayName": "Bob Brown"],
                ])
            )
            #expect(
                try await back.next().contains([
                    "operation": "signaling", "action": "status", "state": "active",
                    "identifier": .string(call.callee),
                ])
            )
            #expect(
                try await back.next().contains([
                    "action": "offer", "sdp": ["sdp": "two"], "identifier": .string(call.callee),
                ])
            )
            #expect(try await back.next().contains(["action": "offer", "ice": "c1"]))
            try await back.expectNothing()
        }
    }

    @Test("9.5.1 A call that is still offered is offered again")
    func reloadWhileRinging() async throws {
        try await withServer { server in
            let (alice, bob) = try await (server.alice(), server.bob())
            try await alice.client.send(start("c-1", to: "4953638195999"))
            try await alice.client.send(media("offer", "c-1", #"{"sdp":"one"}"#))
            let offered = try await bob.client.next()
            _ = try await bob.client.next()
            await bob.client.vanish()
            let back = try await SignalingClient.connect(to: server.address, query: "?identifier=\(bob.identifier)")
            #expect(try await back.next()["state"] == "registered")
            #expect(try await back.next() == offered)
            #expect(try await back.next()["sdp"] == ["sdp": "one"])
        }
    }

    @Test("9.5.1 A newer connection takes the registration over; an unknown identifier is refused")
    func takeOver() async throws {
        try await withServer { server in
            let alice = try await server.alice()
            let newer = try await SignalingClient.connect(to: server.address, query: "?identifier=\(alice.identifier)")
            #expect(try await newer.next()["identifier"]?.string == alice.identifier)
            #expect(try await alice.client.closed().code == 4002)
            for identifier in [String(repeating: "0", count: 32), "", "x", alice.identifier.uppercased() + "A"] {
                let refusal = await #expect(throws: SignalingClient.HandshakeRefused.self) {
                    try await SignalingClient.connect(to: server.address, query: "?identifier=\(identifier)")
                }
                #expect(refusal?.status == 401)
                #expect(refusal?.headers["www-authenticate"]?.hasPrefix("Bearer ") == true)
            }
            try await newer.expectNothing()
        }
    }

    @Test("9.6 Terminate registration")
    func terminateRegistration() async throws {
        try await withServer { server in
            let alice = try await server.alice()
            try await alice.client.send(
                #"{"version":1,"operation":"register","action":"terminate","identifier":"\#(alice.identifier)"}"#
            )
            let reply = try await alice.client.next()
            #expect(
                reply == [
                    "version": 1, "operation": "register", "action": "terminate", "state": "terminated",
                    "reason": "success", "identifier": .string(alice.identifier),
                ]
            )
            await #expect(throws: SignalingClient.HandshakeRefused.self) {
                try await SignalingClient.connect(to: server.address, query: "?identifier=\(alice.identifier)")
            }
            // The socket is still logged in and may register again.
            try await alice.client.register(#"{"username":"alice"}"#, expecting: "registered")
        }
    }

    @Test("9.6 Nobody ends somebody else's registration (I13)")
    func foreignTermination() async throws {
        try await withServer { server in
            let (alice, bob) = try await (server.alice(), server.bob())
            try await bob.client.send(
                #"{"version":1,"operation":"register","action":"terminate","identifier":"\#(alice.identifier)"}"#
            )
            #expect(try await bob.client.next().contains(["state": "failed", "reason": "unknownIdentifier"]))
            try await bob.client.send(
                #"{"version":1,"operation":"register","action":"status","identifier":"\#(alice.identifier)","notificationToken":"t"}"#
            )
            #expect(try await bob.client.next().contains(["action": "status", "state": "failed"]))
            try await alice.client.expectNothing()
        }
    }

    @Test("A second start on a socket: harmless for the same assignment, refused for another")
    func secondStart() async throws {
        try await withServer { server in
            let alice = try await server.alice()
            let again = try await alice.client.register(#"{"dialString":"4953638195123"}"#, expecting: "registered")
            #expect(again["identifier"]?.string == alice.identifier)
            let other = try await alice.client.register(#"{"dialString":"4953638195124"}"#, expecting: "failed")
            #expect(other["reason"] == "alreadyRegistered")
        }
    }
}
