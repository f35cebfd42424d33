import Testing

@testable import Telephony

@Suite("Media (§11)")
struct MediaTests {
    let world = OutsideWorld()
    let alice: TestClient
    let bob: TestClient

    init() throws {
        self.alice = try self.world.registered("100")
        self.bob = try self.world.registered("200")
    }

    private func connect() throws {
        try self.alice.dials("200")
        try self.bob.answers()
        _ = self.world.told()
    }

    @Test("Offers, answers and candidates pass under the other side's identifier")
    func relay() throws {
        try self.connect()
        try self.alice.sends(.offer("o1"), "c-1")
        try self.alice.sends(.candidate("x1"), "c-1")
        #expect(self.world.told() == ["200": ["in-1 offer o1", "in-1 candidate x1"]])
        try self.bob.sends(.answer("a1"), "in-1")
        #expect(self.world.told() == ["100": ["c-1 answer a1"]])
    }

    @Test("Early media of the only device passes at once, both ways")
    func early() throws {
        try self.alice.dials("200")
        try self.alice.sends(.offer("o1"), "c-1")
        #expect(self.world.told() == ["200": ["in-1 start from 100", "in-1 offer o1"]])
        try self.bob.sends(.answer("a1"), "in-1")
        try self.bob.sends(.candidate("x1"), "in-1")
        #expect(self.world.told() == ["100": ["c-1 answer a1", "c-1 candidate x1"]])
        try self.bob.answers()
        #expect(self.world.told() == ["200": ["in-1 active"], "100": ["c-1 active"]])
    }

    @Test("Of several devices each gets the offer, and only the winner's answer is relayed")
    func earlyOfSeveral() throws {
        let mobile = try self.world.registered("mobile", number: "200")
        try self.alice.dials("200")
        _ = self.world.told()
        try self.alice.sends(.offer("o1"), "c-1")
        #expect(self.world.told() == ["200": ["in-1 offer o1"], "mobile": ["in-1 offer o1"]])
        try self.bob.sends(.answer("desk"), "in-1")
        try mobile.sends(.answer("old"), "in-1")
        try mobile.sends(.answer("mobile"), "in-1")
        try mobile.sends(.candidate("x"), "in-1")
        #expect(self.world.told() == [:])
        try mobile.answers()
        #expect(
            self.world.told() == [
                "200": ["in-1 terminated answeredElsewhere"], "mobile": ["in-1 active"],
                "100": ["c-1 active", "c-1 answer mobile", "c-1 candidate x"],
            ]
        )
    }

    @Test("Also when the other device has declined: the caller must not get two answers")
    func earlyOfTheLastOfSeveral() throws {
        let mobile = try self.world.registered("mobile", number: "200")
        try self.alice.dials("200")
        try self.bob.terminates("in-1")
        _ = self.world.told()
        try mobile.sends(.answer("mobile"), "in-1")
        #expect(self.world.told() == [:])
        try mobile.answers()
        #expect(self.world.told()["100"] == ["c-1 active", "c-1 answer mobile"])
    }

    @Test("What the caller sends before the directory has answered waits for the device")
    func whileRouting() throws {
        try self.alice.dials("300")
        try self.alice.sends(.offer("old"), "c-1")
        try self.alice.sends(.candidate("gone"), "c-1")
        try self.alice.sends(.offer("new"), "c-1")
        try self.alice.sends(.candidate("x1"), "c-1")
        try self.alice.sends(.candidate("x2"), "c-1")
        _ = try self.world.registered("300")
        try self.world.directoryAnswers(.known)
        #expect(
            self.world.told() == [
                "300": ["in-1 start from 100", "in-1 offer new", "in-1 candidate x1", "in-1 candidate x2"]
            ]
        )
    }

    @Test("A device that is away gets the offer after its start")
    func keptForParked() throws {
        try self.bob.losesSocket()
        try self.alice.dials("200")
        try self.alice.sends(.offer("o1"), "c-1")
        try self.alice.sends(.candidate("x1"), "c-1")
        #expect(self.world.told() == [:])
        try self.bob.returns()
        #expect(
            self.world.told() == [
                "200": ["registered 200", "in-1 start from 100", "in-1 offer o1", "in-1 candidate x1"]
            ]
        )
        try self.alice.sends(.candidate("x2"), "c-1")
        #expect(self.world.told() == ["200": ["in-1 candidate x2"]])
    }

    @Test("A party of an answered call that comes back gets what it missed, once")
    func keptForLost() throws {
        try self.connect()
        try self.bob.losesSocket()
        try self.alice.sends(.offer("o1"), "c-1")
        try self.alice.sends(.candidate("x1"), "c-1")
        try self.alice.sends(.offer("o2"), "c-1")
        try self.alice.sends(.candidate("x2"), "c-1")
        #expect(self.world.told() == [:])
        try self.bob.returns()
        #expect(self.world.told() == ["200": ["registered 200", "in-1 active", "in-1 offer o2", "in-1 candidate x2"]])
        try self.bob.losesSocket()
        try self.bob.returns()
        #expect(self.world.told() == ["200": ["registered 200", "in-1 active"]])
    }

    @Test("A caller that comes back before the answer gets the early media it missed")
    func keptForCaller() throws {
        try self.alice.dials("200")
        try self.alice.losesSocket()
        try self.bob.sends(.answer("a1"), "in-1")
        try self.bob.answers()
        _ = self.world.told()
        try self.alice.returns()
        #expect(self.world.told() == ["100": ["registered 100", "c-1 active", "c-1 answer a1"]])
    }

    @Test("Candidates that are kept are bounded in number")
    func candidatesBounded() throws {
        try self.connect()
        try self.bob.losesSocket()
        try self.alice.sends(.offer("o"), "c-1")
        for number in 0..<1000 {
            try self.alice.sends(.candidate("x\(number)"), "c-1")
        }
        try self.bob.returns()
        let heard = try #require(self.world.told()["200"])
        #expect(heard.count == 3 + KeptMedia.candidateLimit)
        #expect(heard[2...3] == ["in-1 offer o", "in-1 candidate x0"])
    }

    @Test("What one device misses, the others do not wait for")
    func oneOfTwoAway() throws {
        let mobile = try self.world.registered("mobile", number: "200")
        try self.alice.dials("200")
        _ = self.world.told()
        try mobile.losesSocket()
        try self.alice.sends(.offer("o1"), "c-1")
        #expect(self.world.told() == ["200": ["in-1 offer o1"]])
        try mobile.returns()
        #expect(self.world.told() == ["mobile": ["registered 200", "in-1 start from 100", "in-1 offer o1"]])
    }

    @Test("A held call still negotiates media: that is how hold is done")
    func whileHeld() throws {
        try self.connect()
        try self.alice.holds("c-1")
        _ = self.world.told()
        try self.alice.sends(.offer("sendonly"), "c-1")
        try self.bob.sends(.answer("recvonly"), "in-1")
        #expect(self.world.told() == ["200": ["in-1 offer sendonly"], "100": ["c-1 answer recvonly"]])
    }
}
