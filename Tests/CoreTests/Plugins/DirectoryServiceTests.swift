import Foundation
import Logging
import PluginAPI
import StrictJSON
import Telephony
import Testing

@testable import Core

@Suite("Plugin host: what it keeps of a directory's answers", .timeLimit(.minutes(1)))
struct DirectoryCacheTests {
    private func fixture(_ adjust: (inout DirectoryCachePolicy) -> Void = { _ in }) async throws -> HostFixture {
        var policy = DirectoryCachePolicy()
        adjust(&policy)
        let fixture = try HostFixture([JSONObject()], kind: "CachedStub", cache: policy)
        try await fixture.host.start()
        fixture.scripts[0].entries = [try entry("alice", "1")]
        return fixture
    }

    private func questions(_ fixture: HostFixture) -> Int {
        fixture.scripts[0].events.count { $0 == "question" }
    }

    private func statistics(_ fixture: HostFixture) async -> PluginStatistics? {
        await fixture.host.health().first?.statistics
    }

    @Test("An entry is not asked for again until its time is over; names and numbers apart")
    func found() async throws {
        let fixture = try await self.fixture()
        let (alice, one) = (try #require(Username("alice")), try #require(DialString("1")))
        for _ in 0..<3 { #expect(try await fixture.host.entry(forUsername: alice)?.dialString == one) }
        #expect(self.questions(fixture) == 1)
        for _ in 0..<3 { #expect(try await fixture.host.entry(forDialString: one)?.username == alice) }
        #expect(self.questions(fixture) == 2)
        fixture.scripts[0].entries = [try entry("alice", "2")]
        fixture.clock.advance(by: .milliseconds(59_999))
        #expect(try await fixture.host.entry(forUsername: alice)?.dialString == one)
        fixture.clock.advance(by: .milliseconds(1))
        #expect(try await fixture.host.entry(forUsername: alice)?.dialString == DialString("2"))
        #expect(self.questions(fixture) == 3)
        let statistics = try #require(await self.statistics(fixture))
        #expect(PluginStatistics.CacheResult.allCases.map { statistics.count(of: $0) } == [5, 3, 0, 0])
        #expect(statistics.count(of: .username, .found) == 2)
    }

    @Test("That there is none is kept for a shorter time")
    func missing() async throws {
        let fixture = try await self.fixture()
        let bob = try #require(Username("bob"))
        #expect(try await fixture.host.entry(forUsername: bob) == nil)
        fixture.scripts[0].entries = [try entry("bob", "2")]
        fixture.clock.advance(by: .milliseconds(9_999))
        #expect(try await fixture.host.entry(forUsername: bob) == nil)
        #expect(self.questions(fixture) == 1)
        fixture.clock.advance(by: .milliseconds(1))
        #expect(try await fixture.host.entry(forUsername: bob) != nil)
    }

    @Test("Who asks for a fresh answer gets one, and it is kept")
    func fresh() async throws {
        let fixture = try await self.fixture()
        let alice = try #require(Username("alice"))
        _ = try await fixture.host.entry(forUsername: alice)
        fixture.scripts[0].entries = [try entry("alice", "2")]
        #expect(try await fixture.host.freshEntry(forUsername: alice)?.dialString == DialString("2"))
        #expect(try await fixture.host.entry(forUsername: alice)?.dialString == DialString("2"))
        #expect(self.questions(fixture) == 2)
        fixture.scripts[0].fails = true
        // And never one of before.
        await #expect(throws: DirectoryFailure.unavailable) { try await fixture.host.freshEntry(forUsername: alice) }
    }

    @Test("Nothing is kept where it is switched off")
    func off() async throws {
        let fixture = try await self.fixture { policy in
            policy.found = .zero
            policy.missing = .zero
            policy.stale = .zero
        }
        let alice = try #require(Username("alice"))
        for _ in 0..<3 { _ = try await fixture.host.entry(forUsername: alice) }
        #expect(self.questions(fixture) == 3)
        fixture.scripts[0].fails = true
        await #expect(throws: DirectoryFailure.unavailable) { try await fixture.host.entry(forUsername: alice) }
    }

    @Test("While the directory fails, entries of before are used; what was not there is not")
    func stale() async throws {
        let fixture = try await self.fixture()
        let (alice, bob) = (try #require(Username("alice")), try #require(Username("bob")))
        _ = try await fixture.host.entry(forUsername: alice)
        _ = try await fixture.host.entry(forUsername: bob)
        fixture.scripts[0].fails = true
        fixture.clock.advance(by: .seconds(61))
        #expect(try await fixture.host.entry(forUsername: alice)?.dialString == DialString("1"))
        await #expect(throws: DirectoryFailure.unavailable) { try await fixture.host.entry(forUsername: bob) }
        guard case .degraded(let problem)? = await fixture.health(0) else {
            Issue.record("expected degraded health")
            return
        }
        #expect(
            problem == """
                the last question failed: Failure(); entries of before are used; \
                so far 99 % of 4 questions within 0.001 seconds; 2 unavailable
                """
        )
        #expect(await self.statistics(fixture)?.count(of: .stale) == 1)
        fixture.clock.advance(by: .seconds(3600))
        await #expect(throws: DirectoryFailure.unavailable) { try await fixture.host.entry(forUsername: alice) }
        fixture.scripts[0].fails = false
        #expect(try await fixture.host.entry(forUsername: alice) != nil)
        #expect(await fixture.health(0) == .ok)
    }

    @Test("What a directory contradicts itself about is forgotten, and not used later either")
    func inconsistent() async throws {
        let cache = DirectoryCache(DirectoryCachePolicy())
        let alice = DirectoryCache.Key.username(try #require(Username("alice")))
        let known = try entry("alice", "1")
        _ = try await cache.answer(to: alice) { cache.land($0, with: .success(known), at: .zero) }
        #expect(cache.stale(alice, at: .seconds(61)) == known)
        await #expect(throws: PluginError.self) {
            _ = try await cache.answer(to: alice) {
                cache.land($0, with: .failure(PluginError.inconsistent("two of one")), at: .seconds(61))
            }
        }
        #expect(cache.stale(alice, at: .seconds(61)) == nil)
    }

    @Test("Many who ask the same share one question; who gives up harms nobody")
    func singleFlight() async throws {
        let fixture = try HostFixture([JSONObject(("replies", false))], kind: "CachedStub")
        try await fixture.host.start()
        fixture.scripts[0].entries = [try entry("alice", "1")]
        let (host, alice) = (fixture.host, try #require(Username("alice")))
        let first = Task { try await host.entry(forUsername: alice) }
        await fixture.scripts[0].event("question")
        let others = (0..<20).map { _ in Task { try await host.entry(forUsername: alice) } }
        first.cancel()
        await #expect(throws: DirectoryFailure.unavailable) { try await first.value }
        fixture.scripts[0].release()
        for other in others { #expect(try await other.value?.dialString == DialString("1")) }
        #expect(self.questions(fixture) == 1)
        #expect(await fixture.health(0) == .ok)
    }

    @Test("New settings, and nothing of before is known; what was under way is answered and not kept")
    func reconfigured() async throws {
        let fixture = try HostFixture([JSONObject(("canReconfigure", true))], kind: "CachedStub")
        try await fixture.host.start()
        let script = fixture.scripts[0]
        script.entries = [try entry("alice", "1")]
        let alice = try #require(Username("alice"))
        _ = try await fixture.host.entry(forUsername: alice)
        script.entries = [try entry("alice", "2")]
        let label = try #require(fixture.labels.first)
        try await fixture.host.reconfigure(name: "stub0", settings: ["label": .string(label), "canReconfigure": true])
        #expect(try await fixture.host.entry(forUsername: alice)?.dialString == DialString("2"))
    }

    @Test("A flight of before a change lands beside the cache")
    func lateFlight() async throws {
        let cache = DirectoryCache(DirectoryCachePolicy())
        let alice = try #require(Username("alice"))
        let old = try entry("alice", "1")
        var flights: [DirectoryCache.Flight] = []
        let answer = try await cache.answer(to: .username(alice)) { flight in
            flights.append(flight)
            cache.clear()
            cache.land(flight, with: .success(old), at: .zero)
        }
        #expect(answer == old)
        #expect(flights.count == 1)
        #expect(cache.fresh(.username(alice), at: .zero) == .none)
    }

    @Test("No more than so many answers are kept, and the latest are among them")
    func bound() async throws {
        var policy = DirectoryCachePolicy()
        policy.entries = 10
        let cache = DirectoryCache(policy)
        let keys = try (0..<100).map { DirectoryCache.Key.username(try #require(Username("user\($0)"))) }
        for key in keys {
            _ = try await cache.answer(to: key) { cache.land($0, with: .success(nil), at: .zero) }
        }
        let kept = keys.filter { cache.fresh($0, at: .zero) != .none }
        #expect(kept.count <= 10 && kept.count >= 5)
        #expect(kept == Array(keys.suffix(kept.count)))
    }
}

@Suite("Plugin host: a plugin that keeps failing", .timeLimit(.minutes(1)))
struct PluginBreakerTests {
    @Test("After five failures it is not asked, then by one question, then again by all")
    func breaker() async throws {
        let fixture = try HostFixture(count: 1)
        try await fixture.host.start()
        let (script, alice) = (fixture.scripts[0], try #require(Username("alice")))
        script.entries = [try entry("alice", "1")]
        script.fails = true
        for _ in 0..<8 {
            await #expect(throws: DirectoryFailure.unavailable) { try await fixture.host.entry(forUsername: alice) }
        }
        #expect(script.events.count { $0 == "question" } == 5)
        guard case .degraded(let problem)? = await fixture.health(0) else {
            Issue.record("expected degraded health")
            return
        }
        #expect(problem.hasPrefix("not asked for "))
        // Both roles of a plugin are one service.
        let credential = Credential.password(username: alice, password: Secret("x"))
        #expect(await fixture.host.authenticate(credential) == .unavailable)
        #expect(script.events.count { $0 == "question" } == 5)
        let statistics = try #require(await fixture.host.health().first?.statistics)
        #expect(statistics.count(of: .username, .unavailable) == 5)
        #expect(statistics.count(of: .username, .breaker) == 3)
        #expect(statistics.count(of: .authenticate, .breaker) == 1)
        #expect(statistics.latencies(of: .username).count == 5)

        fixture.clock.advance(by: .milliseconds(1201))
        await #expect(throws: DirectoryFailure.unavailable) { try await fixture.host.entry(forUsername: alice) }
        await #expect(throws: DirectoryFailure.unavailable) { try await fixture.host.entry(forUsername: alice) }
        #expect(script.events.count { $0 == "question" } == 6)
        script.fails = false
        fixture.clock.advance(by: .milliseconds(2401))
        for _ in 0..<3 { #expect(try await fixture.host.entry(forUsername: alice) != nil) }
        #expect(await fixture.health(0) == .ok)
    }

    @Test("A directory that contradicts itself is well: it is asked on, and the client is told that it can't be known")
    func inconsistent() async throws {
        let fixture = try HostFixture([JSONObject(("trouble", "inconsistent"))])
        try await fixture.host.start()
        let alice = try #require(Username("alice"))
        for _ in 0..<10 {
            await #expect(throws: DirectoryFailure.unavailable) { try await fixture.host.entry(forUsername: alice) }
        }
        #expect(fixture.scripts[0].events.count { $0 == "question" } == 10)
        #expect(await fixture.health(0) == .ok)
        #expect(await fixture.host.health().first?.statistics.count(of: .username, .inconsistent) == 10)
    }
}

@Suite("Plugin host: statistics")
struct PluginStatisticsTests {
    @Test("Percentiles are bounds of buckets")
    func percentiles() {
        var latencies = PluginStatistics.Latencies()
        #expect(latencies.percentile(0.5) == nil)
        for _ in 0..<99 { latencies.note(.milliseconds(2)) }
        latencies.note(.seconds(9))
        #expect(latencies.percentile(0.5) == .microseconds(2500))
        #expect(latencies.percentile(0.99) == .microseconds(2500))
        #expect(latencies.percentile(1) == nil)
    }
}
