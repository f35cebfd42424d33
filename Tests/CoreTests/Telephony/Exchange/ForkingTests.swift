import Testing

@testable import Telephony

@Suite("Several devices of one number")
struct ForkingTests {
    let world = OutsideWorld()
    let alice: TestClient
    let desk: TestClient
    let mobile: TestClient

    init() throws {
        self.alice = try self.world.registered("100")
        self.desk = try self.world.registered("desk", number: "200")
        self.mobile = try self.world.registered("mobile", number: "200")
    }

    @Test("All ring, and the first answer wins")
    func firstAnswerWins() throws {
        try self.alice.dials("200")
        #expect(self.world.told() == ["desk": ["in-1 start from 100"], "mobile": ["in-1 start from 100"]])
        try self.desk.accepts()
        #expect(self.world.told() == ["desk": ["in-1 ringing"], "100": ["c-1 ringing"]])
        try self.mobile.accepts()
        #expect(self.world.told() == ["mobile": ["in-1 ringing"]])
        try self.mobile.answers()
        #expect(
            self.world.told() == [
                "desk": ["in-1 terminated answeredElsewhere"], "mobile": ["in-1 active"], "100": ["c-1 active"],
            ]
        )
        try self.alice.terminates("c-1")
        #expect(self.desk.endings.count == 1)
        try self.world.checkNothingIsLeft()
    }

    @Test("One declines while the other rings")
    func oneDeclines() throws {
        try self.alice.dials("200")
        _ = self.world.told()
        try self.desk.terminates("in-1", .busy)
        #expect(self.world.told() == ["desk": ["in-1 terminating", "in-1 terminated busy"]])
        try self.mobile.answers()
        #expect(self.world.told() == ["mobile": ["in-1 active"], "100": ["c-1 active"]])
    }

    @Test(
        "All decline: the caller hears the weightiest reason",
        arguments: [
            (Reason?.none, Reason?.some(.busy), "rejected"), (.busy, nil, "rejected"), (.busy, .busy, "busy"),
            (nil, nil, "rejected"),
        ]
    )
    func allDecline(first: Reason?, second: Reason?, told: String) throws {
        try self.alice.dials("200")
        try self.desk.terminates("in-1", first)
        _ = self.world.told()
        try self.mobile.terminates("in-1", second)
        #expect(self.world.told()["100"] == ["c-1 terminated \(told)"])
        try self.world.checkNothingIsLeft()
    }

    @Test("Busy outweighs a device that is gone")
    func busyOutweighsUnavailable() throws {
        try self.mobile.losesSocket()
        try self.alice.dials("200")
        try self.desk.terminates("in-1", .busy)
        #expect(self.world.told()["100"] == nil)
        try self.world.passes(.seconds(5))
        #expect(self.world.told() == ["100": ["c-1 terminated busy"]])
        try self.world.checkNothingIsLeft()
    }

    @Test("A device without room is busy, which outweighs one that is away", arguments: [false, true])
    func noRoom(isFirstDeviceAway: Bool) throws {
        let world = OutsideWorld { $0.callsPerRegistration = 1 }
        let alice = try world.registered("100")
        let carol = try world.registered("300")
        let devices = try ["desk", "mobile"].map { try world.registered($0, number: "200") }
        let (away, busy) = isFirstDeviceAway ? (devices[0], devices[1]) : (devices[1], devices[0])
        try carol.dials("200")
        try busy.answers()
        try away.losesSocket()
        try world.passes(.seconds(10))
        _ = world.told()
        try alice.dials("200")
        #expect(world.told() == ["100": ["c-1 terminated busy"]])
    }

    @Test("Calling one's own number rings the other devices")
    func ownNumber() throws {
        try self.desk.dials("200")
        #expect(self.world.told() == ["mobile": ["in-1 start from 200"]])
        try self.mobile.answers()
        #expect(self.world.told() == ["mobile": ["in-1 active"], "desk": ["c-1 active"]])
    }

    @Test("Own number, and the other devices are away: unavailable, not busy")
    func ownNumberAlone() throws {
        try self.mobile.losesSocket()
        try self.world.passes(.seconds(10))
        try self.desk.dials("200")
        #expect(self.world.told() == ["desk": ["c-1 terminated unavailable"]])
    }

    @Test("The caller gives up: all stop ringing")
    func cancelled() throws {
        try self.alice.dials("200")
        try self.desk.accepts()
        _ = self.world.told()
        try self.alice.terminates("c-1")
        #expect(
            self.world.told() == [
                "100": ["c-1 terminating", "c-1 terminated cancelled"], "desk": ["in-1 terminated cancelled"],
                "mobile": ["in-1 terminated cancelled"],
            ]
        )
    }

    @Test("A device that logs out drops out")
    func loggedOut() throws {
        try self.alice.dials("200")
        _ = self.world.told()
        try self.desk.unregisters()
        #expect(self.world.told() == ["desk": ["in-1 terminated unavailable", "registration ended success"]])
        try self.mobile.unregisters()
        #expect(
            self.world.told() == [
                "mobile": ["in-1 terminated unavailable", "registration ended success"],
                "100": ["c-1 terminated unavailable"],
            ]
        )
    }

    @Test("All devices are away for longer than a reload takes: unavailable at once, without the directory")
    func allAway() throws {
        try self.desk.losesSocket()
        try self.mobile.losesSocket()
        try self.world.passes(.seconds(5))
        try self.alice.dials("200")
        #expect(self.world.told() == ["100": ["c-1 terminated unavailable"]])
        #expect(self.world.questions.isEmpty)
    }

    @Test("A page that reloads gets the call that came meanwhile")
    func reload() throws {
        try self.desk.unregisters()
        try self.mobile.losesSocket()
        try self.world.passes(.seconds(2))
        _ = self.world.told()
        try self.alice.dials("200")
        #expect(self.world.told() == [:])
        try self.world.passes(.seconds(2))
        try self.mobile.returns()
        #expect(self.world.told() == ["mobile": ["registered 200", "in-1 start from 100"]])
        try self.world.passes(.seconds(20))
        try self.mobile.answers()
        #expect(self.world.told() == ["mobile": ["in-1 active"], "100": ["c-1 active"]])
    }

    @Test("A page that does not come back: unavailable")
    func noReload() throws {
        try self.desk.unregisters()
        try self.mobile.losesSocket()
        _ = self.world.told()
        try self.alice.dials("200")
        try self.world.passes(.milliseconds(4_999))
        #expect(self.world.told() == [:])
        try self.world.passes(.milliseconds(1))
        #expect(self.world.told() == ["100": ["c-1 terminated unavailable"]])
        try self.mobile.returns()
        #expect(self.world.told() == ["mobile": ["registered 200"]])
    }
}
