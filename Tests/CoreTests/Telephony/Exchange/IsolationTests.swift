import Testing

@testable import Telephony

/// Alice talks to Bob; Mallory is registered, too, and a stranger is not.
@Suite("Isolation of clients (SECURITY.md, I5–I9, I14)")
struct IsolationTests {
    let world = OutsideWorld { $0.callStartsPerSecond = 100 }
    let alice: TestClient
    let bob: TestClient
    let mallory: TestClient
    let stranger: TestClient

    /// Everything that a client can ask of a call.
    static let requests: [CallRequest] = [
        .accept, .answer, .terminate(nil), .terminate(.busy), .hold, .retrieve, .transfer(to: .init(uuidFrom: 7, 7)),
        .redirect(to: DialString("666")), .redirect(to: nil), .media(.offer("evil")), .media(.candidate("evil")),
    ]

    init() throws {
        self.alice = try self.world.registered("100")
        self.bob = try self.world.registered("200")
        self.mallory = try self.world.registered("666")
        self.stranger = self.world.client("stranger")
        self.stranger.connects()
        try self.alice.dials("200", "c-1")
        try self.bob.answers()
        _ = self.world.told()
    }

    @Test(
        "A foreign identifier is an unknown one, whatever is asked, and nothing reaches the parties (I5)",
        arguments: requests
    )
    func foreign(request: CallRequest) throws {
        let foreign = [try self.alice.identifier("c-1"), try self.bob.identifier("in-1")]
        for identifier in foreign + [CallIdentifier(uuidFrom: 5, 5)] {
            try self.mallory.send(request, identifier)
            #expect(self.world.told() == ["666": ["\(identifier) refused unknownIdentifier"]])
        }
    }

    @Test("Neither party can name the call as the other does", arguments: requests)
    func otherSide(request: CallRequest) throws {
        let (here, there) = (try self.alice.identifier("c-1"), try self.bob.identifier("in-1"))
        #expect(here != there)
        try self.alice.send(request, there)
        #expect(self.world.told() == ["100": ["\(there) refused unknownIdentifier"]])
        try self.bob.send(request, here)
        #expect(self.world.told() == ["200": ["\(here) refused unknownIdentifier"]])
    }

    @Test("Without a registration there are no calls at all (I14)", arguments: requests)
    func unregistered(request: CallRequest) throws {
        for identifier in [try self.alice.identifier("c-1"), try self.bob.identifier("in-1")] {
            try self.stranger.send(request, identifier)
            #expect(self.world.told() == ["stranger": ["\(identifier) refused notRegistered"]])
        }
        try self.stranger.dials("200", "c-9")
        #expect(self.world.told() == ["stranger": ["c-9 refused notRegistered"]])
    }

    @Test("A message that makes no sense concerns its sender alone")
    func malformed() throws {
        let foreign = try self.alice.identifier("c-1")
        try self.mallory.send(.malformed, foreign)
        try self.stranger.send(.malformed, foreign)
        #expect(
            self.world.told() == ["666": ["c-1 refused invalidMessage"], "stranger": ["c-1 refused invalidMessage"]]
        )
        try self.bob.send(.malformed, try self.bob.identifier("in-1"))
        #expect(self.world.told() == ["200": ["in-1 active invalidMessage"]])
    }

    @Test("Two clients may use the same identifier, even with each other (I6)")
    func sameIdentifier() throws {
        try self.mallory.dials("100", "c-1")
        #expect(self.world.told() == ["100": ["in-1 start from 666"]])
        try self.bob.dials("666", "c-1")
        #expect(self.world.told() == ["666": ["in-1 start from 200"]])
        try self.mallory.terminates("c-1")
        #expect(
            self.world.told() == [
                "666": ["c-1 terminating", "c-1 terminated cancelled"], "100": ["in-1 terminated cancelled"],
            ]
        )
        try self.mallory.terminates("in-1")
        #expect(
            self.world.told() == [
                "666": ["in-1 terminating", "in-1 terminated rejected"], "200": ["c-1 terminated rejected"],
            ]
        )
        try self.alice.sends(.offer("o"), "c-1")
        #expect(self.world.told() == ["200": ["in-1 offer o"]])
    }

    @Test(
        "A caller can't answer its own call, and the callee does not hear of the attempt (I8)",
        arguments: [
            CallRequest.accept, .answer,
        ]
    )
    func callerAnswers(request: CallRequest) throws {
        try self.mallory.dials("200", "c-1")
        _ = self.world.told()
        try self.mallory.send(request, try self.mallory.identifier("c-1"))
        #expect(self.world.told() == ["666": ["c-1 ringing invalidState"]])
    }

    @Test("A device that lost the race has no call any more")
    func loser() throws {
        let mobile = try self.world.registered("mobile", number: "200")
        try self.mallory.dials("200", "c-1")
        try mobile.answers()
        _ = self.world.told()
        let lost = try self.bob.identifier("in-2")
        for request in Self.requests {
            try self.bob.send(request, lost)
            #expect(self.world.told() == ["200": ["\(lost) refused unknownIdentifier"]])
        }
    }

    @Test("Nobody is ever told a secret or an identifier of somebody else (I9)")
    func secrets() throws {
        try self.mallory.dials("100", "mallory-1")
        try self.alice.answers("in-1")
        try self.alice.holds("c-1")
        try self.alice.transfers("c-1", to: "in-1")
        try self.mallory.losesSocket()
        try self.mallory.returns()
        try self.bob.redirects("in-1", to: "100")
        try self.alice.terminates("in-2")
        let own = Dictionary(
            uniqueKeysWithValues: [self.alice, self.bob, self.mallory].map { client in
                (client.name, Set(client.endings.map(\.identifier.text) + [client.secret?.secretText ?? ""]))
            }
        )
        for client in [self.alice, self.bob, self.mallory] {
            let foreign = own.filter { $0.key != client.name }.values.reduce(into: Set()) { $0.formUnion($1) }
            #expect(foreign.count >= 4)
            #expect(!client.everythingHeard.isEmpty)
            for text in foreign.subtracting(own[client.name] ?? []) {
                #expect(!client.everythingHeard.contains { $0.contains(text) }, "\(client.name) heard \(text)")
            }
        }
    }
}
