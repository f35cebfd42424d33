import Core
import Testing

@testable import Telephony

@Suite("Waking a sleeping client (§6, §9.5.2)")
struct WakeupTests {
    let world = OutsideWorld()
    let alice: TestClient
    let bob: TestClient

    init() throws {
        self.alice = try self.world.registered("100")
        self.bob = try self.world.registered("200")
        try self.bob.canBeWoken()
        try self.bob.losesSocket()
        try self.world.passes(.seconds(3600))
    }

    private func bobsRegistration() throws -> Registration {
        let id = try #require(self.bob.secret.flatMap { self.world.exchange.book.registration(for: $0) })
        return try #require(self.world.exchange.book[id])
    }

    @Test("One push says who calls and how long he waits; the client comes with its token, and it rings with the offer")
    func wakes() throws {
        try self.alice.dials("200")
        try self.alice.sends(.offer("v=0"), "c-1")
        let wakeup = try #require(self.world.wakeups.first)
        #expect(self.world.wakeups.count == 1)
        #expect(wakeup.caller == DialString("100"))
        #expect(wakeup.earliest == self.world.now)
        #expect(wakeup.end == self.world.now + .seconds(30))
        let token = try #require(try self.world.sendsPush())
        try self.world.serviceSays(.accepted, to: token)
        #expect(self.world.told() == [:])
        #expect(try self.bob.wakes(by: token))
        #expect(self.world.told() == ["200": ["registered 200", "in-1 start from 100", "in-1 offer v=0"]])
        try self.bob.accepts()
        try self.bob.answers()
        #expect(self.world.told()["100"] == ["c-1 ringing", "c-1 active"])
        try self.world.passes(.seconds(3600))
        #expect(self.world.calledOff.isEmpty)
        #expect(self.world.wakeups.isEmpty)
    }

    @Test("Who does not come in time is unavailable, and told that it is over")
    func timesOut() throws {
        try self.alice.dials("200")
        let token = try #require(try self.world.sendsPush())
        try self.world.serviceSays(.accepted, to: token)
        try self.world.passes(.seconds(30) - .milliseconds(1))
        #expect(self.world.told() == [:])
        try self.world.passes(.milliseconds(1))
        #expect(self.world.told() == ["100": ["c-1 terminated unavailable"]])
        #expect(self.world.calledOff.count == 1)
        #expect(try !self.bob.wakes(by: token))
    }

    @Test("A phone that comes back after the caller gave up: the token is dead, the registration is not")
    func tooLate() throws {
        try self.alice.dials("200")
        let token = try #require(try self.world.sendsPush())
        try self.world.serviceSays(.accepted, to: token)
        try self.alice.terminates("c-1")
        #expect(self.world.calledOff.map(\.caller) == [DialString("100")])
        #expect(self.world.forgotten == [token.digest])
        #expect(try !self.bob.wakes(by: token))
        _ = self.world.told()
        #expect(try self.bob.returns())
        #expect(self.world.told() == ["200": ["registered 200"]])
    }

    @Test("A call that ends while the push is on its way is called off as soon as the service has it")
    func endsMeanwhile() throws {
        try self.alice.dials("200")
        let token = try #require(try self.world.sendsPush())
        try self.alice.terminates("c-1")
        #expect(self.world.calledOff.isEmpty)
        try self.world.serviceSays(.accepted, to: token)
        #expect(self.world.calledOff.count == 1)
    }

    @Test("A client that is faster than the service's answer is told of the end on its socket, and by no push")
    func faster() throws {
        try self.alice.dials("200")
        let token = try #require(try self.world.sendsPush())
        #expect(try self.bob.wakes(by: token))
        try self.alice.terminates("c-1")
        try self.world.serviceSays(.accepted, to: token)
        #expect(self.world.calledOff.isEmpty)
    }

    @Test("A push that was not taken is not called off", arguments: [PushResult.failed, .gone])
    func notTaken(result: PushResult) throws {
        try self.alice.dials("200")
        let token = try #require(try self.world.sendsPush())
        try self.world.serviceSays(result, to: token)
        #expect(self.world.told() == ["100": ["c-1 terminated unavailable"]])
        #expect(self.world.calledOff.isEmpty)
        #expect(try !self.bob.wakes(by: token))
    }

    @Test("A call that ends before its push is sent needs none")
    func notWanted() throws {
        try self.alice.dials("200")
        try self.alice.terminates("c-1")
        #expect(try self.world.sendsPush() == nil)
        #expect(self.world.calledOff.isEmpty)
    }

    @Test("A client that comes by itself before its push is sent still gets the call, and needs none if it rings")
    func comesByItself() throws {
        try self.alice.dials("200")
        #expect(try self.bob.returns())
        #expect(self.world.told() == ["200": ["registered 200", "in-1 start from 100"]])
        try self.bob.accepts()
        #expect(try self.world.sendsPush() == nil)
    }

    // MARK: Several devices

    @Test("All devices of a number: those awake ring, those asleep are woken, and join late")
    func joinsLate() throws {
        let desk = self.world.client("desk", number: "200")
        try desk.registers()
        _ = self.world.told()
        try self.alice.dials("200")
        try self.alice.sends(.offer("v=0"), "c-1")
        try desk.accepts()
        #expect(self.world.wakeups.count == 1)
        let token = try #require(try self.world.sendsPush())
        try self.world.serviceSays(.accepted, to: token)
        _ = self.world.told()
        #expect(try self.bob.wakes(by: token))
        #expect(self.world.told() == ["200": ["registered 200", "in-1 start from 100", "in-1 offer v=0"]])
        try self.bob.answers()
        let told = self.world.told()
        #expect(told["desk"] == ["in-1 terminated answeredElsewhere"])
        #expect(told["100"] == ["c-1 active"])
        #expect(self.world.calledOff.isEmpty)
    }

    @Test("Answered elsewhere: the device that still sleeps is told so")
    func answeredElsewhere() throws {
        let desk = self.world.client("desk", number: "200")
        try desk.registers()
        try self.alice.dials("200")
        let token = try #require(try self.world.sendsPush())
        try self.world.serviceSays(.accepted, to: token)
        try desk.answers()
        #expect(self.world.calledOff.count == 1)
        #expect(try !self.bob.wakes(by: token))
    }

    @Test("One that can't be woken does not end the call for the others", arguments: [PushResult.failed, .gone])
    func oneOfSeveral(result: PushResult) throws {
        let desk = self.world.client("desk", number: "200")
        try desk.registers()
        try self.alice.dials("200")
        let token = try #require(try self.world.sendsPush())
        _ = self.world.told()
        try self.world.serviceSays(result, to: token)
        #expect(self.world.told() == [:])
        try desk.answers()
        #expect(self.world.told()["100"] == ["c-1 active"])
    }

    @Test("One push for each registration and call, whatever reconnects meanwhile")
    func onePush() throws {
        try self.alice.dials("200")
        let token = try #require(try self.world.sendsPush())
        try self.world.serviceSays(.accepted, to: token)
        #expect(try self.bob.wakes(by: token))
        for _ in 0..<3 {
            try self.bob.losesSocket()
            #expect(try self.bob.returns())
        }
        #expect(self.world.wakeups.isEmpty)
        #expect(self.bob.incoming.count == 1)
    }

    @Test("Two callers: a push for each, and the client that comes by one of them gets both calls")
    func twoCallers() throws {
        let carol = try self.world.registered("300")
        try self.alice.dials("200")
        try carol.dials("200")
        #expect(self.world.wakeups.map(\.caller.text) == ["100", "300"])
        #expect(self.world.wakeups[1].earliest == self.world.now + .seconds(1))
        let first = try #require(try self.world.sendsPush())
        let second = try #require(try self.world.sendsPush())
        _ = self.world.told()
        #expect(try self.bob.wakes(by: second))
        #expect(self.world.told() == ["200": ["registered 200", "in-1 start from 100", "in-2 start from 300"]])
        #expect(try !self.bob.wakes(by: first))
    }

    // MARK: Sockets that may be dead

    @Test("A socket that has been silent rings and is woken; one that is heard of again only rings")
    func silent() throws {
        #expect(try self.bob.returns())
        let socket = try #require(self.bob.socket)
        self.world.exchange.setSilent(socket, true)
        _ = self.world.told()
        try self.alice.dials("200")
        #expect(self.world.told() == ["200": ["in-1 start from 100"]])
        let token = try #require(try self.world.sendsPush())
        try self.world.serviceSays(.accepted, to: token)
        // A push that fails takes nothing from a device that rings, and time takes nothing from it but the ringing.
        #expect(try self.bob.wakes(by: token))
        #expect(self.world.told() == ["200": ["closed replaced", "registered 200", "in-1 start from 100"]])
        try self.alice.terminates("c-1")
        #expect(self.world.calledOff.isEmpty)
        _ = self.world.told()
        let newSocket = try #require(self.bob.socket)
        self.world.exchange.setSilent(newSocket, true)
        self.world.exchange.setSilent(newSocket, false)
        try self.alice.dials("200", "c-2")
        #expect(self.world.wakeups.isEmpty)
    }

    @Test("A push that fails takes nothing from a device that rings")
    func silentAndNotTaken() throws {
        #expect(try self.bob.returns())
        self.world.exchange.setSilent(try #require(self.bob.socket), true)
        try self.alice.dials("200")
        let token = try #require(try self.world.sendsPush())
        try self.world.serviceSays(.failed, to: token)
        try self.world.passes(.seconds(40))
        _ = self.world.told()
        try self.bob.answers()
        #expect(self.world.told()["100"] == ["c-1 active"])
    }

    @Test("A page that reloads is woken at once; if it can't be, it is waited for as any other")
    func reloading() throws {
        #expect(try self.bob.returns())
        try self.bob.losesSocket()
        try self.alice.dials("200")
        let token = try #require(try self.world.sendsPush())
        _ = self.world.told()
        try self.world.serviceSays(.failed, to: token)
        try self.world.passes(.milliseconds(4999))
        #expect(self.world.told() == [:])
        try self.world.passes(.milliseconds(1))
        #expect(self.world.told() == ["100": ["c-1 terminated unavailable"]])
    }

    // MARK: Limits

    @Test("Calls hung up again and again: so many pushes, then unavailable without one")
    func storm() throws {
        var refused = 0
        for index in 0..<40 {
            try self.alice.dials("200", "c-\(index)")
            if self.alice.calls[try self.alice.identifier("c-\(index)")] == nil {
                refused += 1
            } else {
                _ = try self.world.sendsPush()
                try self.alice.terminates("c-\(index)")
            }
            try self.world.passes(.milliseconds(250))
        }
        #expect(self.world.sent.count == 11)
        #expect(refused == 29)
        try self.world.passes(.seconds(60))
        try self.alice.dials("200", "later")
        #expect(self.world.wakeups.count == 1)
    }

    // MARK: Quarantine

    @Test("A token the service does not know is not used again until the client offers it again")
    func quarantine() throws {
        try self.alice.dials("200")
        let token = try #require(try self.world.sendsPush())
        try self.world.serviceSays(.gone, to: token)
        #expect(try self.bobsRegistration().quarantinedSince == self.world.now)
        try self.alice.dials("200", "c-2")
        #expect(self.world.wakeups.isEmpty)
        #expect(try self.bob.returns())
        try self.bob.canBeWoken()
        #expect(try self.bobsRegistration().quarantinedSince == nil)
        try self.bob.losesSocket()
        try self.alice.dials("200", "c-3")
        #expect(self.world.wakeups.count == 1)
    }

    @Test("After a day nothing is known of it any more")
    func quarantineEnds() throws {
        try self.alice.dials("200")
        let token = try #require(try self.world.sendsPush())
        try self.world.serviceSays(.gone, to: token)
        try self.world.passes(.seconds(86_400) - .milliseconds(1))
        #expect(self.world.exchange.census.registrations == 2)
        #expect(self.world.stored.count == 1)
        try self.world.passes(.milliseconds(1))
        #expect(self.world.exchange.census.registrations == 1)
        #expect(self.world.stored.isEmpty)
    }

    @Test("A client that is there keeps its registration, and has no token any more")
    func quarantineEndsPresent() throws {
        try self.alice.dials("200")
        let token = try #require(try self.world.sendsPush())
        try self.world.serviceSays(.gone, to: token)
        #expect(try self.bob.returns())
        try self.world.passes(.seconds(86_400))
        #expect(try self.bobsRegistration().notification == nil)
        #expect(self.world.stored.isEmpty)
        try self.bob.losesSocket()
        try self.world.passes(.seconds(60))
        #expect(self.world.exchange.census.registrations == 1)
    }

    @Test("What a service says of an old token does not count against a new one")
    func newTokenMeanwhile() throws {
        try self.alice.dials("200")
        let token = try #require(try self.world.sendsPush())
        #expect(try self.bob.returns())
        try self.bob.canBeWoken("another")
        try self.world.serviceSays(.gone, to: token)
        #expect(try self.bobsRegistration().quarantinedSince == nil)
    }

    // MARK: The store

    @Test("Who is asked for a confirmation gets it for the registration of now only")
    func confirmation() throws {
        #expect(try self.bob.returns())
        let id = try #require(self.bob.secret.flatMap { self.world.exchange.book.registration(for: $0) })
        let socket = try #require(self.bob.socket)
        _ = self.world.told()
        for isStored in [true, false] {
            try self.world.happens { $0.notificationStored(of: id, on: socket, isStored, into: &$2) }
        }
        #expect(self.world.told() == ["200": ["notification stored", "status refused unavailable"]])
        try self.bob.losesSocket()
        try self.world.happens { $0.notificationStored(of: id, on: socket, true, into: &$2) }
        #expect(self.world.told() == [:])
    }

    @Test("A transfer to a sleeping phone wakes it, for the party that is transferred")
    func blindTransfer() throws {
        let carol = try self.world.registered("300")
        try self.alice.dials("300")
        try carol.answers()
        try self.alice.redirects("c-1", to: "200")
        #expect(self.world.wakeups.map(\.caller.text) == ["300"])
        let token = try #require(try self.world.sendsPush())
        _ = self.world.told()
        #expect(try self.bob.wakes(by: token))
        #expect(self.world.told() == ["200": ["registered 200", "in-1 start from 300"]])
    }
}
