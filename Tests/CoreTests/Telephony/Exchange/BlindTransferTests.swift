import Testing

@testable import Telephony

/// Alice talks to Bob (`c-1`) and sends him on.
@Suite("Blind transfer")
struct BlindTransferTests {
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
        _ = self.world.told()
    }

    @Test("The far end calls the number, and is asked for an offer when somebody answers")
    func success() throws {
        try self.alice.redirects("c-1", to: "300")
        #expect(
            self.world.told() == [
                "100": ["c-1 terminated transferred"], "200": ["in-1 ringing"], "300": ["in-1 start from 200"],
            ]
        )
        try self.carol.accepts()
        #expect(self.world.told() == ["300": ["in-1 ringing"]])
        try self.carol.answers()
        #expect(self.world.told() == ["300": ["in-1 active"], "200": ["in-1 active", "in-1 offer?"]])
        try self.bob.sends(.offer("o1"), "in-1")
        try self.carol.sends(.answer("a1"), "in-1")
        #expect(self.world.told() == ["300": ["in-1 offer o1"], "200": ["in-1 answer a1"]])
        try self.bob.terminates("in-1")
        #expect(self.carol.endings.map(\.reason) == [.normal])
        try self.world.checkNothingIsLeft()
    }

    @Test("What belongs to the call before is dropped; an offer of the new device stands for the one asked for")
    func media() throws {
        try self.alice.redirects("c-1", to: "300")
        _ = self.world.told()
        try self.bob.sends(.candidate("old"), "in-1")
        try self.bob.sends(.offer("old"), "in-1")
        #expect(self.world.told() == [:])
        try self.carol.sends(.candidate("lost"), "in-1")
        try self.carol.sends(.offer("o1"), "in-1")
        try self.carol.sends(.candidate("x1"), "in-1")
        #expect(self.world.told() == [:])
        try self.carol.answers()
        #expect(
            self.world.told() == [
                "300": ["in-1 active"], "200": ["in-1 active", "in-1 offer o1", "in-1 candidate x1"],
            ]
        )
    }

    @Test("An early answer to nothing is dropped, and the offer asked for")
    func answerToNothing() throws {
        try self.alice.redirects("c-1", to: "300")
        try self.carol.sends(.answer("stray"), "in-1")
        _ = self.world.told()
        try self.carol.answers()
        #expect(self.world.told()["200"] == ["in-1 active", "in-1 offer?"])
    }

    @Test("The number does not take the call: the far end hears why", arguments: [Reason?.none, .busy])
    func declined(reason: Reason?) throws {
        try self.alice.redirects("c-1", to: "300")
        _ = self.world.told()
        try self.carol.terminates("in-1", reason)
        #expect(self.world.told()["200"] == ["in-1 terminated \(reason ?? .rejected)"])
        try self.world.checkNothingIsLeft()
    }

    @Test("Nobody answers: the ring time-out begins with the transfer")
    func noAnswer() throws {
        try self.world.passes(.seconds(50))
        try self.alice.redirects("c-1", to: "300")
        try self.world.passes(.seconds(59))
        _ = self.world.told()
        try self.world.passes(.seconds(1))
        #expect(self.world.told() == ["200": ["in-1 terminated noAnswer"], "300": ["in-1 terminated noAnswer"]])
    }

    @Test(
        "Nobody is registered for the number: the directory says why, and the call stays",
        arguments: [
            (Resolution.known, "unavailable"), (.unknown, "notFound"), (.failed, "directoryUnavailable"),
        ]
    )
    func unknown(resolution: Resolution, reason: String) throws {
        try self.alice.redirects("c-1", to: "400")
        #expect(self.world.told() == [:])
        try self.alice.redirects("c-1", to: "300")
        #expect(self.world.told() == ["100": ["c-1 active invalidState"]])
        try self.world.directoryAnswers(resolution)
        #expect(self.world.told() == ["100": ["c-1 active \(reason)"]])
        try self.alice.redirects("c-1", to: "300")
        #expect(self.world.told()["300"] == ["in-1 start from 200"])
    }

    @Test("Who registers while the directory is asked is called")
    func registeredMeanwhile() throws {
        try self.alice.redirects("c-1", to: "400")
        _ = try self.world.registered("400")
        try self.world.directoryAnswers(.unknown)
        #expect(
            self.world.told() == [
                "100": ["c-1 terminated transferred"], "200": ["in-1 ringing"], "400": ["in-1 start from 200"],
            ]
        )
    }

    @Test(
        "While the directory is asked, the call may be held, ended, or transferred to another: the answer is too late"
    )
    func meanwhile() throws {
        try self.alice.redirects("c-1", to: "400")
        try self.alice.holds("c-1")
        try self.world.directoryAnswers(.unknown)
        #expect(self.world.told() == ["100": ["c-1 held", "c-1 held notFound"], "200": ["in-1 holding"]])
        try self.alice.redirects("c-1", to: "400")
        try self.alice.dials("300", "c-2")
        try self.carol.answers()
        try self.alice.transfers("c-1", to: "c-2")
        _ = self.world.told()
        try self.world.directoryAnswers(.unknown)
        #expect(self.world.told() == [:])
        try self.bob.redirects("in-1", to: "400")
        try self.carol.terminates("in-1")
        _ = self.world.told()
        try self.world.directoryAnswers(.known)
        #expect(self.world.told() == [:])
    }

    @Test("Who asked is away when the directory answers: the call stays, or goes, as if he were there")
    func transferorAway() throws {
        try self.alice.redirects("c-1", to: "400")
        try self.alice.losesSocket()
        try self.world.directoryAnswers(.unknown)
        #expect(self.world.told() == [:])
        try self.alice.returns()
        #expect(self.world.told() == ["100": ["registered 100", "c-1 active"]])
        try self.alice.redirects("c-1", to: "400")
        try self.alice.losesSocket()
        _ = try self.world.registered("400")
        try self.world.directoryAnswers(.known)
        #expect(self.world.told() == ["200": ["in-1 ringing"], "400": ["in-1 start from 200"]])
        try self.alice.returns()
        #expect(self.world.told() == ["100": ["registered 100"]])
    }

    @Test("Only the two parties themselves have the number: busy", arguments: ["100", "200"])
    func ownNumber(number: String) throws {
        try self.alice.redirects("c-1", to: number)
        #expect(self.world.told() == ["100": ["c-1 active busy"]])
        #expect(self.world.questions.isEmpty)
    }

    @Test("Another device of one's own is a number like any other")
    func ownDevice() throws {
        _ = try self.world.registered("mobile", number: "100")
        try self.alice.redirects("c-1", to: "100")
        #expect(
            self.world.told() == [
                "100": ["c-1 terminated transferred"], "200": ["in-1 ringing"], "mobile": ["in-1 start from 200"],
            ]
        )
    }

    @Test("What cannot be a number, and calls that are not answered: refused with the true state")
    func refused() throws {
        try self.alice.redirects("c-1", to: "not a number")
        #expect(self.world.told() == ["100": ["c-1 active notFound"]])
        try self.alice.dials("300", "c-2")
        _ = self.world.told()
        try self.alice.redirects("c-2", to: "200")
        #expect(self.world.told() == ["100": ["c-2 ringing invalidState"]])
    }

    @Test("The far end is away: it rings all the same, and it learns of it when it comes back")
    func farEndAway() throws {
        try self.bob.losesSocket()
        try self.alice.redirects("c-1", to: "300")
        #expect(self.world.told() == ["100": ["c-1 terminated transferred"], "300": ["in-1 start from 200"]])
        try self.carol.answers()
        _ = self.world.told()
        try self.bob.returns()
        #expect(self.world.told() == ["200": ["registered 200", "in-1 active", "in-1 offer?"]])
    }

    @Test("Redirecting without end is limited like calling")
    func limited() throws {
        try self.world.passes(.seconds(10))
        for _ in 0..<5 {
            try self.alice.redirects("c-1", to: "400")
            try self.world.directoryAnswers(.unknown)
        }
        _ = self.world.told()
        try self.alice.redirects("c-1", to: "400")
        #expect(self.world.told() == ["100": ["c-1 active overload"]])
        #expect(self.world.questions.isEmpty)
    }
}
