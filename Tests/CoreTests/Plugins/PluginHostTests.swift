import Core
import Foundation
import Logging
import PluginAPI
import StrictJSON
import Telephony
import Testing

/// A host with stubs of labels that no other test uses.
struct HostFixture {
    let clock = ManualClock()
    let host: PluginHost
    let labels: [String]
    let scripts: [StubDirectory.Script]

    /// One stub for each element: its settings.
    ///
    /// - Parameter kind: `CachedStub` for one whose answers the host keeps.
    init(
        _ settings: [JSONObject],
        kind: String = "Stub",
        cache: DirectoryCachePolicy = DirectoryCachePolicy(),
        deadlines: PluginDeadlines = PluginDeadlines()
    ) throws {
        let labels = settings.map { _ in UUID().uuidString }
        let configurations = zip(settings, labels).enumerated().map { index, pair in
            var settings = pair.0
            settings["label"] = .string(pair.1)
            return PluginConfiguration(
                name: "stub\(index)",
                kind: kind,
                settings: .object(settings),
                cache: cache,
                pointer: "/plugins/\(index)/settings"
            )
        }
        self.labels = labels
        self.scripts = labels.map { StubDirectory.Script.of($0) }
        self.host = try PluginHost(
            configurations,
            catalog: [StubDirectory.self, CachedStubDirectory.self],
            baseDirectory: "/",
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            deadlines: deadlines,
            clock: self.clock
        )
    }

    init(count: Int) throws {
        try self.init(Array(repeating: JSONObject(), count: count))
    }

    func health(_ index: Int) async -> PluginHealth? {
        let health = await self.host.health()
        return health.indices.contains(index) ? health[index].health : nil
    }
}

extension JSONObject {
    init(_ members: (String, JSONValue)...) {
        self.init()
        for (name, value) in members { self[name] = value }
    }
}

/// Somebody in a directory; the test fails when the words are not well-formed.
func entry(_ username: String, _ dialString: String) throws -> DirectoryEntry {
    DirectoryEntry(
        username: try #require(Username(username)),
        dialString: try #require(DialString(dialString))
    )
}

@Suite("Plugin host: questions", .timeLimit(.minutes(1)))
struct PluginHostQuestionTests {
    let alice = Username("alice")
    let number = DialString("1")

    @Test("The first that knows answers, whatever those behind it say")
    func order() async throws {
        let fixture = try HostFixture(count: 3)
        try await fixture.host.start()
        fixture.scripts[1].entries = [try entry("alice", "1")]
        fixture.scripts[2].entries = [try entry("alice", "2"), try entry("bob", "3")]
        let alice = try #require(self.alice)
        #expect(try await fixture.host.entry(forUsername: alice)?.dialString == self.number)
        #expect(fixture.scripts.map(\.events.last) == ["question", "question", "start"])
        #expect(try await fixture.host.entry(forDialString: try #require(DialString("3")))?.username == Username("bob"))
        #expect(try await fixture.host.entry(forDialString: try #require(DialString("4"))) == nil)
    }

    @Test("A failure is no answer: the next is asked, and when none knows, nobody says unknown")
    func failure() async throws {
        let fixture = try HostFixture(count: 2)
        try await fixture.host.start()
        fixture.scripts[0].fails = true
        fixture.scripts[1].entries = [try entry("bob", "2")]
        #expect(try await fixture.host.entry(forUsername: try #require(Username("bob")))?.dialString == DialString("2"))
        await #expect(throws: DirectoryFailure.unavailable) {
            try await fixture.host.entry(forUsername: try #require(self.alice))
        }
        await #expect(throws: DirectoryFailure.unavailable) {
            try await fixture.host.entry(forDialString: try #require(self.number))
        }
        guard case .degraded? = await fixture.health(0) else {
            Issue.record("expected degraded health")
            return
        }
        #expect(await fixture.health(1) == .ok)
        fixture.scripts[0].fails = false
        #expect(try await fixture.host.entry(forUsername: try #require(self.alice)) == nil)
        #expect(await fixture.health(0) == .ok)
    }

    @Test("Nobody there: nobody known")
    func empty() async throws {
        let fixture = try HostFixture(count: 0)
        try await fixture.host.start()
        #expect(try await fixture.host.entry(forUsername: try #require(self.alice)) == nil)
        let credential = Credential.password(username: try #require(self.alice), password: Secret("x"))
        #expect(await fixture.host.authenticate(credential) == .refused)
    }

    @Test("A plugin that never answers, not even to its cancellation, is left behind at the deadline")
    func deadline() async throws {
        let fixture = try HostFixture([JSONObject(("replies", false)), JSONObject()])
        try await fixture.host.start()
        fixture.scripts[1].entries = [try entry("bob", "2")]
        async let bob = fixture.host.entry(forUsername: try #require(Username("bob")))
        await fixture.clock.sleepers(1)
        fixture.clock.advance(by: .seconds(5))
        #expect(try await bob?.dialString == DialString("2"))

        let (host, alice) = (fixture.host, try #require(self.alice))
        let nobody = Task { try await host.entry(forUsername: alice) }
        await fixture.clock.sleepers(1)
        fixture.clock.advance(by: .seconds(5))
        await #expect(throws: DirectoryFailure.unavailable) { try await nobody.value }
        fixture.scripts[0].release()
    }

    @Test("A plugin that blocks its threads blocks nobody else's")
    func blockedThreads() async throws {
        // More blocked threads than this machine has cores, so that shared ones would all be gone.
        var deadlines = PluginDeadlines()
        deadlines.threads = 2
        let clock = ManualClock()
        let configurations = ["Blocking", "Stub"].map { PluginConfiguration(name: $0, kind: $0) }
        let host = try PluginHost(
            configurations,
            catalog: [BlockingDirectory.self, StubDirectory.self],
            baseDirectory: "/",
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            deadlines: deadlines,
            clock: clock
        )
        try await host.start()
        let alice = try #require(self.alice)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask { _ = try? await host.entry(forUsername: alice) }
            }
            // All eight wait for the first plugin now.
            await clock.sleepers(8)
            clock.advance(by: .seconds(5))
        }
        BlockingDirectory.gate.open()
    }

    @Test("More questions than the plugin may have at once are refused at once")
    func bound() async throws {
        var deadlines = PluginDeadlines()
        deadlines.questionsAtOnce = 2
        let fixture = try HostFixture([JSONObject(("replies", false))], deadlines: deadlines)
        try await fixture.host.start()
        let alice = try #require(self.alice)
        let host = fixture.host
        let waiting = (0..<2).map { _ in Task { try await host.entry(forUsername: alice) } }
        await fixture.clock.sleepers(2)
        // No time passes, and yet there is an answer.
        await #expect(throws: DirectoryFailure.unavailable) { try await host.entry(forUsername: alice) }
        fixture.scripts[0].release()
        for task in waiting { #expect(try await task.value == nil) }
        #expect(try await host.entry(forUsername: alice) == nil)
    }

    @Test("A caller who gives up says nothing about the plugin")
    func cancellation() async throws {
        let fixture = try HostFixture([JSONObject(("replies", false))])
        try await fixture.host.start()
        let alice = try #require(self.alice)
        let host = fixture.host
        let task = Task { try await host.entry(forUsername: alice) }
        await fixture.clock.sleepers(1)
        task.cancel()
        await #expect(throws: DirectoryFailure.unavailable) { try await task.value }
        #expect(await fixture.health(0) == .ok)
        fixture.scripts[0].release()
    }

    @Test("Authenticators: yes and no are final, not mine and failures ask the next")
    func authentication() async throws {
        let fixture = try HostFixture(count: 2)
        try await fixture.host.start()
        let (first, second) = (fixture.scripts[0], fixture.scripts[1])
        let alice = try #require(self.alice)
        let credential = Credential.password(username: alice, password: Secret("x"))
        let cases: [(AuthenticationOutcome?, AuthenticationOutcome?, AuthenticationDecision)] = [
            (.accepted(alice), .refused, .accepted(alice)),
            (.refused, .accepted(alice), .refused),
            (.notMine, .accepted(alice), .accepted(alice)),
            (.notMine, .refused, .refused),
            (.notMine, .notMine, .refused),
            (nil, .accepted(alice), .accepted(alice)),
            (nil, .refused, .refused),
            (nil, .notMine, .unavailable),
            (.notMine, nil, .unavailable),
            (nil, nil, .unavailable),
        ]
        for (one, other, decision) in cases {
            first.fails = one == nil
            second.fails = other == nil
            first.outcome = one ?? .notMine
            second.outcome = other ?? .notMine
            #expect(await fixture.host.authenticate(credential) == decision)
        }
    }
}
