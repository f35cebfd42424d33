import Testing

@testable import Telephony

@Suite("Calls without a registration (§4.2)")
struct GuestTests {
    let world = OutsideWorld()
    let guest: TestClient
    let bob: TestClient

    init() throws {
        self.guest = self.world.client("guest", number: "anonymous")
        self.guest.connectsAsGuest()
        self.bob = try self.world.registered("200")
    }

    @Test("A guest calls, and is sent home after the call")
    func call() throws {
        try self.guest.dials("200")
        #expect(self.world.told() == ["200": ["in-1 start from anonymous"]])
        try self.bob.answers()
        try self.guest.sends(.offer("o"), "c-1")
        #expect(self.world.told() == ["200": ["in-1 active", "in-1 offer o"], "guest": ["c-1 active"]])
        try self.bob.terminates("in-1")
        #expect(self.world.told()["guest"] == ["c-1 terminated normal", "closed finished"])
        try self.world.checkNothingIsLeft()
        #expect(self.world.exchange.census.registrations == 1)
    }

    @Test("A guest with several calls stays until the last is over")
    func calls() throws {
        try self.guest.dials("200", "c-1")
        try self.guest.dials("200", "c-2")
        try self.bob.terminates("in-1")
        #expect(self.world.told()["guest"] == ["c-1 terminated rejected"])
        try self.guest.terminates("c-2")
        #expect(self.world.told()["guest"] == ["c-2 terminating", "c-2 terminated cancelled", "closed finished"])
    }

    @Test("A call that comes to nothing is a last call as well")
    func refused() throws {
        try self.guest.dials("not a number")
        #expect(self.world.told() == ["guest": ["c-1 refused notFound", "closed finished"]])
        #expect(self.world.exchange.census.registrations == 1)
    }

    @Test("So is one that nobody can take")
    func notFound() throws {
        try self.guest.dials("300")
        try self.world.directoryAnswers(.unknown)
        #expect(self.world.told() == ["guest": ["c-1 terminated notFound", "closed finished"]])
    }

    @Test("But not when there is another")
    func refusedBesides() throws {
        try self.guest.dials("200", "c-1")
        try self.guest.dials("not a number", "c-2")
        #expect(self.world.told()["guest"] == ["c-2 refused notFound"])
        try self.guest.dials("200", "c-1")
        #expect(self.world.told()["guest"] == ["c-1 ringing duplicateIdentifier"])
    }

    @Test("A guest whose socket is lost is gone: its call ends at once, and nothing is told to the socket")
    func lost() throws {
        try self.guest.dials("200")
        try self.bob.answers()
        _ = self.world.told()
        try self.guest.losesSocket()
        #expect(self.world.told() == ["200": ["in-1 terminated connectionLost"]])
        #expect(self.world.exchange.census.registrations == 1)
        #expect(self.world.closing.isEmpty)
    }

    @Test(
        "A guest that is ended from outside is closed once, for that reason",
        arguments: [
            (Departure.administrator, "administrator"), (.expired, "expired"), (.shutdown, "shutdown"),
        ]
    )
    func ended(departure: Departure, reason: String) throws {
        try self.guest.dials("200")
        _ = self.world.told()
        let id = try #require(self.guest.socket.flatMap { self.world.exchange.ports[$0]?.registration })
        try self.world.happens { $0.end(id, because: departure, at: $1, into: &$2) }
        try self.world.checkTruth()
        #expect(
            self.world.told() == [
                "guest": ["c-1 terminated \(reason)", "closed \(reason)"], "200": ["in-1 terminated \(reason)"],
            ]
        )
        #expect(self.world.exchange.census.registrations == 1)
    }

    @Test("Guests can't be called, can't log out and can't be woken")
    func nothingElse() throws {
        let other = self.world.client("other", number: "anonymous")
        other.connectsAsGuest()
        try self.guest.dials("200")
        _ = self.world.told()
        try self.guest.unregisters()
        try self.guest.canBeWoken()
        #expect(
            self.world.told() == ["guest": ["terminate refused notRegistered", "status refused notRegistered"]]
        )
        try other.dials("anonymous")
        #expect(self.world.questions.map(\.dialString.text) == ["anonymous"])
    }

    @Test("Whoever may be a guest may register instead, but not with a call going on")
    func registers() throws {
        try self.guest.registers()
        #expect(self.world.told() == ["guest": ["registered anonymous"]])
        try self.guest.dials("200")
        try self.guest.terminates("c-1")
        #expect(self.world.closing.isEmpty)
        let other = self.world.client("other", number: "300")
        other.connectsAsGuest()
        try other.dials("200")
        _ = self.world.told()
        try other.registers()
        #expect(self.world.told() == ["other": ["register failed alreadyRegistered"]])
    }

    @Test("Guests can transfer: both calls end, and so does the visit")
    func transfer() throws {
        let carol = try self.world.registered("300")
        try self.guest.dials("200", "c-1")
        try self.bob.answers()
        try self.guest.dials("300", "c-2")
        try carol.answers()
        _ = self.world.told()
        try self.guest.transfers("c-1", to: "c-2")
        #expect(
            self.world.told()["guest"] == [
                "c-1 terminated transferred", "c-2 terminated transferred", "closed finished",
            ]
        )
        #expect(self.world.exchange.calls.count == 1)
    }

    @Test("Guests may be transferred, and are sent home after that")
    func transferred() throws {
        let carol = try self.world.registered("300")
        try self.guest.dials("200", "c-1")
        try self.bob.answers()
        try self.bob.redirects("in-1", to: "300")
        try carol.terminates("in-1", .busy)
        #expect(self.world.told()["guest"] == ["c-1 active", "c-1 ringing", "c-1 terminated busy", "closed finished"])
    }
}
