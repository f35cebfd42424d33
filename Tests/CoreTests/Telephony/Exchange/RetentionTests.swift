import Testing

@testable import Telephony

@Suite("Registrations that can be woken (§6)")
struct RetentionTests {
    let world = OutsideWorld()
    let alice: TestClient
    let bob: TestClient

    init() throws {
        self.alice = try self.world.registered("100")
        self.bob = try self.world.registered("200")
    }

    @Test("With notification data a registration outlives the grace; its calls do not")
    func kept() throws {
        #expect(try self.bob.canBeWoken())
        try self.alice.dials("200")
        try self.bob.answers()
        try self.bob.losesSocket()
        _ = self.world.told()
        try self.world.passes(.seconds(60))
        #expect(self.world.told() == ["100": ["c-1 terminated connectionLost"]])
        try self.world.passes(.seconds(29 * 86_400))
        #expect(try self.bob.returns())
        #expect(self.world.told() == ["200": ["registered 200"]])
    }

    @Test("It ends when the retention does")
    func ended() throws {
        try self.bob.canBeWoken()
        try self.bob.losesSocket()
        try self.world.passes(.seconds(30 * 86_400) - .milliseconds(1))
        #expect(self.world.exchange.census.registrations == 2)
        try self.world.passes(.milliseconds(1))
        #expect(self.world.exchange.census.registrations == 1)
        #expect(try !self.bob.returns())
    }

    @Test("Coming back begins a new retention")
    func renewed() throws {
        try self.bob.canBeWoken()
        for _ in 0..<3 {
            try self.bob.losesSocket()
            try self.world.passes(.seconds(29 * 86_400))
            #expect(try self.bob.returns())
        }
        try self.bob.losesSocket()
        try self.world.passes(.seconds(30 * 86_400))
        #expect(self.world.exchange.census.registrations == 1)
        #expect(self.world.exchange.timers.count == 0)
    }

    @Test("A phone that was away for long once does not keep its calls for longer the next time")
    func graceAgain() throws {
        try self.bob.canBeWoken()
        try self.bob.losesSocket()
        try self.world.passes(.seconds(3600))
        #expect(try self.bob.returns())
        try self.alice.dials("200")
        try self.bob.answers()
        try self.bob.losesSocket()
        _ = self.world.told()
        try self.world.passes(.seconds(60))
        #expect(self.world.told() == ["100": ["c-1 terminated connectionLost"]])
    }

    @Test("However often a phone comes and goes, there are never more than two reminders of it")
    func remindersBounded() throws {
        try self.bob.canBeWoken()
        for _ in 0..<100 {
            try self.bob.losesSocket()
            try self.world.passes(.seconds(61))
            #expect(try self.bob.returns())
            try self.world.passes(.seconds(600))
        }
        #expect(self.world.exchange.timers.count <= 2)
    }

    @Test("A retention shorter than the grace does not shorten the grace")
    func shortRetention() throws {
        var policy = ExchangePolicy()
        policy.notificationRetention = .seconds(1)
        self.world.exchange.apply(policy)
        try self.bob.canBeWoken()
        try self.bob.losesSocket()
        try self.world.passes(.milliseconds(59_999))
        #expect(self.world.exchange.census.registrations == 2)
        try self.world.passes(.milliseconds(1))
        #expect(self.world.exchange.census.registrations == 1)
    }

    @Test("A call for a client that can't be woken any more finds it unavailable, not unknown")
    func called() throws {
        try self.bob.canBeWoken()
        try self.bob.losesSocket()
        try self.world.passes(.seconds(3600))
        let id = try #require(self.bob.secret.flatMap { self.world.exchange.book.registration(for: $0) })
        self.world.exchange.book[id]?.quarantinedSince = self.world.now
        try self.world.happens { $0.store(id, into: &$2) }
        try self.alice.dials("200")
        #expect(self.world.told() == ["100": ["c-1 terminated unavailable"]])
        #expect(self.world.questions.isEmpty)
    }

    @Test("Notification data needs a registration, and the right one if one is named (I13)")
    func refused() throws {
        let stranger = self.world.client("stranger")
        stranger.connects()
        #expect(try !stranger.canBeWoken())
        #expect(self.world.told() == ["stranger": ["status refused notRegistered"]])
        #expect(try !self.bob.canBeWoken(named: self.alice.secret?.secretText))
        #expect(try !self.bob.canBeWoken(named: "nonsense"))
        #expect(
            self.world.told() == ["200": ["status refused unknownIdentifier", "status refused unknownIdentifier"]]
        )
        #expect(try self.bob.canBeWoken(named: self.bob.secret?.secretText))
        #expect(self.world.told() == [:])
    }

    @Test("Five hundred tokens at once: ten are taken, the others refused; to say the same again is free (I19)")
    func flood() throws {
        var taken = 0
        for index in 0..<500 where try self.bob.canBeWoken("token-\(index)") {
            taken += 1
        }
        #expect(taken == 10)
        let told = try #require(self.world.told()["200"])
        #expect(told == Array(repeating: "status refused overload", count: 490))
        for _ in 0..<100 { #expect(try self.bob.canBeWoken("token-9")) }
        try self.world.passes(.seconds(6))
        #expect(try self.bob.canBeWoken("another"))
        #expect(try !self.bob.canBeWoken("yet another"))
        #expect(self.world.stored.count == 1)
    }

    @Test("The last notification data counts, and no data changes nothing")
    func last() throws {
        try self.bob.canBeWoken("old")
        try self.bob.canBeWoken("new")
        let socket = try #require(self.bob.socket)
        try self.world.happens { exchange, now, actions in
            #expect(exchange.keep(nil, named: nil, from: socket, at: now, into: &actions) == nil)
        }
        let id = try #require(self.bob.secret.flatMap { self.world.exchange.book.registration(for: $0) })
        #expect(self.world.exchange.book[id]?.notification?.token == Array("new".utf8))
    }
}
