import Testing

@testable import Telephony

@Suite("Call set-up (§10.3–10.6)")
struct CallSetUpTests {
    let world = OutsideWorld()
    let alice: TestClient
    let bob: TestClient

    init() throws {
        self.alice = try self.world.registered("100")
        self.bob = try self.world.registered("200")
    }

    @Test("A call is offered, rings, is answered and ended by the caller")
    func endedByCaller() throws {
        try self.alice.dials("200")
        #expect(self.world.told() == ["200": ["in-1 start from 100"]])
        try self.bob.accepts()
        #expect(self.world.told() == ["200": ["in-1 ringing"], "100": ["c-1 ringing"]])
        try self.bob.answers()
        #expect(self.world.told() == ["200": ["in-1 active"], "100": ["c-1 active"]])
        try self.alice.terminates("c-1")
        #expect(
            self.world.told() == [
                "100": ["c-1 terminating", "c-1 terminated normal"], "200": ["in-1 terminated normal"],
            ]
        )
        try self.world.checkNothingIsLeft()
    }

    @Test("Ringing may be left out, and the callee may hang up")
    func endedByCallee() throws {
        try self.alice.dials("200")
        try self.bob.answers()
        #expect(
            self.world.told() == ["200": ["in-1 start from 100", "in-1 active"], "100": ["c-1 active"]]
        )
        try self.bob.terminates("in-1")
        #expect(
            self.world.told() == [
                "200": ["in-1 terminating", "in-1 terminated normal"], "100": ["c-1 terminated normal"],
            ]
        )
        try self.world.checkNothingIsLeft()
    }

    @Test("The caller gives up", arguments: [nil, Reason.normal, .busy, .rejected])
    func cancelled(reason: Reason?) throws {
        try self.alice.dials("200")
        try self.bob.accepts()
        _ = self.world.told()
        try self.alice.terminates("c-1", reason)
        #expect(
            self.world.told() == [
                "100": ["c-1 terminating", "c-1 terminated cancelled"], "200": ["in-1 terminated cancelled"],
            ]
        )
        try self.world.checkNothingIsLeft()
    }

    @Test(
        "The callee declines",
        arguments: zip([nil, Reason.normal, .rejected, .busy], ["rejected", "rejected", "rejected", "busy"])
    )
    func declined(reason: Reason?, told: String) throws {
        try self.alice.dials("200")
        _ = self.world.told()
        try self.bob.terminates("in-1", reason)
        #expect(
            self.world.told() == [
                "200": ["in-1 terminating", "in-1 terminated \(told)"], "100": ["c-1 terminated \(told)"],
            ]
        )
        try self.world.checkNothingIsLeft()
    }

    @Test("Nobody answers in time")
    func noAnswer() throws {
        try self.alice.dials("200")
        try self.bob.accepts()
        try self.world.passes(.milliseconds(59_999))
        _ = self.world.told()
        try self.world.passes(.milliseconds(1))
        #expect(self.world.told() == ["100": ["c-1 terminated noAnswer"], "200": ["in-1 terminated noAnswer"]])
        try self.world.checkNothingIsLeft()
    }

    @Test("An answered call does not hear of the ring time-out")
    func answeredInTime() throws {
        try self.alice.dials("200")
        try self.bob.answers()
        _ = self.world.told()
        try self.world.passes(.seconds(3600))
        #expect(self.world.told() == [:])
    }

    @Test(
        "The directory says why nobody is there",
        arguments: [
            (Resolution.known, "unavailable"), (.unknown, "notFound"), (.failed, "directoryUnavailable"),
        ]
    )
    func directory(resolution: Resolution, reason: String) throws {
        try self.alice.dials("300")
        #expect(self.world.told() == [:])
        #expect(self.world.questions.map(\.dialString.text) == ["300"])
        try self.world.directoryAnswers(resolution)
        #expect(self.world.told() == ["100": ["c-1 terminated \(reason)"]])
        try self.world.checkNothingIsLeft()
    }

    @Test("Who registers while the directory is asked is called")
    func registeredMeanwhile() throws {
        try self.alice.dials("300")
        let carol = try self.world.registered("300")
        try self.world.directoryAnswers(.unknown)
        #expect(self.world.told() == ["300": ["in-1 start from 100"]])
        try carol.answers()
        #expect(self.world.told() == ["300": ["in-1 active"], "100": ["c-1 active"]])
    }

    @Test("Who registers while the directory is asked, and is away again when it answers, is unavailable")
    func registeredAndGoneMeanwhile() throws {
        try self.alice.dials("300")
        let carol = try self.world.registered("300")
        try carol.losesSocket()
        try self.world.passes(.seconds(6))
        try self.world.directoryAnswers(.unknown)
        #expect(self.world.told() == ["100": ["c-1 terminated unavailable"]])
    }

    @Test("The directory's answer comes too late", arguments: [Resolution.known, .unknown, .failed])
    func directoryTooLate(resolution: Resolution) throws {
        try self.alice.dials("300")
        try self.alice.terminates("c-1")
        #expect(self.world.told() == ["100": ["c-1 terminating", "c-1 terminated cancelled"]])
        try self.world.directoryAnswers(resolution)
        #expect(self.world.told() == [:])
    }

    @Test("The ring time-out does not wait for the directory")
    func directorySilent() throws {
        try self.alice.dials("300")
        try self.world.passes(.seconds(60))
        #expect(self.world.told() == ["100": ["c-1 terminated noAnswer"]])
        try self.world.directoryAnswers(.known)
        #expect(self.world.told() == [:])
    }

    @Test("What cannot be a number is not found, and is no call")
    func noNumber() throws {
        try self.alice.dials("not a number")
        #expect(self.world.told() == ["100": ["c-1 refused notFound"]])
        #expect(self.world.exchange.calls.count == 0)
    }

    @Test("Numbers are one, however they are written", arguments: ["2-0.0", "+200", "200"])
    func spelling(number: String) throws {
        try self.alice.dials(number)
        #expect(self.world.told() == ["200": ["in-1 start from 100"]])
    }

    @Test("Everybody is shown whom he talks to, by the directory's name")
    func addresses() throws {
        try self.alice.dials("200", description: "Softphone 7")
        let identifier = try self.bob.identifier("in-1")
        #expect(self.bob.calls[identifier]?.label?.remote == self.alice.address)
        #expect(self.bob.calls[identifier]?.label?.remoteDescription == "Softphone 7")
        try self.bob.accepts()
        let own = try self.alice.identifier("c-1")
        #expect(self.alice.calls[own]?.label?.remote == self.bob.address)
        #expect(self.alice.calls[own]?.label?.remoteDescription == nil)
        try self.bob.answers()
        #expect(self.alice.calls[own]?.label?.remote == self.bob.address)
        #expect(self.alice.calls[own]?.label?.remoteDescription == "program of 200")
    }

    @Test("Only the device that calls has the number: busy")
    func selfCall() throws {
        try self.alice.dials("100")
        #expect(self.world.told() == ["100": ["c-1 terminated busy"]])
        #expect(self.world.questions.isEmpty)
        try self.world.checkNothingIsLeft()
    }

    @Test("Answer and hang-up at the same time: whichever comes first, each side hears one end (I16)")
    func race() throws {
        try self.alice.dials("200")
        try self.bob.answers()
        try self.alice.terminates("c-1")
        _ = self.world.told()
        try self.bob.terminates("in-1")
        #expect(self.world.told().count == 1)
        try self.alice.dials("200", "c-2")
        try self.alice.terminates("c-2")
        _ = self.world.told()
        try self.bob.answers("in-2")
        #expect(self.world.told()["100"] == nil)
        #expect(self.alice.endings.map(\.reason) == [.normal, .cancelled])
        #expect(self.bob.endings.map(\.reason) == [.normal, .cancelled])
        try self.world.checkNothingIsLeft()
    }

    @Test("An identifier may be used again once its call is over")
    func identifierAgain() throws {
        for _ in 0..<3 {
            try self.alice.dials("200", "c-1")
            try self.alice.terminates("c-1")
        }
        #expect(self.alice.endings.count == 3)
        #expect(Set(self.bob.endings.map(\.identifier)).count == 3)
    }
}
