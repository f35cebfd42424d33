import Testing

@testable import Telephony

/// Alice talks to Bob (`c-1`) and to Carol (`c-2`), and joins the two.
@Suite("Attended transfer (§10.9)")
struct AttendedTransferTests {
    let world = OutsideWorld()
    let alice: TestClient
    let bob: TestClient
    let carol: TestClient

    init() throws {
        self.alice = try self.world.registered("100")
        self.bob = try self.world.registered("200")
        self.carol = try self.world.registered("300")
        try self.alice.dials("200", "c-1")
        try self.bob.answers()
        try self.alice.dials("300", "c-2")
        try self.carol.answers()
        _ = self.world.told()
    }

    @Test("The far ends are joined, the transferor's calls end, and one side is asked for an offer")
    func joined() throws {
        try self.alice.transfers("c-1", to: "c-2")
        #expect(
            self.world.told() == [
                "100": ["c-1 terminated transferred", "c-2 terminated transferred"],
                "200": ["in-1 active", "in-1 offer?"], "300": ["in-1 active"],
            ]
        )
        let bobs = try self.bob.identifier("in-1")
        #expect(self.bob.calls[bobs]?.label?.remote == self.carol.address)
        #expect(self.bob.calls[bobs]?.label?.remoteDescription == "program of 300")
        let carols = try self.carol.identifier("in-1")
        #expect(self.carol.calls[carols]?.label?.remote == self.bob.address)
        #expect(self.carol.calls[carols]?.label?.remoteDescription == "program of 200")
        #expect(self.world.exchange.calls.count == 1)
    }

    @Test("Media begins anew: what belongs to the calls before is dropped until there is a fresh offer")
    func media() throws {
        try self.alice.transfers("c-1", to: "c-2")
        _ = self.world.told()
        try self.bob.sends(.candidate("old"), "in-1")
        try self.carol.sends(.answer("old"), "in-1")
        #expect(self.world.told() == [:])
        try self.bob.sends(.offer("o1"), "in-1")
        try self.bob.sends(.candidate("x1"), "in-1")
        try self.carol.sends(.answer("a1"), "in-1")
        #expect(
            self.world.told() == ["300": ["in-1 offer o1", "in-1 candidate x1"], "200": ["in-1 answer a1"]]
        )
    }

    @Test("Nobody holds in the new call", arguments: [0, 1, 2, 3])
    func holds(which: Int) throws {
        if which & 1 != 0 { try self.alice.holds("c-1") }
        if which & 2 != 0 { try self.carol.holds("in-1") }
        _ = self.world.told()
        try self.alice.transfers("c-1", to: "c-2")
        let told = self.world.told()
        #expect(told["200"] == ["in-1 active", "in-1 offer?"])
        #expect(told["300"] == ["in-1 active"])
        try self.bob.holds("in-1")
        #expect(self.world.told() == ["200": ["in-1 held"], "300": ["in-1 holding"]])
    }

    @Test("Calls that came in can be transferred as well, and the new call ends like any other")
    func incoming() throws {
        let dave = try self.world.registered("400")
        try dave.dials("100")
        try self.alice.answers("in-1")
        _ = self.world.told()
        try self.alice.transfers("in-1", to: "c-1")
        #expect(
            self.world.told() == [
                "100": ["in-1 terminated transferred", "c-1 terminated transferred"],
                "400": ["c-1 active", "c-1 offer?"], "200": ["in-1 active"],
            ]
        )
        try self.bob.terminates("in-1")
        #expect(
            self.world.told() == [
                "200": ["in-1 terminating", "in-1 terminated normal"], "400": ["c-1 terminated normal"],
            ]
        )
    }

    @Test("A joined call can be transferred again")
    func again() throws {
        try self.alice.transfers("c-1", to: "c-2")
        let dave = try self.world.registered("400")
        try self.carol.dials("400", "c-9")
        try dave.answers()
        _ = self.world.told()
        try self.carol.transfers("c-9", to: "in-1")
        #expect(
            self.world.told() == [
                "300": ["c-9 terminated transferred", "in-1 terminated transferred"],
                "400": ["in-1 active", "in-1 offer?"], "200": ["in-1 active"],
            ]
        )
    }

    @Test("A party that is away learns of it when it comes back, and then makes the offer")
    func absent() throws {
        try self.bob.losesSocket()
        try self.alice.sends(.offer("old"), "c-1")
        try self.alice.transfers("c-1", to: "c-2")
        #expect(
            self.world.told() == [
                "100": ["c-1 terminated transferred", "c-2 terminated transferred"], "300": ["in-1 active"],
            ]
        )
        try self.bob.returns()
        #expect(self.world.told() == ["200": ["registered 200", "in-1 active", "in-1 offer?"]])
        try self.bob.losesSocket()
        try self.bob.returns()
        #expect(self.world.told() == ["200": ["registered 200", "in-1 active", "in-1 offer?"]])
        try self.bob.sends(.offer("new"), "in-1")
        #expect(self.world.told() == ["300": ["in-1 offer new"]])
    }

    @Test("A party that never comes back ends the new call")
    func lost() throws {
        try self.bob.losesSocket()
        try self.alice.transfers("c-1", to: "c-2")
        _ = self.world.told()
        try self.world.passes(.seconds(60))
        #expect(self.world.told() == ["300": ["in-1 terminated connectionLost"]])
        try self.world.checkNothingIsLeft()
    }

    @Test("A foreign or unknown call: refused, and nobody hears of it (I7)")
    func unknown() throws {
        let foreign = try self.bob.identifier("in-1").text
        try self.alice.transfers("c-1", to: foreign)
        #expect(self.world.told() == ["100": ["\(foreign) refused unknownIdentifier"]])
        try self.alice.transfers(foreign, to: "c-1")
        #expect(self.world.told() == ["100": ["\(foreign) refused unknownIdentifier"]])
        try self.alice.transfers("c-1", to: "nonsense")
        #expect(self.world.told() == ["100": ["nonsense refused unknownIdentifier"]])
        try self.carol.transfers("in-1", to: "c-1")
        #expect(self.world.told() == ["300": ["c-1 refused unknownIdentifier"]])
        #expect(self.world.exchange.calls.count == 2)
    }

    @Test("A call with itself: refused with its state")
    func same() throws {
        try self.alice.transfers("c-1", to: "c-1")
        #expect(self.world.told() == ["100": ["c-1 active invalidMessage"]])
    }

    @Test("A call that rings can't be transferred, nor to it; the one that rings is named")
    func ringing() throws {
        try self.alice.dials("200", "c-3")
        _ = self.world.told()
        try self.alice.transfers("c-3", to: "c-1")
        #expect(self.world.told() == ["100": ["c-3 ringing invalidState"]])
        try self.alice.transfers("c-1", to: "c-3")
        #expect(self.world.told() == ["100": ["c-3 ringing invalidState"]])
    }

    @Test("Both calls are with the same person: he talks to himself, and can hang up")
    func samePerson() throws {
        try self.alice.dials("200", "c-3")
        try self.bob.answers("in-2")
        _ = self.world.told()
        try self.alice.transfers("c-1", to: "c-3")
        #expect(self.world.told()["200"] == ["in-1 active", "in-2 active", "in-1 offer?"])
        try self.bob.transfers("in-1", to: "in-2")
        #expect(self.world.told() == ["200": ["in-1 active invalidMessage"]])
        try self.bob.losesSocket()
        try self.bob.returns()
        #expect(self.world.told() == ["200": ["registered 200", "in-1 active", "in-1 offer?", "in-2 active"]])
        try self.bob.terminates("in-2")
        #expect(
            self.world.told() == ["200": ["in-2 terminating", "in-2 terminated normal", "in-1 terminated normal"]]
        )
    }

    @Test("The transferor's registration may end afterwards: that is nobody's business any more")
    func transferorLeaves() throws {
        try self.alice.transfers("c-1", to: "c-2")
        _ = self.world.told()
        try self.alice.unregisters()
        #expect(self.world.told() == ["100": ["registration ended success"]])
        #expect(self.world.exchange.calls.count == 1)
    }
}
