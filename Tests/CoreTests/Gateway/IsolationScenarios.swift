import StrictJSON
import Testing

/// What one client can do to another by naming what is not its own: nothing (I5–I9, I12–I16).
@Suite("Isolation of clients")
struct IsolationScenarios {
    @Test(
        "Somebody else's leg is as unknown as nonsense, by either leg's identifier",
        arguments: [
            "accept", "answer", "terminate", "hold", "retrieve", "transfer",
        ]
    )
    func foreignLeg(action: String) async throws {
        try await withServer { server in
            let (alice, bob, mallory) = try await (server.alice(), server.bob(), server.carol())
            let call = try await establishCall(from: alice, to: bob)
            let more = action == "transfer" ? #","remoteAddress":"4953638195777""# : ""
            for identifier in [call.caller, call.callee, "nonsense"] {
                try await mallory.client.send(request(action, identifier, more))
                try await mallory.client.expect(status("terminated", identifier, reason: "unknownIdentifier"))
                try await mallory.client.send(media("offer", identifier, "1"))
                try await mallory.client.expect(status("terminated", identifier, reason: "unknownIdentifier"))
            }
            try await alice.client.expectNothing()
            try await bob.client.expectNothing()
        }
    }

    @Test("Two clients may use one identifier, and neither hears of the other's call (I6)")
    func sameIdentifier() async throws {
        try await withServer { server in
            let (alice, bob, carol) = try await (server.alice(), server.bob(), server.carol())
            let call = try await establishCall("same", from: alice, to: bob)
            try await carol.client.send(start("same", to: Numbers.alice))
            let offered = try #require(try await alice.client.next()["identifier"]?.string)
            #expect(offered != "same")
            try await carol.client.send(request("terminate", "same"))
            try await carol.client.expect(status("terminating", "same"))
            try await carol.client.expect(status("terminated", "same", reason: "cancelled"))
            try await alice.client.expect(status("terminated", offered, reason: "cancelled"))
            // Her own live identifier again: the call is untouched.
            try await alice.client.send(start("same", to: Numbers.carol))
            try await alice.client.expect(status("active", "same", reason: "duplicateIdentifier"))
            try await alice.client.send(media("offer", call.caller, "1"))
            try await bob.client.expect(["action": "offer"])
        }
    }

    @Test("A transfer of an own and a foreign call, or of a call with itself, is refused (I7)")
    func foreignTransfer() async throws {
        try await withServer { server in
            let (alice, bob, carol) = try await (server.alice(), server.bob(), server.carol())
            let call = try await establishCall("a-1", from: alice, to: bob)
            try await carol.client.send(start("c-1", to: Numbers.alice))
            let offered = try #require(try await alice.client.next()["identifier"]?.string)
            for (other, reason) in [("c-1", "unknownIdentifier"), (call.callee, "unknownIdentifier")] {
                try await alice.client.send(request("transfer", "a-1", #","transferIdentifier":"\#(other)""#))
                try await alice.client.expect(status("terminated", other, reason: reason))
            }
            try await alice.client.send(request("transfer", "a-1", #","transferIdentifier":"a-1""#))
            try await alice.client.expect(status("active", "a-1", reason: "invalidMessage"))
            // Not connected yet.
            try await alice.client.send(request("transfer", "a-1", #","transferIdentifier":"\#(offered)""#))
            try await alice.client.expect(status("ringing", offered, reason: "invalidState"))
            try await bob.client.expectNothing()
            try await carol.client.expectNothing()
        }
    }

    @Test("A caller cannot answer his own call, nor play the server (I8)")
    func callerAnswers() async throws {
        try await withServer { server in
            let (alice, bob) = try await (server.alice(), server.bob())
            try await alice.client.send(start("a-1", to: Numbers.bob))
            _ = try await bob.client.next()
            for action in ["accept", "answer", "hold"] {
                try await alice.client.send(request(action, "a-1"))
                try await alice.client.expect(status("ringing", "a-1", reason: "invalidState"))
            }
            try await alice.client.send(
                #"{"version":1,"operation":"signaling","action":"status","state":"active","identifier":"a-1"}"#
            )
            try await alice.client.expectNothing()
            try await bob.client.expectNothing()
        }
    }

    @Test("The directory's number is shown, whatever the caller claims (I12)")
    func callerIdentity() async throws {
        try await withServer { server in
            let (alice, bob) = try await (server.alice(), server.bob())
            try await alice.client.send(
                #"{"version":1,"operation":"signaling","action":"start","identifier":"a-1","localAddress":{"dialString":"110","displayName":"Police"},"remoteAddress":"4953638195999"}"#
            )
            let offered = try await bob.client.next()
            #expect(offered["remoteAddress"] == ["dialString": "4953638195123", "displayName": "Alice Adams"])
            #expect(!offered.text.contains("a-1"))
            #expect(!offered.text.contains(alice.identifier))
        }
    }

    @Test("Without a registration there are no calls (I14)")
    func unregistered() async throws {
        try await withServer { server in
            let bob = try await server.bob()
            let mallory = try await SignalingClient.connect(to: server, login: "alice:demo")
            try await mallory.send(start("m-1", to: Numbers.bob))
            try await mallory.expect(status("terminated", "m-1", reason: "notRegistered"))
            try await mallory.send(media("offer", "m-1", "1"))
            try await mallory.expect(status("terminated", "m-1", reason: "notRegistered"))
            try await bob.client.expectNothing()
        }
    }

    @Test("More calls at a time than allowed are refused with overload (I15)")
    func overload() async throws {
        try await withServer(["limits": ["callsPerRegistration": 2]]) { server in
            let (alice, bob) = try await (server.alice(), server.bob())
            for index in 0..<2 {
                try await alice.client.send(start("a-\(index)", to: Numbers.bob))
                _ = try await bob.client.next()
            }
            try await alice.client.send(start("a-2", to: Numbers.bob))
            try await alice.client.expect(status("terminated", "a-2", reason: "overload"))
        }
    }

    @Test(
        "Identifiers that break §10.2 are refused, and echoed only when they are short text",
        arguments: [
            (#""a b""#, true), (#""a/b""#, true), (#""é""#, true), (#""""#, true), (#""a\u0000""#, true), ("17", false),
            ("null", false), ("{}", false), ("[\"a\"]", false), ("\"\(String(repeating: "a", count: 129))\"", false),
        ]
    )
    func invalidIdentifiers(identifier: String, isEchoed: Bool) async throws {
        try await withServer { server in
            let alice = try await server.alice()
            try await alice.client.send(
                #"{"version":1,"operation":"signaling","action":"start","identifier":\#(identifier),"remoteAddress":"1"}"#
            )
            let reply = try await alice.client.expect(["state": "terminated", "reason": "invalidIdentifier"])
            #expect((reply["identifier"] != nil) == isEchoed)
        }
    }

    @Test("A message about a call that makes no sense is answered with the call's true state")
    func malformed() async throws {
        try await withServer { server in
            let (alice, bob) = try await (server.alice(), server.bob())
            let call = try await establishCall(from: alice, to: bob)
            try await alice.client.send(
                #"{"version":1,"operation":"media","action":"offer","identifier":"\#(call.caller)"}"#
            )
            try await alice.client.expect(status("active", call.caller, reason: "invalidMessage"))
            try await alice.client.send(request("start", "new", ""))
            try await alice.client.expect(status("terminated", "new", reason: "invalidMessage"))
            try await bob.client.expectNothing()
        }
    }
}
