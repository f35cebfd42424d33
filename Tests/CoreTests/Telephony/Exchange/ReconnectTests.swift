import Testing

@testable import Telephony

@Suite("Loss, return and take-over (§9.5.1)")
struct ReconnectTests {
    let world = OutsideWorld()
    let alice: TestClient
    let bob: TestClient

    init() throws {
        self.alice = try self.world.registered("100")
        self.bob = try self.world.registered("200")
    }

    private func ring(answered: Bool = false) throws {
        try self.alice.dials("200")
        try self.bob.accepts()
        if answered { try self.bob.answers() }
        _ = self.world.told()
    }

    @Test("The caller comes back while it rings")
    func callerWhileRinging() throws {
        try self.ring()
        try self.alice.losesSocket()
        try self.alice.returns()
        #expect(self.world.told() == ["100": ["registered 100", "c-1 ringing"]])
        try self.bob.answers()
        #expect(self.world.told() == ["200": ["in-1 active"], "100": ["c-1 active"]])
    }

    @Test("The caller is away when the call is answered")
    func callerAwayAtAnswer() throws {
        try self.ring()
        try self.alice.losesSocket()
        try self.bob.answers()
        #expect(self.world.told() == ["200": ["in-1 active"]])
        try self.alice.returns()
        #expect(self.world.told() == ["100": ["registered 100", "c-1 active"]])
    }

    @Test("The callee reloads while it rings: the call starts again, and may be accepted again")
    func calleeWhileRinging() throws {
        try self.ring()
        try self.bob.losesSocket()
        try self.bob.returns()
        #expect(self.world.told() == ["200": ["registered 200", "in-1 start from 100"]])
        try self.bob.accepts()
        #expect(self.world.told() == ["200": ["in-1 ringing"]])
        try self.bob.answers()
        #expect(self.world.told() == ["200": ["in-1 active"], "100": ["c-1 active"]])
    }

    @Test("Either party of an answered call comes back")
    func whileConnected() throws {
        try self.ring(answered: true)
        for client in [self.alice, self.bob] {
            try client.losesSocket()
            try self.world.passes(.seconds(59))
            try client.returns()
        }
        #expect(
            self.world.told() == ["100": ["registered 100", "c-1 active"], "200": ["registered 200", "in-1 active"]]
        )
    }

    @Test(
        "The caller does not come back: the call ends after the grace, before and after the answer",
        arguments: [false, true]
    )
    func callerGone(answered: Bool) throws {
        try self.ring(answered: answered)
        try self.alice.losesSocket()
        try self.world.passes(.milliseconds(59_999))
        if answered { #expect(self.world.told() == [:]) }
        _ = self.world.told()
        try self.world.passes(.milliseconds(1))
        #expect(self.bob.endings.map(\.reason) == [answered ? .connectionLost : .noAnswer])
        #expect(try !self.alice.returns())
        try self.world.checkNothingIsLeft()
    }

    @Test("The callee does not come back")
    func calleeGone() throws {
        try self.ring(answered: true)
        try self.bob.losesSocket()
        try self.world.passes(.seconds(60))
        #expect(self.world.told() == ["100": ["c-1 terminated connectionLost"]])
        try self.world.checkNothingIsLeft()
    }

    @Test("The callee does not come back while it rings, and the ring time-out is longer than the grace")
    func calleeGoneWhileRinging() throws {
        var policy = ExchangePolicy()
        policy.reconnectGrace = .seconds(10)
        self.world.exchange.apply(policy)
        try self.ring()
        try self.bob.losesSocket()
        try self.world.passes(.seconds(10))
        #expect(self.world.told() == ["100": ["c-1 terminated connectionLost"]])
    }

    @Test("Who is away when its call ends does not hear of it when it comes back")
    func endedMeanwhile() throws {
        try self.ring(answered: true)
        try self.alice.losesSocket()
        try self.bob.terminates("in-1")
        _ = self.world.told()
        try self.alice.returns()
        #expect(self.world.told() == ["100": ["registered 100"]])
        #expect(self.alice.calls.isEmpty)
    }

    @Test("A new socket takes over: the old one is closed, and all calls are told on the new one")
    func takeOver() throws {
        try self.ring(answered: true)
        try self.alice.dials("200", "c-2")
        try self.bob.dials("100", "c-3")
        _ = self.world.told()
        try self.alice.returns()
        #expect(
            self.world.told() == [
                "100": ["closed replaced", "registered 100", "c-1 active", "c-2 ringing", "in-1 start from 200"]
            ]
        )
        try self.world.closeWhatIsClosing()
        try self.world.passes(.seconds(3600))
        #expect(self.alice.calls.count == 1)
        try self.bob.sends(.offer("o"), "in-1")
        #expect(self.world.told()["100"]?.last == "c-1 offer o")
    }

    @Test("What still comes from a socket that was taken over is not heard")
    func tooLate() throws {
        let old = try #require(self.alice.socket)
        try self.alice.returns()
        _ = self.world.told()
        try self.world.happens { exchange, now, actions in
            let identifier = CallIdentifier(uuidFrom: 1, 1)
            let start = CallRequest.start(to: DialString("200"), description: nil)
            exchange.receive(start, for: identifier, from: old, at: now, into: &actions)
            exchange.receive(.malformed, for: identifier, from: old, at: now, into: &actions)
            exchange.unregister(nil, from: old, at: now, into: &actions)
            exchange.keep(nil, named: nil, from: old, at: now, into: &actions)
            #expect(actions.isEmpty)
        }
        #expect(self.alice.secret.map { self.world.exchange.canRestore($0) } == true)
    }

    @Test("The same socket can't be restored to twice, nor one that has another registration")
    func restoredTwice() throws {
        let (socket, secret) = (try #require(self.alice.socket), try #require(self.bob.secret))
        let own = try #require(self.alice.secret)
        try self.world.happens { exchange, now, actions in
            #expect(!exchange.restore(own, on: socket, at: now, into: &actions))
            #expect(!exchange.restore(secret, on: socket, at: now, into: &actions))
            #expect(actions.isEmpty)
        }
    }

    @Test("A secret that nobody has, and the one of no guest, restores nothing (I1)")
    func unknownSecret() throws {
        let guest = self.world.client("guest")
        guest.connectsAsGuest()
        try guest.dials("200")
        for secret in [self.world.newSecret(), RegistrationIdentifier(high: 0, low: 0)] {
            #expect(!self.world.exchange.canRestore(secret))
        }
    }

    @Test("An absence begins with the loss, not with the last one before it")
    func lostAgain() throws {
        try self.ring(answered: true)
        for _ in 0..<10 {
            try self.bob.losesSocket()
            try self.world.passes(.seconds(50))
            try self.bob.returns()
        }
        #expect(self.bob.calls.count == 1)
        try self.bob.losesSocket()
        try self.world.passes(.milliseconds(59_999))
        #expect(self.alice.calls.count == 1)
        try self.world.passes(.milliseconds(1))
        #expect(self.alice.calls.isEmpty)
    }

    @Test("However often a client flaps, one reminder is enough")
    func remindersAreBounded() throws {
        try self.bob.canBeWoken()
        for _ in 0..<1000 {
            try self.bob.losesSocket()
            try self.world.passes(.milliseconds(10))
            try self.bob.returns()
        }
        #expect(self.world.exchange.timers.count == 1)
    }

    @Test("A longer grace holds for those who are away already, and they do go in the end")
    func graceMadeLonger() throws {
        try self.bob.losesSocket()
        var policy = ExchangePolicy()
        policy.reconnectGrace = .seconds(100)
        self.world.exchange.apply(policy)
        try self.world.passes(.milliseconds(99_999))
        #expect(self.world.exchange.census.registrations == 2)
        try self.world.passes(.milliseconds(1))
        #expect(self.world.exchange.census.registrations == 1)
    }
}
