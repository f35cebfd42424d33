import Logging
import PluginAPI
import StrictJSON
import Synchronization
import Telephony
import Testing

@testable import Core

@Suite("Notifiers, as the host asks them")
struct NotificationTests {
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func host(
        _ settings: JSONValue...,
        clock: any Clock<Duration> = ContinuousClock()
    ) async throws -> PluginHost {
        let entries = settings.enumerated().map { index, settings in
            PluginConfiguration(name: "notifier\(index)", kind: StubNotifier.kind, settings: settings)
        }
        let host = try PluginHost(
            entries,
            catalog: [StubNotifier.self],
            baseDirectory: ".",
            logger: Self.logger,
            clock: clock
        )
        try await host.start()
        return host
    }

    private func wake(_ token: String, by host: PluginHost) async throws -> NotificationOutcome {
        let caller = try #require(DialString("100"))
        return await host.wake(
            NotificationTarget(token: .string(token)),
            for: WakeupNotice(caller: caller, url: nil, wakeupToken: Secret("t")),
            within: .seconds(30)
        )
    }

    private func pushes(_ token: String) -> Int { StubNotifier.pushes.withLock { $0[token] ?? 0 } }

    @Test("The first that serves a token is asked, and no other; nobody for a token that is nobody's")
    func chain() async throws {
        let host = try await self.host(["prefix": "a-", "says": ["gone"]], ["prefix": "b-"])
        #expect(try await self.wake("a-chain", by: host) == .gone("unregistered"))
        #expect(try await self.wake("b-chain", by: host) == .waiting)
        let outcome = try await self.wake("c-chain", by: host)
        #expect(outcome == .rejected("no notifier serves tokens of this kind"))
        #expect(self.pushes("c-chain") == 0)
        let caller = try #require(DialString("100"))
        await host.cancel(
            NotificationTarget(token: "b-chain"),
            for: CancelNotice(caller: caller, url: nil),
            within: .seconds(1)
        )
        #expect(self.pushes("cancel b-chain") == 1)
        await host.stop()
    }

    @Test("A client that gets too many is left alone for as long as the service says; others are not")
    func throttledClient() async throws {
        let clock = ManualClock()
        let host = try await self.host(["prefix": "tc-", "says": ["client", "waiting"]], clock: clock)
        #expect(try await self.wake("tc-1", by: host) == .throttled(.client, retryAfter: .seconds(10)))
        clock.advance(by: .seconds(4))
        #expect(try await self.wake("tc-1", by: host) == .throttled(.client, retryAfter: .seconds(6)))
        #expect(self.pushes("tc-1") == 1)
        #expect(try await self.wake("tc-2", by: host) == .waiting)
        clock.advance(by: .seconds(6))
        #expect(try await self.wake("tc-1", by: host) == .waiting)
        await host.stop()
    }

    @Test("A service that asks everybody to slow down gets silence, and health says so")
    func throttledEverybody() async throws {
        let clock = ManualClock()
        let host = try await self.host(["prefix": "te-", "says": ["everybody", "waiting"]], clock: clock)
        _ = try await self.wake("te-1", by: host)
        #expect(try await self.wake("te-2", by: host) == .throttled(.everybody, retryAfter: .seconds(20)))
        #expect(self.pushes("te-2") == 0)
        let health = await host.health().first?.health
        #expect(health == .degraded("the messaging service asks for silence, 21 s more"))
        clock.advance(by: .seconds(20))
        #expect(try await self.wake("te-2", by: host) == .waiting)
        #expect(await host.health().first?.health == .ok)
        await host.stop()
    }

    @Test("What an operator must mend is in health until a push is taken", arguments: ["misconfigured", "foreign"])
    func alarm(says: String) async throws {
        let host = try await self.host(["prefix": "al-", "says": [.string(says), "gone", "waiting"]])
        _ = try await self.wake("al-1", by: host)
        let words = says == "foreign" ? "another project's" : "invalid_grant"
        #expect(await host.health().first?.health == .failed(words))
        _ = try await self.wake("al-1", by: host)
        #expect(await host.health().first?.health == .failed(words))
        _ = try await self.wake("al-1", by: host)
        #expect(await host.health().first?.health == .ok)
        let statistics = try #require(await host.health().first?.statistics)
        #expect(statistics.count(of: .wake, .accepted) == 1)
        await host.stop()
    }

    @Test("A service that keeps failing is left alone for a while: callers are told at once")
    func breaker() async throws {
        let clock = ManualClock()
        let host = try await self.host(["prefix": "br-", "says": ["failed"]], clock: clock)
        for _ in 0..<5 {
            #expect(try await self.wake("br-1", by: host) == .failed("503", retryAfter: .seconds(7)))
        }
        let outcome = try await self.wake("br-1", by: host)
        guard case .rejected = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(self.pushes("br-1") == 5)
        await host.stop()
    }

    @Test("One that does not answer is given up at the deadline, and counts as failed")
    func late() async throws {
        let host = try await self.host(["prefix": "la-", "says": ["never"]])
        let caller = try #require(DialString("100"))
        let outcome = await host.wake(
            NotificationTarget(token: "la-1"),
            for: WakeupNotice(caller: caller, url: nil, wakeupToken: Secret("t")),
            within: .milliseconds(50)
        )
        #expect(outcome == .failed("no answer in time"))
        await host.stop()
    }

    @Test("What clients need: of one notifier unchanged, of several all members, the first one's first")
    func clientConfiguration() async throws {
        let none = try await self.host([:], [:])
        #expect(none.clientConfiguration == nil)
        let one = try await self.host([:], ["configuration": ["as", "it", "stands"]])
        #expect(one.clientConfiguration == ["as", "it", "stands"])
        let two = try await self.host(
            ["configuration": ["apiKey": "a", "shared": 1]],
            ["configuration": ["channel": "b", "shared": 2]]
        )
        #expect(two.clientConfiguration == ["apiKey": "a", "shared": 1, "channel": "b"])
        for host in [none, one, two] { await host.stop() }
    }
}
