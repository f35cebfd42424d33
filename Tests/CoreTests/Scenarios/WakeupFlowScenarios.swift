import PluginAPI
import StrictJSON
import Synchronization
import Telephony
import Testing

@testable import Core

/// A call for somebody whose phone sleeps, over real sockets; the messaging service is the test's own.
@Suite("Waking a phone, from call to ringing (§9.5.2)")
struct WakeupFlowScenarios {
    private func sleepingBob(_ server: TestServer) async throws -> RegisteredClient {
        let bob = try await server.bob()
        try await bob.client.canBeWoken()
        await bob.client.vanish()
        try await server.waitUntil { $0.ports == 0 }
        return bob
    }

    @Test("The push says who calls, and nothing else; the phone comes with the token in it, and it rings")
    func wake() async throws {
        let service = PushRecorder(.waiting)
        try await withServer(notifications: service) { server in
            _ = try await self.sleepingBob(server)
            let alice = try await server.alice()
            try await alice.client.send(start("c-1", to: Numbers.bob))
            try await alice.client.send(media("offer", "c-1", "\"v=0\""))
            let push = try await service.next()
            #expect(push.target == NotificationTarget(token: "fcm-token"))
            #expect(push.caller == Numbers.alice)
            #expect(push.url == "https://app.example/")
            #expect(push.time <= .seconds(30))
            let token = try #require(push.wakeupToken)
            let phone = try await SignalingClient.connect(to: server, query: "?wakeupToken=\(token)")
            try await phone.expect(["operation": "register", "action": "start", "state": "registered"])
            let offered = try await phone.expect(["operation": "signaling", "action": "start"])
            let call = try #require(offered["identifier"]?.string)
            try await phone.expect(["operation": "media", "action": "offer", "sdp": "v=0"])
            try await phone.send(request("accept", call))
            try await alice.client.expect(status("ringing", "c-1"))
            try await phone.expect(status("ringing", call))
            try await phone.send(request("answer", call))
            try await alice.client.expect(status("active", "c-1"))
            let count = await service.count
            #expect(count == 1)
        }
    }

    @Test(
        "What the service answers decides: a caller who would wait for nothing is told at once",
        arguments: [
            NotificationOutcome.rejected("the device is off"), .gone("unregistered"), .throttled(.client),
            .misconfigured("no such project"),
        ]
    )
    func pointless(outcome: NotificationOutcome) async throws {
        let service = PushRecorder(outcome)
        try await withServer(notifications: service) { server in
            _ = try await self.sleepingBob(server)
            let alice = try await server.alice()
            try await alice.client.send(start("c-1", to: Numbers.bob))
            try await alice.client.expect(status("terminated", "c-1", reason: "unavailable"))
            let count = await service.count
            #expect(count == 1)
        }
    }

    @Test("No notifier at all: unavailable at once")
    func nobody() async throws {
        try await withServer { server in
            _ = try await self.sleepingBob(server)
            let alice = try await server.alice()
            try await alice.client.send(start("c-1", to: Numbers.bob))
            try await alice.client.expect(status("terminated", "c-1", reason: "unavailable"))
        }
    }

    @Test("A service that is out of order is tried again, and its phone rings all the same")
    func retried() async throws {
        let service = PushRecorder(.failed("503"), .failed("reset"), .waiting)
        try await withServer(notifications: service) { server in
            _ = try await self.sleepingBob(server)
            let alice = try await server.alice()
            try await alice.client.send(start("c-1", to: Numbers.bob))
            let tokens = [try await service.next(), try await service.next(), try await service.next()].map(
                \.wakeupToken
            )
            #expect(Set(tokens).count == 1)
            let token = try #require(tokens[0])
            let phone = try await SignalingClient.connect(to: server, query: "?wakeupToken=\(token)")
            try await phone.expect(["operation": "register", "state": "registered"])
            try await phone.expect(["operation": "signaling", "action": "start"])
        }
    }

    @Test("A caller who hangs up before the phone comes: a second push calls it off, and the token is dead")
    func calledOff() async throws {
        let service = PushRecorder(.waiting)
        try await withServer(notifications: service) { server in
            _ = try await self.sleepingBob(server)
            let alice = try await server.alice()
            try await alice.client.send(start("c-1", to: Numbers.bob))
            let token = try #require(try await service.next().wakeupToken)
            try await alice.client.send(request("terminate", "c-1"))
            let second = try await service.next()
            #expect(second.wakeupToken == nil)
            #expect(second.caller == Numbers.alice)
            #expect(try await HTTPReply.handshake("/?wakeupToken=\(token)", port: server.port).status == 401)
        }
    }

    @Test("Two hundred calls at once to sleeping phones, hung up at once: everybody is told, nothing is left")
    func storm() async throws {
        let service = PushRecorder(.rejected("off"))
        try await withServer(
            ["limits": ["callStartsPerSecond": 1000, "messagesPerSecond": 10000, "messageBurst": 10000]],
            notifications: service
        ) { server in
            _ = try await self.sleepingBob(server)
            let alice = try await server.alice()
            for index in 0..<60 {
                try await alice.client.send(start("c-\(index)", to: Numbers.bob))
            }
            var ended: Set<String> = []
            while ended.count < 60 {
                let message = try await alice.client.next()
                if message["state"]?.string == "terminated", let call = message["identifier"]?.string {
                    let isNew = ended.insert(call).inserted
                    #expect(isNew)
                }
            }
            let count = await service.count
            #expect(count <= 11)
            #expect(server.census.calls == 0)
        }
    }

    @Test("Confirmed when it is stored, refused when it can't be, and stored again when it can")
    func confirmed() async throws {
        let store = MemoryStore.Contents()
        try await withServer(store: store) { server in
            let bob = try await server.bob()
            let offer =
                #"{"version":1,"operation":"register","action":"status","notificationToken":"t","confirm":true}"#
            try await bob.client.send(offer)
            try await bob.client.expect(["operation": "register", "action": "status", "state": "registered"])
            let stored = try #require(store.registrations.first)
            #expect(stored.dialString == Numbers.bob)
            #expect(stored.notificationToken == Array("\"t\"".utf8))
            #expect(stored.absentSince == nil)
            #expect(!String(describing: stored).contains(bob.identifier))
            store.fail("no space left on device")
            try await bob.client.send(offer)
            try await bob.client.expect(["operation": "register", "action": "status", "reason": "unavailable"])
            store.fail(nil)
            await bob.client.vanish()
            try await withTimeLimit {
                while store.registrations.first?.absentSince == nil { try await Task.sleep(for: .milliseconds(5)) }
            }
        }
    }

    @Test("Who unregisters is struck from the store")
    func struck() async throws {
        let store = MemoryStore.Contents()
        try await withServer(store: store) { server in
            let bob = try await server.bob()
            try await bob.client.send(
                #"{"version":1,"operation":"register","action":"status","notificationToken":"t","confirm":true}"#
            )
            try await bob.client.expect(["operation": "register", "action": "status", "state": "registered"])
            try await bob.client.send(#"{"version":1,"operation":"register","action":"terminate"}"#)
            try await bob.client.expect(["operation": "register", "action": "terminate", "state": "terminated"])
            try await withTimeLimit {
                while !store.registrations.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
            }
        }
    }
}

/// A restart in the middle of everything: one server stops, another takes over what it has left.
@Suite("Restart with calls (§9.5.1)")
struct RestartScenarios {
    private let store = MemoryStore.Contents()

    @Test("A call goes on after a restart: both come back with their identifiers, and find it as it was")
    func calls() async throws {
        var identifiers: [String] = []
        var call = EstablishedCall(caller: "", callee: "")
        try await withServer(store: self.store) { server in
            let (alice, bob) = try await (server.alice(), server.bob())
            identifiers = [alice.identifier, bob.identifier]
            call = try await establishCall(from: alice, to: bob)
            try await alice.client.send(request("hold", call.caller))
            try await alice.client.expect(status("held", call.caller))
            try await bob.client.expect(status("holding", call.callee))
            await server.drain()
            let (first, second) = try await (alice.client.closed(), bob.client.closed())
            for closed in [first, second] {
                #expect(closed.code == 1001)
                #expect(closed.reason.hasPrefix("retry-after-ms="))
            }
        }
        let bytes = try #require(self.store.snapshot)
        for identifier in identifiers {
            #expect(!String(decoding: bytes, as: UTF8.self).contains(identifier))
        }
        try await withServer(store: self.store) { server in
            #expect(server.census.calls == 1)
            let alice = try await SignalingClient.connect(to: server, query: "?identifier=\(identifiers[0])")
            try await alice.expect(["action": "start", "state": "registered", "identifier": .string(identifiers[0])])
            try await alice.expect(status("held", call.caller))
            let bob = try await SignalingClient.connect(to: server, query: "?identifier=\(identifiers[1])")
            try await bob.expect(["action": "start", "state": "registered", "identifier": .string(identifiers[1])])
            try await bob.expect(status("holding", call.callee))
            try await alice.send(request("retrieve", call.caller))
            try await alice.expect(status("active", call.caller))
            try await bob.expect(status("active", call.callee))
            try await bob.send(request("terminate", call.callee))
            try await alice.expect(status("terminated", call.caller, reason: "normal"))
        }
    }

    @Test("A call that rings goes on ringing, and media that was kept is delivered")
    func ringing() async throws {
        var (alice, bob) = ("", "")
        try await withServer(store: self.store) { server in
            let (caller, callee) = try await (server.alice(), server.bob())
            (alice, bob) = (caller.identifier, callee.identifier)
            try await caller.client.send(start("c-1", to: Numbers.bob))
            try await caller.client.send(media("offer", "c-1", "\"v=0 \\u00e9\""))
            try await callee.client.expect(["operation": "signaling", "action": "start"])
            await server.drain()
        }
        try await withServer(store: self.store) { server in
            let callee = try await SignalingClient.connect(to: server, query: "?identifier=\(bob)")
            try await callee.expect(["operation": "register", "state": "registered"])
            let offered = try await callee.expect(["operation": "signaling", "action": "start"])
            let identifier = try #require(offered["identifier"]?.string)
            try await callee.expect(["operation": "media", "action": "offer", "sdp": "v=0 é"])
            try await callee.send(request("answer", identifier))
            try await callee.expect(status("active", identifier))
            let caller = try await SignalingClient.connect(to: server, query: "?identifier=\(alice)")
            try await caller.expect(["operation": "register", "state": "registered"])
            try await caller.expect(status("active", "c-1"))
        }
    }

    @Test("A push that was sent before the restart is answered after it, once, and the call rings")
    func wakeup() async throws {
        let service = PushRecorder(.waiting)
        var (token, alice) = ("", "")
        try await withServer(notifications: service, store: self.store) { server in
            let bob = try await server.bob()
            try await bob.client.canBeWoken()
            await bob.client.vanish()
            try await server.waitUntil { $0.ports == 0 }
            let caller = try await server.alice()
            alice = caller.identifier
            try await caller.client.send(start("c-1", to: Numbers.bob))
            token = try #require(try await service.next().wakeupToken)
            await server.drain()
        }
        try await withServer(notifications: service, store: self.store) { server in
            let phone = try await SignalingClient.connect(to: server, query: "?wakeupToken=\(token)")
            try await phone.expect(["operation": "register", "state": "registered"])
            try await phone.expect(["operation": "signaling", "action": "start"])
            #expect(try await HTTPReply.handshake("/?wakeupToken=\(token)", port: server.port).status == 401)
            let caller = try await SignalingClient.connect(to: server, query: "?identifier=\(alice)")
            try await caller.expect(["operation": "register", "state": "registered"])
            try await caller.expect(status("ringing", "c-1"))
        }
    }

    @Test("Who does not come back in time is lost, and the other is told")
    func lost() async throws {
        var alice = ""
        try await withServer(store: self.store) { server in
            let (caller, callee) = try await (server.alice(), server.bob())
            alice = caller.identifier
            _ = try await establishCall(from: caller, to: callee)
            await server.drain()
        }
        try await withServer(store: self.store, adjusting: { $0.signaling.reconnectGrace = .seconds(10) }) { server in
            let caller = try await SignalingClient.connect(to: server, query: "?identifier=\(alice)")
            try await caller.expect(["operation": "register", "state": "registered"])
            try await caller.expect(status("active", "c-1"))
            try await caller.expect(status("terminated", "c-1", reason: "connectionLost"))
            try await server.waitUntil { $0.registrations == 1 }
        }
    }

    @Test("A phone that sleeps is woken after a restart, as if there had been none")
    func sleeping() async throws {
        let service = PushRecorder(.waiting)
        try await withServer(store: self.store) { server in
            let bob = try await server.bob()
            try await bob.client.canBeWoken()
            await bob.client.vanish()
            try await server.waitUntil { $0.ports == 0 }
        }
        #expect(self.store.registrations.count == 1)
        try await withServer(notifications: service, store: self.store) { server in
            #expect(server.census.registrations == 1)
            let alice = try await server.alice()
            try await alice.client.send(start("c-1", to: Numbers.bob))
            let push = try await service.next()
            #expect(push.target == NotificationTarget(token: "fcm-token"))
            let token = try #require(push.wakeupToken)
            let phone = try await SignalingClient.connect(to: server, query: "?wakeupToken=\(token)")
            try await phone.expect(["operation": "register", "state": "registered"])
            try await phone.expect(["operation": "signaling", "action": "start"])
        }
    }

    @Test(
        "A snapshot that is no snapshot, or of another version, costs the calls and nothing else",
        arguments: ["", "{", "[]", #"{"version":2}"#, "\u{0}"]
    )
    func garbage(text: String) async throws {
        self.store.state.withLock { $0.snapshot = Array(text.utf8) }
        try await withServer(store: self.store) { server in
            #expect(server.census.calls == 0)
            let (alice, bob) = try await (server.alice(), server.bob())
            _ = try await establishCall(from: alice, to: bob)
        }
    }

    @Test("Calls may be ended instead of kept, if that is what the operator wants")
    func ended() async throws {
        try await withServer(
            ["drain": ["calls": "end", "deadline": "0s", "spread": "0s"]],
            store: self.store
        ) { server in
            let (alice, bob) = try await (server.alice(), server.bob())
            let call = try await establishCall(from: alice, to: bob)
            await server.drain()
            try await alice.client.expect(status("terminated", call.caller, reason: "shutdown"))
            try await bob.client.expect(status("terminated", call.callee, reason: "shutdown"))
        }
    }
}
