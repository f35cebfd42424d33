import Testing

@testable import Telephony

@Suite("Hold and retrieve (§10.7, §10.8)")
struct HoldTests {
    let world = OutsideWorld()
    let alice: TestClient
    let bob: TestClient

    init() throws {
        self.alice = try self.world.registered("100")
        self.bob = try self.world.registered("200")
        try self.alice.dials("200")
        try self.bob.answers()
        _ = self.world.told()
    }

    @Test("The caller holds and retrieves")
    func byCaller() throws {
        try self.alice.holds("c-1")
        #expect(self.world.told() == ["100": ["c-1 held"], "200": ["in-1 holding"]])
        try self.alice.retrieves("c-1")
        #expect(self.world.told() == ["100": ["c-1 active"], "200": ["in-1 active"]])
    }

    @Test("The callee holds and retrieves")
    func byCallee() throws {
        try self.bob.holds("in-1")
        #expect(self.world.told() == ["200": ["in-1 held"], "100": ["c-1 holding"]])
        try self.bob.retrieves("in-1")
        #expect(self.world.told() == ["200": ["in-1 active"], "100": ["c-1 active"]])
    }

    @Test("Both hold: each sees held, and hears of what the other does")
    func byBoth() throws {
        try self.alice.holds("c-1")
        _ = self.world.told()
        try self.bob.holds("in-1")
        #expect(self.world.told() == ["200": ["in-1 held"], "100": ["c-1 held"]])
        try self.alice.retrieves("c-1")
        #expect(self.world.told() == ["100": ["c-1 holding"], "200": ["in-1 held"]])
        try self.bob.retrieves("in-1")
        #expect(self.world.told() == ["200": ["in-1 active"], "100": ["c-1 active"]])
    }

    @Test("Holding twice, retrieving what is not held, or retrieving for the other side is refused with the true state")
    func refused() throws {
        try self.alice.retrieves("c-1")
        #expect(self.world.told() == ["100": ["c-1 active invalidState"]])
        try self.alice.holds("c-1")
        _ = self.world.told()
        try self.alice.holds("c-1")
        #expect(self.world.told() == ["100": ["c-1 held invalidState"]])
        try self.bob.retrieves("in-1")
        #expect(self.world.told() == ["200": ["in-1 holding invalidState"]])
    }

    @Test("Before the answer nobody can hold")
    func tooEarly() throws {
        try self.alice.dials("200", "c-2")
        _ = self.world.told()
        try self.alice.holds("c-2")
        #expect(self.world.told() == ["100": ["c-2 ringing invalidState"]])
        try self.bob.holds("in-2")
        #expect(self.world.told() == ["200": ["in-2 ringing invalidState"]])
    }

    @Test("A held call survives the loss of either side, and is still held")
    func acrossLoss() throws {
        try self.alice.holds("c-1")
        try self.alice.losesSocket()
        try self.bob.losesSocket()
        _ = self.world.told()
        try self.alice.returns()
        try self.bob.returns()
        #expect(
            self.world.told() == ["100": ["registered 100", "c-1 held"], "200": ["registered 200", "in-1 holding"]]
        )
    }

    @Test("Who is away is told of a hold when it comes back")
    func whileAway() throws {
        try self.bob.losesSocket()
        try self.alice.holds("c-1")
        _ = self.world.told()
        try self.bob.returns()
        #expect(self.world.told() == ["200": ["registered 200", "in-1 holding"]])
    }

    @Test("A held call can be ended by either side")
    func ended() throws {
        try self.alice.holds("c-1")
        try self.bob.terminates("in-1")
        #expect(self.alice.endings.map(\.reason) == [.normal])
        try self.world.checkNothingIsLeft()
    }
}
