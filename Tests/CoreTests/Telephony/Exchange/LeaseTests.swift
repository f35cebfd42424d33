import Core
import Testing

@testable import Telephony

@Suite("Access tokens end, and are renewed (§4.2.2)")
struct LeaseTests {
    let world = OutsideWorld()
    let alice: TestClient
    let bob: TestClient

    /// Alice is here by a token for a minute with the nonce 1; Bob by his password.
    init() throws {
        self.alice = self.world.client("100")
        try self.alice.connects(for: .seconds(60), nonce: 1)
        try self.alice.registers()
        self.bob = try self.world.registered("200")
        _ = self.world.told()
    }

    private func callBob() throws {
        try self.alice.dials("200")
        try self.bob.answers()
        _ = self.world.told()
    }

    @Test("At its end the calls end, the registration ends, and the socket is closed")
    func end() throws {
        try self.callBob()
        try self.world.passes(.milliseconds(59_999))
        #expect(self.world.told() == [:])
        try self.world.passes(.milliseconds(1))
        #expect(
            self.world.told() == [
                "100": ["c-1 terminated expired", "registration ended expired", "closed expired"],
                "200": ["in-1 terminated expired"],
            ]
        )
        try self.world.checkNothingIsLeft()
        #expect(self.world.exchange.leases.count == 0)
    }

    @Test("A socket that never registered is closed as well")
    func unregistered() throws {
        let carol = self.world.client("300")
        try carol.connects(for: .seconds(10))
        try self.world.passes(.seconds(10))
        #expect(self.world.told() == ["300": ["closed expired"]])
    }

    @Test("Who unregisters and stays on its socket is still there for a time only")
    func afterUnregistering() throws {
        try self.alice.unregisters()
        _ = self.world.told()
        try self.world.passes(.seconds(60))
        #expect(self.world.told() == ["100": ["closed expired"]])
    }

    @Test("A later token of the same nonce takes over without the call noticing")
    func renewal() throws {
        try self.callBob()
        try self.alice.connects(for: .seconds(120), nonce: 1)
        #expect(self.world.told() == ["100": ["closed replaced", "registered 100", "c-1 active"]])
        try self.world.passes(.seconds(119))
        #expect(self.world.told() == [:])
        try self.alice.terminates("c-1")
        #expect(self.world.told()["200"] == ["in-1 terminated normal"])
        try self.world.passes(.seconds(1))
        #expect(self.world.told()["100"] == ["registration ended expired", "closed expired"])
    }

    @Test("It may also come within the grace, when the old socket is gone")
    func renewalWithinGrace() throws {
        try self.callBob()
        try self.alice.losesSocket()
        try self.world.passes(.seconds(30))
        try self.alice.connects(for: .seconds(300), nonce: 1)
        #expect(self.world.told() == ["100": ["registered 100", "c-1 active"]])
        try self.world.passes(.seconds(299))
        #expect(self.world.told() == [:])
    }

    @Test("A renewal before registering closes the older socket only")
    func renewalWithoutRegistration() throws {
        let carol = self.world.client("300")
        try carol.connects(for: .seconds(60), nonce: 3)
        try carol.connects(for: .seconds(90), nonce: 3)
        #expect(self.world.told() == ["300": ["closed replaced"]])
        try carol.registers()
        try self.world.passes(.seconds(89))
        #expect(self.world.told()["300"] == ["registered 300"])
        try self.world.passes(.seconds(1))
        #expect(self.world.told()["300"] == ["registration ended expired", "closed expired"])
    }

    @Test("Another nonce, or none, is another client", arguments: [UInt64(2), nil])
    func strangers(nonce: UInt64?) throws {
        try self.callBob()
        let mallory = self.world.client("666")
        try mallory.connects(for: .seconds(300), nonce: nonce)
        #expect(self.world.told() == [:])
        try self.alice.holds("c-1")
        #expect(self.world.told() == ["100": ["c-1 held"], "200": ["in-1 holding"]])
    }

    @Test("Coming back by the identifier doesn't prolong anything, and after the end it is unknown")
    func restoring() throws {
        try self.alice.losesSocket()
        try self.world.passes(.seconds(10))
        try self.alice.returns()
        _ = self.world.told()
        try self.world.passes(.seconds(50))
        #expect(self.world.told() == ["100": ["registration ended expired", "closed expired"]])
        let carol = self.world.client("300")
        try carol.connects(for: .seconds(5), nonce: 3)
        try carol.registers()
        try carol.losesSocket()
        try self.world.passes(.seconds(5))
        #expect(try !carol.returns())
    }

    @Test("A phone that sleeps is kept for its notification data; its calls are not")
    func asleep() throws {
        try self.alice.canBeWoken()
        try self.callBob()
        try self.alice.losesSocket()
        try self.world.passes(.seconds(59))
        try self.alice.returns()
        try self.alice.losesSocket()
        _ = self.world.told()
        try self.world.passes(.seconds(1))
        #expect(self.world.told() == ["200": ["in-1 terminated expired"]])
        #expect(self.world.exchange.census.registrations == 2)
        #expect(try self.alice.returns())
    }

    @Test("The system's clock counts, not ours: set forward it ends, set back it prolongs, and nothing breaks")
    func clock() throws {
        self.world.calendar = self.world.calendar + .seconds(-10 * 365 * 86400)
        try self.world.passes(.seconds(3600))
        #expect(self.world.told() == [:])
        self.world.calendar = CalendarTime(milliseconds: .min)
        try self.world.looksAtCalendar()
        #expect(self.world.told() == [:])
        self.world.calendar = CalendarTime(milliseconds: .max)
        try self.world.looksAtCalendar()
        #expect(self.world.told() == ["100": ["registration ended expired", "closed expired"]])
        #expect(self.world.exchange.census.registrations == 1)
    }

    @Test("A guest's call ends with his token, and goes on with a renewed one, also after a loss")
    func guests() throws {
        let guest = self.world.client("guest", number: "anonymous")
        try guest.connects(for: .seconds(20), nonce: 9, mayCall: true)
        try guest.dials("200")
        try self.bob.answers("in-1")
        _ = self.world.told()
        try guest.losesSocket()
        try self.world.passes(.seconds(10))
        #expect(self.world.told() == [:])
        try guest.connects(for: .seconds(20), nonce: 9, mayCall: true)
        #expect(self.world.told() == ["guest": ["c-1 active"]])
        try self.world.passes(.seconds(19))
        #expect(self.world.told() == [:])
        try self.world.passes(.seconds(1))
        #expect(
            self.world.told() == [
                "guest": ["c-1 terminated expired", "closed expired"], "200": ["in-1 terminated expired"],
            ]
        )
    }

    @Test("A guest without a nonce can't come back; one whose call ended meanwhile leaves nothing behind")
    func lostGuests() throws {
        let first = self.world.client("first", number: "anonymous")
        try first.connects(for: .seconds(20), mayCall: true)
        try first.dials("200")
        try first.losesSocket()
        #expect(self.world.told()["200"] == ["in-1 start from anonymous", "in-1 terminated connectionLost"])
        let second = self.world.client("second", number: "anonymous")
        try second.connects(for: .seconds(20), nonce: 5, mayCall: true)
        try second.dials("200")
        try second.losesSocket()
        try self.bob.terminates("in-2")
        #expect(self.world.exchange.census.registrations == 2)
        try second.connects(for: .seconds(20), nonce: 5, mayCall: true)
        try second.dials("200", "c-2")
        #expect(self.world.told()["200"]?.last == "in-3 start from anonymous")
    }

    @Test("Coming and going with long tokens a thousand times leaves no litter")
    func litter() throws {
        for _ in 0..<1000 {
            try self.alice.connects(for: .seconds(1_000_000), nonce: 1)
            try self.world.closeWhatIsClosing()
        }
        #expect(self.world.exchange.leases.count == 1)
        #expect(self.world.exchange.leases.pendingEnds < 200)
    }
}

@Suite("Wakeup tokens (§9.5.2)")
struct WakeupTokenTests {
    let world = OutsideWorld()
    let alice: TestClient

    init() throws {
        self.alice = try self.world.registered("100")
        try self.alice.canBeWoken()
        try self.alice.losesSocket()
        try self.world.passes(.seconds(3600))
    }

    @Test("Works once, with a new identifier; the old one is void")
    func once() throws {
        let old = try #require(self.alice.secret)
        let token = try self.alice.isSentPush()
        #expect(try self.alice.wakes(by: token))
        #expect(self.world.told() == ["100": ["registered 100"]])
        #expect(self.alice.secret != old)
        #expect(!self.world.exchange.canRestore(old))
        #expect(try !self.alice.wakes(by: token))
        try self.alice.losesSocket()
        #expect(try self.alice.returns())
    }

    @Test("Not after its time")
    func late() throws {
        let token = try self.alice.isSentPush(goodFor: .seconds(60))
        try self.world.passes(.seconds(60))
        #expect(try !self.alice.wakes(by: token))
        #expect(self.world.exchange.census.registrations == 1)
    }

    @Test("Whichever of several pushes is answered voids the others")
    func several() throws {
        let (first, second) = (try self.alice.isSentPush(), try self.alice.isSentPush())
        #expect(try self.alice.wakes(by: first))
        #expect(try !self.alice.wakes(by: second))
        #expect(self.world.exchange.wakeups.count == 0)
        #expect(self.world.forgotten == [first.digest, second.digest])
    }

    @Test("Not when the registration is gone")
    func gone() throws {
        let token = try self.alice.isSentPush()
        try self.alice.isEnded(because: .administrator)
        #expect(self.world.exchange.wakeups.count == 0)
        #expect(try !self.alice.wakes(by: token))
    }

    @Test("Neither does an identifier wake, nor a wakeup token restore")
    func mixedUp() throws {
        let token = try self.alice.isSentPush()
        let asIdentifier = try #require(RegistrationIdentifier(token.secretText))
        #expect(!self.world.exchange.canRestore(asIdentifier))
        let identifier = try #require(self.alice.secret)
        let asToken = try #require(WakeupToken(identifier.secretText))
        #expect(try !self.alice.wakes(by: asToken))
    }
}
