import Testing

@testable import Telephony

/// Stories as a test reads them: the step's name, and who it is about.
private func story(_ trace: CallTrace?, _ names: [RegistrationID: String]) -> [String] {
    guard let trace else { return [] }
    let name = { (id: RegistrationID) in names[id] ?? "?" }
    return trace.steps.map { step in
        switch step.event {
        case .started: "started"
        case .resolving: "resolving"
        case .resolved(let resolution): "resolved \(resolution)"
        case .offered(let id): "offered \(name(id))"
        case .waiting(let id): "waiting \(name(id))"
        case .pushRequested(let id): "pushRequested \(name(id))"
        case .pushed(let id, let result): "pushed \(name(id)) \(result)"
        case .lost(let id): "lost \(name(id))"
        case .returned(let id): "returned \(name(id))"
        case .ringing(let id): "ringing \(name(id))"
        case .answered(let id): "answered \(name(id))"
        case .held(let id): "held \(name(id))"
        case .retrieved(let id): "retrieved \(name(id))"
        case .refused(let id, let reason): "refused \(name(id)) \(reason)"
        case .legEnded(let id, let reason): "left \(name(id)) \(reason)"
        case .transferred: "transferred"
        case .continued: "continued"
        case .ended(let reason): "ended \(reason)"
        case .takenOver: "takenOver"
        }
    }
}

@Suite("Chronicle: the story of a call")
struct ChronicleTests {
    let world = OutsideWorld { $0.rememberedCalls = 4 }
    let alice: TestClient
    let bob: TestClient
    let names: [RegistrationID: String]

    init() throws {
        self.alice = try self.world.registered("100")
        self.bob = try self.world.registered("200")
        self.names = Self.names(["100", "200"], in: self.world)
    }

    private static func names(_ numbers: [String], in world: OutsideWorld) -> [RegistrationID: String] {
        var names: [RegistrationID: String] = [:]
        for number in numbers {
            for (id, _) in DialString(number).map(world.exchange.registrations(of:)) ?? [] { names[id] = number }
        }
        return names
    }

    private var last: CallTrace? { self.world.exchange.chronicle.history.newestFirst.first }

    @Test("Answered, held, retrieved, hung up")
    func whole() throws {
        try self.alice.dials("200")
        try self.world.passes(.seconds(1))
        try self.bob.accepts()
        try self.world.passes(.seconds(2))
        try self.bob.answers()
        try self.alice.holds("c-1")
        try self.alice.holds("c-1")
        try self.alice.retrieves("c-1")
        try self.world.passes(.seconds(10))
        try self.alice.terminates("c-1")
        #expect(
            story(self.last, self.names) == [
                "started", "offered 200", "ringing 200", "answered 200", "held 100", "refused 100 invalidState",
                "retrieved 100", "left 100 normal", "left 200 normal", "ended normal",
            ]
        )
        let trace = try #require(self.last)
        #expect(trace.ringing == trace.started + .seconds(1))
        #expect(trace.answered == trace.started + .seconds(3))
        #expect(trace.ended == trace.started + .seconds(13))
        #expect(trace.callee?.dialString.text == "200")
        #expect(trace.reason == .normal)
        let statistics = self.world.exchange.chronicle.statistics
        #expect(statistics.callsStarted == 1 && statistics.callsAnswered == 1)
        #expect(statistics.callsEnded == [.normal: 1])
        #expect(statistics.setUp.count == 1 && statistics.setUp.sum == 1_000_000_000)
        #expect(statistics.answer.sum == 3_000_000_000)
    }

    @Test("Nobody has the number, or nobody can say", arguments: [Resolution.unknown, .known, .failed])
    func nobody(resolution: Resolution) throws {
        try self.alice.dials("300")
        try self.world.directoryAnswers(resolution)
        let reason: Reason =
            switch resolution {
            case .unknown: .notFound
            case .known: .unavailable
            case .failed: .directoryUnavailable
            }
        #expect(
            story(self.last, self.names) == [
                "started", "resolving", "resolved \(resolution)", "left 100 \(reason)", "ended \(reason)",
            ]
        )
        #expect(self.world.exchange.chronicle.statistics.callsEnded == [reason: 1])
    }

    @Test("A sleeping phone: pushed, woken, back, answered; how long it took is counted")
    func woken() throws {
        #expect(try self.bob.canBeWoken())
        try self.bob.losesSocket()
        try self.alice.dials("200")
        let token = try #require(try self.world.sendsPush())
        try self.world.passes(.seconds(1))
        try self.world.serviceSays(.accepted, to: token)
        try self.world.passes(.seconds(3))
        #expect(try self.bob.wakes(by: token))
        try self.bob.accepts()
        let live = self.world.exchange.chronicle.liveCalls
        #expect(
            story(live.first, self.names) == [
                "started", "waiting 200", "pushRequested 200", "pushed 200 accepted", "returned 200", "offered 200",
                "ringing 200",
            ]
        )
        #expect(live.first?.pushes == 1)
        #expect(self.world.exchange.chronicle.statistics.wakeToRing.sum == 3_000_000_000)
    }

    @Test("A phone that its service does not know any more: that is where it stopped")
    func gone() throws {
        #expect(try self.bob.canBeWoken())
        try self.bob.losesSocket()
        try self.world.passes(.seconds(20))
        try self.alice.dials("200")
        let token = try #require(try self.world.sendsPush())
        try self.world.serviceSays(.gone, to: token)
        #expect(
            story(self.last, self.names) == [
                "started", "waiting 200", "pushRequested 200", "pushed 200 gone", "left 200 unavailable",
                "left 100 unavailable", "ended unavailable",
            ]
        )
    }

    @Test("A reload in the middle")
    func reload() throws {
        try self.alice.dials("200")
        try self.bob.answers()
        try self.bob.losesSocket()
        #expect(try self.bob.returns())
        let live = self.world.exchange.chronicle.liveCalls
        #expect(
            story(live.first, self.names) == [
                "started", "offered 200", "answered 200", "lost 200", "returned 200",
            ]
        )
    }

    @Test("An attended transfer: two calls end, a third goes on, and each says which")
    func attended() throws {
        let carol = try self.world.registered("300")
        try self.alice.dials("200")
        try self.bob.answers()
        try self.alice.dials("300", "c-2")
        try carol.answers()
        try self.alice.transfers("c-1", to: "c-2")
        let chronicle = self.world.exchange.chronicle
        let joined = try #require(chronicle.liveCalls.first)
        #expect(chronicle.liveCalls.count == 1)
        #expect(story(joined, self.names) == ["continued"])
        #expect(joined.answered != nil)
        for old in chronicle.history.newestFirst {
            #expect(old.reason == .transferred)
            #expect(old.steps.last?.event == .transferred(to: joined.call))
        }
        #expect(chronicle.history.newestFirst.count == 2)
        #expect(chronicle.statistics.callsStarted == 2)
    }

    @Test("A blind transfer goes on as a call of its own")
    func blind() throws {
        let carol = try self.world.registered("300")
        try self.alice.dials("200")
        try self.bob.answers()
        try self.alice.redirects("c-1", to: "300")
        try carol.answers()
        let names = Self.names(["100", "200", "300"], in: self.world)
        let live = self.world.exchange.chronicle.liveCalls
        #expect(story(live.first, names) == ["continued", "offered 300", "answered 300"])
        #expect(live.first?.caller.dialString.text == "200")
        #expect(story(self.last, names).suffix(2) == ["ended transferred", "transferred"])
    }

    @Test("Only so many ended calls are remembered, the last one first; fewer when told so")
    func bounded() throws {
        for _ in 1...6 {
            try self.alice.dials("200")
            try self.bob.terminates("in-\(self.world.exchange.chronicle.statistics.callsStarted)", .busy)
            try self.world.passes(.seconds(1))
        }
        var calls = self.world.exchange.chronicle.history.newestFirst
        #expect(calls.count == 4)
        #expect(calls.map(\.started) == calls.map(\.started).sorted(by: >))
        #expect(calls.allSatisfy { $0.reason == .busy })
        let newest = calls.prefix(2).map(\.call)
        for capacity in [2, 10, 0, 3] {
            try self.world.happens { exchange, _, _ in
                var policy = exchange.policy
                policy.rememberedCalls = capacity
                exchange.apply(policy)
            }
            calls = self.world.exchange.chronicle.history.newestFirst
            #expect(calls.map(\.call) == (capacity == 0 || capacity == 3 ? [] : newest))
        }
    }

    @Test("A call without an end has a story with one: the middle is left out, and counted")
    func long() throws {
        try self.alice.dials("200")
        try self.bob.answers()
        for _ in 0..<100 {
            try self.alice.holds("c-1")
            try self.alice.retrieves("c-1")
        }
        let trace = try #require(self.world.exchange.chronicle.liveCalls.first)
        #expect(trace.steps.count == CallTrace.mostSteps)
        #expect(trace.steps.count + trace.omitted == 203)
        #expect(trace.steps.first?.event == .started)
        #expect(trace.steps.map(\.moment) == trace.steps.map(\.moment).sorted())
    }

    @Test("News are noted only while somebody follows, and taken once")
    func news() throws {
        try self.alice.dials("200")
        #expect(!self.world.exchange.hasOccurrences)
        try self.world.happens { exchange, _, _ in exchange.follow(true) }
        try self.bob.accepts()
        try self.bob.answers()
        try self.alice.holds("c-1")
        try self.alice.terminates("c-1")
        try self.bob.losesSocket()
        #expect(try self.bob.returns())
        try self.bob.unregisters()
        var taken: [Occurrence] = []
        try self.world.happens { exchange, _, _ in taken = exchange.takeOccurrences().occurrences }
        let words = taken.map { occurrence in
            switch occurrence.event {
            case .registration(let event, _, let address, _): "\(address.dialString.text) \(event)"
            case .call(let event, _, _, _, _): "\(event)"
            }
        }
        #expect(
            words == [
                "ringing", "answered", "held", "ended(Telephony.Reason.normal)", "200 lost", "200 returned",
                "200 ended(Telephony.Departure.unregistered)",
            ]
        )
        #expect(!self.world.exchange.hasOccurrences)
        try self.world.happens { exchange, _, _ in exchange.follow(false) }
        try self.alice.dials("300")
        #expect(!self.world.exchange.hasOccurrences)
    }

    @Test("Who does not take his news loses the newest, and hears how many")
    func lost() throws {
        try self.world.happens { exchange, _, _ in exchange.follow(true) }

        try self.world.happens { exchange, now, _ in
            for (id, registration) in DialString("100").map(exchange.registrations(of:)) ?? [] {
                for _ in 0..<70_000 { exchange.chronicle.note(.lost, of: id, registration, at: now) }
            }
        }
        var (count, lost) = (0, 0)
        try self.world.happens { exchange, _, _ in
            let taken = exchange.takeOccurrences()
            (count, lost) = (taken.occurrences.count, taken.lost)
        }
        #expect(count == 1 << 16)
        #expect(count + lost == 70_000)
    }
}
