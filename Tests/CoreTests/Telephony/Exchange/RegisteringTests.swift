import Testing

@testable import Telephony

@Suite("Registering (§9)")
struct RegisteringTests {
    let world = OutsideWorld { $0.devicesPerNumber = 2 }

    private func apply(_ devices: ExchangePolicy.Devices) {
        var policy = self.world.exchange.policy
        policy.devices = devices
        self.world.exchange.apply(policy)
    }

    @Test("A client registers, and logs out; its socket stays")
    func registered() throws {
        let alice = self.world.client("100")
        try alice.registers()
        #expect(self.world.told() == ["100": ["registered 100"]])
        try alice.unregisters(alice.secret?.secretText)
        #expect(self.world.told() == ["100": ["registration ended success"]])
        try alice.registers()
        #expect(self.world.told() == ["100": ["registered 100"]])
        #expect(self.world.exchange.census.registrations == 1)
    }

    @Test("Logging out ends the calls first")
    func loggedOutInCall() throws {
        let alice = try self.world.registered("100")
        let bob = try self.world.registered("200")
        try alice.dials("200", "c-1")
        try bob.answers()
        try bob.dials("100", "c-2")
        _ = self.world.told()
        try alice.unregisters()
        #expect(
            self.world.told() == [
                "100": ["c-1 terminated normal", "in-1 terminated unavailable", "registration ended success"],
                "200": ["in-1 terminated normal", "c-2 terminated unavailable"],
            ]
        )
        try self.world.checkNothingIsLeft()
    }

    @Test("Registering again on the same socket is harmless, and keeps the secret")
    func idempotent() throws {
        let alice = try self.world.registered("100")
        let secret = alice.secret
        try alice.registers()
        #expect(self.world.told() == ["100": ["registered 100"]])
        #expect(alice.secret == secret)
        self.world.exchange.beginDrain()
        try alice.registers()
        #expect(self.world.told() == ["100": ["registered 100"]])
        #expect(self.world.exchange.census.registrations == 1)
    }

    @Test(
        "Another number, or another user, on the same socket is refused",
        arguments: [("200", "100"), ("100", "other")]
    )
    func alreadyRegistered(number: String, user: String) throws {
        let alice = try self.world.registered("100")
        let socket = try #require(alice.socket)
        let enrolment = Enrolment(
            identifier: self.world.newSecret(),
            username: Username(user),
            address: PartyAddress(dialString: try #require(DialString(number)))
        )
        try self.world.happens { $0.register(enrolment, on: socket, at: $1, into: &$2) }
        #expect(self.world.told() == ["100": ["register failed alreadyRegistered"]])
        #expect(self.world.exchange.census.registrations == 1)
    }

    @Test("Logging out needs a registration, and the right one if one is named (I13)")
    func refused() throws {
        let alice = try self.world.registered("100")
        let mallory = try self.world.registered("666")
        try mallory.unregisters(alice.secret?.secretText)
        try mallory.unregisters("nonsense")
        #expect(
            self.world.told() == [
                "666": ["terminate refused unknownIdentifier", "terminate refused unknownIdentifier"]
            ]
        )
        let stranger = self.world.client("stranger")
        stranger.connects()
        try stranger.unregisters(alice.secret?.secretText)
        #expect(self.world.told() == ["stranger": ["terminate refused notRegistered"]])
        #expect(self.world.exchange.census.registrations == 2)
    }

    @Test(
        "A registration that ends from outside",
        arguments: [
            (Departure.expired, "expired", "closed expired"), (.administrator, "administrator", "closed administrator"),
            (.shutdown, "shutdown", "closed shutdown"),
        ]
    )
    func endedFromOutside(departure: Departure, reason: String, close: String) throws {
        let alice = try self.world.registered("100")
        let bob = try self.world.registered("200")
        try alice.dials("200")
        try bob.answers()
        _ = self.world.told()
        try alice.isEnded(because: departure)
        #expect(
            self.world.told() == [
                "100": ["c-1 terminated \(reason)", "registration ended \(reason)", close],
                "200": ["in-1 terminated \(reason)"],
            ]
        )
        try self.world.checkNothingIsLeft()
    }

    // MARK: Several devices

    @Test("Fork: up to so many devices, of which nobody is evicted who is there or in a call")
    func deviceLimit() throws {
        let desk = try self.world.registered("desk", number: "200")
        _ = try self.world.registered("mobile", number: "200")
        try self.world.registered("100").dials("200")
        try desk.answers()
        try desk.losesSocket()
        let third = self.world.client("third", number: "200", user: "200")
        _ = self.world.told()
        try third.registers()
        #expect(self.world.told() == ["third": ["register failed overload"]])
        #expect(try desk.returns())
    }

    @Test("Fork: a device that is away makes room, the one that is away longest first")
    func eviction() throws {
        let desk = try self.world.registered("desk", number: "200")
        let mobile = try self.world.registered("mobile", number: "200")
        try mobile.losesSocket()
        try self.world.passes(.seconds(1))
        try desk.losesSocket()
        _ = try self.world.registered("third", number: "200")
        #expect(self.world.exchange.census.registrations == 2)
        #expect(try desk.returns())
        #expect(try !mobile.returns())
    }

    @Test("Fork: a device that can be woken makes room only when no other can")
    func evictionOfWakeable() throws {
        let desk = try self.world.registered("desk", number: "200")
        let mobile = try self.world.registered("mobile", number: "200")
        try mobile.canBeWoken()
        try mobile.losesSocket()
        try self.world.passes(.seconds(1))
        try desk.losesSocket()
        let third = try self.world.registered("third", number: "200")
        #expect(try !desk.returns())
        #expect(try mobile.returns())
        try mobile.losesSocket()
        _ = try self.world.registered("fourth", number: "200")
        #expect(try !mobile.returns())
        #expect(third.secret.map { self.world.exchange.canRestore($0) } == true)
    }

    @Test("Fork: a limit that was lowered is kept from the next log-in on")
    func loweredLimit() throws {
        let devices = try ["a", "b"].map { try self.world.registered($0, number: "200") }
        for device in devices { try device.losesSocket() }
        var policy = self.world.exchange.policy
        policy.devicesPerNumber = 1
        self.world.exchange.apply(policy)
        _ = try self.world.registered("c", number: "200")
        #expect(self.world.exchange.census.registrations == 1)
        policy.devicesPerNumber = 0
        self.world.exchange.apply(policy)
        try self.world.client("d", number: "200", user: "200").registers()
        #expect(self.world.told() == ["d": ["register failed overload"]])
    }

    @Test("Fork: nobody is evicted when that would not make room enough")
    func evictionInVain() throws {
        _ = try self.world.registered("here", number: "200")
        let away = try self.world.registered("away", number: "200")
        try away.losesSocket()
        var policy = self.world.exchange.policy
        policy.devicesPerNumber = 1
        self.world.exchange.apply(policy)
        try self.world.client("new", number: "200", user: "200").registers()
        #expect(self.world.told() == ["new": ["register failed overload"]])
        #expect(try away.returns())
    }

    @Test("Replace: the newer takes the number, and the calls of the older end")
    func replace() throws {
        self.apply(.replace)
        let desk = try self.world.registered("desk", number: "200")
        try self.world.registered("100").dials("200")
        try desk.answers()
        _ = self.world.told()
        try self.world.client("mobile", number: "200", user: "200").registers()
        #expect(
            self.world.told() == [
                "desk": ["in-1 terminated normal", "registration ended replaced", "closed replaced"],
                "100": ["c-1 terminated normal"], "mobile": ["registered 200"],
            ]
        )
    }

    @Test("Reject: the newer is refused as long as the older is there, and else takes its place")
    func reject() throws {
        self.apply(.reject)
        let desk = try self.world.registered("desk", number: "200")
        let mobile = self.world.client("mobile", number: "200", user: "200")
        try mobile.registers()
        #expect(self.world.told() == ["mobile": ["register failed alreadyRegistered"]])
        try desk.losesSocket()
        try mobile.registers()
        #expect(self.world.told() == ["mobile": ["registered 200"]])
        #expect(try !desk.returns())
    }

    @Test("Under no policy does a number lose a device of another", arguments: ExchangePolicy.Devices.allCases)
    func otherNumbers(devices: ExchangePolicy.Devices) throws {
        self.apply(devices)
        for number in 100..<120 {
            _ = try self.world.registered("\(number)")
        }
        #expect(self.world.exchange.census.registrations == 20)
    }
}
