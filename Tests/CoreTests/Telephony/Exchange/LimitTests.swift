import Testing

@testable import Telephony

@Suite("Limits and the drain")
struct LimitTests {
    @Test("So many calls at once, and no more; one that ends makes room (I15)")
    func callsAtOnce() throws {
        let world = OutsideWorld { $0.callStartsPerSecond = 1000 }
        let alice = try world.registered("100")
        let bob = try world.registered("200")
        for number in 1...64 {
            try alice.dials("200", "c-\(number)")
        }
        _ = world.told()
        try alice.dials("200", "c-65")
        #expect(world.told() == ["100": ["c-65 refused overload"]])
        #expect(bob.calls.count == 64)
        try alice.terminates("c-1")
        _ = world.told()
        try alice.dials("200", "c-65")
        #expect(world.told() == ["200": ["in-65 start from 100"]])
    }

    @Test("So many starts a second (I15)")
    func startsPerSecond() throws {
        let world = OutsideWorld()
        let alice = try world.registered("100")
        _ = try world.registered("200")
        for number in 1...5 {
            try alice.dials("200", "c-\(number)")
        }
        _ = world.told()
        try alice.dials("200", "c-6")
        #expect(world.told() == ["100": ["c-6 refused overload"]])
        try world.passes(.milliseconds(199))
        try alice.dials("200", "c-6")
        #expect(world.told() == ["100": ["c-6 refused overload"]])
        try world.passes(.milliseconds(1))
        try alice.dials("200", "c-6")
        #expect(world.told() == ["200": ["in-6 start from 100"]])
    }

    @Test("A refused start is no call, and its identifier is free")
    func refusedStart() throws {
        let world = OutsideWorld { $0.callStartsPerSecond = 1 }
        let alice = try world.registered("100")
        _ = try world.registered("200")
        try alice.dials("200", "c-1")
        try alice.dials("200", "c-2")
        try alice.terminates("c-2")
        #expect(world.told()["100"] == ["c-2 refused overload", "c-2 refused unknownIdentifier"])
        try world.passes(.seconds(1))
        try alice.dials("200", "c-2")
        #expect(world.told() == ["200": ["in-2 start from 100"]])
    }

    @Test("A live identifier can't be used again: the call is untouched, and its true state is told (I6)")
    func duplicate() throws {
        let world = OutsideWorld()
        let alice = try world.registered("100")
        let bob = try world.registered("200")
        try alice.dials("200", "c-1")
        _ = world.told()
        try alice.dials("200", "c-1")
        #expect(world.told() == ["100": ["c-1 ringing duplicateIdentifier"]])
        try bob.answers()
        try bob.holds("in-1")
        _ = world.told()
        try alice.dials("not a number", "c-1")
        #expect(world.told() == ["100": ["c-1 holding duplicateIdentifier"]])
        let incoming = try bob.identifier("in-1").text
        try bob.dials("100", incoming)
        #expect(world.told() == ["200": ["in-1 held duplicateIdentifier"]])
    }

    @Test("While the server drains, calls go on, and nobody can call, register or transfer blindly")
    func drain() throws {
        let world = OutsideWorld()
        let alice = try world.registered("100")
        let bob = try world.registered("200")
        try alice.dials("200", "c-1")
        world.exchange.beginDrain()
        try bob.answers()
        try alice.sends(.offer("o"), "c-1")
        try alice.losesSocket()
        try alice.returns()
        _ = world.told()
        try alice.dials("200", "c-2")
        try alice.redirects("c-1", to: "300")
        try world.client("300").registers()
        #expect(
            world.told() == [
                "100": ["c-2 refused shutdown", "c-1 active shutdown"], "300": ["register failed shutdown"],
            ]
        )
        try world.happens { $0.endAllCalls(.shutdown, at: $1, into: &$2) }
        #expect(world.told() == ["100": ["c-1 terminated shutdown"], "200": ["in-1 terminated shutdown"]])
        try world.checkNothingIsLeft()
        world.exchange.endDrain()
        try alice.dials("200", "c-2")
        #expect(world.told() == ["200": ["in-2 start from 100"]])
    }

    @Test("An operator ends one call")
    func endCall() throws {
        let world = OutsideWorld()
        let alice = try world.registered("100")
        let bob = try world.registered("200")
        try alice.dials("200", "c-1")
        try alice.dials("200", "c-2")
        try bob.answers("in-1")
        _ = world.told()
        let call = try #require(world.truth(of: alice, alice.identifier("c-1"))).call
        try world.happens { $0.endCall(call, reason: .administrator, at: $1, into: &$2) }
        #expect(world.told() == ["100": ["c-1 terminated administrator"], "200": ["in-1 terminated administrator"]])
        try world.happens { $0.endCall(call, reason: .administrator, at: $1, into: &$2) }
        #expect(world.told() == [:])
        #expect(world.exchange.calls.count == 1)
    }

    @Test("The census counts")
    func census() throws {
        let world = OutsideWorld()
        let alice = try world.registered("100")
        _ = try world.registered("200")
        let stranger = world.client("stranger")
        stranger.connects()
        try alice.dials("200")
        #expect(world.exchange.census.ports == 3)
        #expect(world.exchange.census.registrations == 2)
        #expect(world.exchange.census.calls == 1)
        let (here, there) = (try #require(alice.socket), try #require(stranger.socket))
        #expect(world.exchange.isInCall(here) && world.exchange.isInUse(here))
        #expect(!world.exchange.isInCall(there) && !world.exchange.isInUse(there))
        #expect(world.exchange.username(on: here) == alice.username)
        #expect(world.exchange.username(on: there) == nil)
        #expect(world.exchange.hasRegistration(for: try #require(DialString("+1-00"))))
        #expect(!world.exchange.hasRegistration(for: try #require(DialString("300"))))
    }
}
