import Core
import Logging
import PluginAPI
import StrictJSON
import Telephony
import Testing

@Suite("Plugin host: life", .timeLimit(.minutes(1)))
struct PluginHostLifeTests {
    let alice = Username("alice")

    @Test("Started before the first question, stopped in reverse, never asked after that")
    func life() async throws {
        let fixture = try HostFixture(count: 2)
        #expect(await fixture.health(0) == .failed("not started"))
        try await fixture.host.start()
        #expect(await fixture.host.health().map(\.name) == ["stub0", "stub1"])
        #expect(await fixture.host.health().allSatisfy { $0.kind == "Stub" && $0.health == .ok })
        await fixture.host.stop()
        await fixture.host.stop()
        #expect(fixture.scripts.map(\.events) == [["init", "start", "stop"], ["init", "start", "stop"]])
        await #expect(throws: DirectoryFailure.unavailable) {
            try await fixture.host.entry(forUsername: try #require(self.alice))
        }
        #expect(fixture.scripts[0].events.last == "stop")
    }

    @Test("A plugin that does not start is ill and counts as one that failed; the server goes on")
    func startFailure() async throws {
        let fixture = try HostFixture([JSONObject(("trouble", "start")), JSONObject()])
        try await fixture.host.start()
        fixture.scripts[1].entries = [try entry("bob", "2")]
        #expect(try await fixture.host.entry(forUsername: try #require(Username("bob"))) != nil)
        await #expect(throws: DirectoryFailure.unavailable) {
            try await fixture.host.entry(forUsername: try #require(self.alice))
        }
        guard case .failed(let reason)? = await fixture.health(0) else {
            Issue.record("expected failed health")
            return
        }
        #expect(reason.hasPrefix("did not start: "))
        await fixture.host.stop()
        #expect(fixture.scripts[0].events == ["init", "start"])
    }

    @Test("A start that takes too long is given up; what it opens later is closed")
    func startDeadline() async throws {
        let fixture = try HostFixture([JSONObject(("trouble", "hang"))])
        let host = fixture.host
        async let start: Void = host.start()
        await fixture.clock.sleepers(1)
        fixture.clock.advance(by: .seconds(10))
        try await start
        #expect(await fixture.health(0) == .failed("did not start: it took longer than 10.0 seconds"))
        fixture.scripts[0].release()
        await fixture.scripts[0].event("stop")
    }

    @Test("Settings that turn out wrong stop the start, and those that have started")
    func settingsProblem() async throws {
        let fixture = try HostFixture([JSONObject(), JSONObject(("trouble", "settings"))])
        let problem = ConfigurationProblem(pointer: "/plugins/1/settings", problem: "no such file")
        await #expect(throws: ConfigurationProblems([problem])) { try await fixture.host.start() }
        #expect(fixture.scripts[0].events == ["init", "start", "stop"])
        let found = #expect(throws: ConfigurationProblems.self) {
            try HostFixture([JSONObject(("trouble", "init")), JSONObject(("oops", 1))])
        }
        #expect(found?.list.map(\.pointer) == ["/plugins/0/settings", "/plugins/1/settings/oops"])
    }

    @Test("A plugin that is switched off is not even made; a kind there is none of is a problem")
    func disabled() throws {
        let off = PluginConfiguration(name: "off", kind: "Stub", enabled: false, settings: ["trouble": "init"])
        let unknown = PluginConfiguration(name: "other", kind: "Other")
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        _ = try PluginHost([off], catalog: [StubDirectory.self], baseDirectory: "/", logger: logger)
        #expect(throws: ConfigurationProblems.self) {
            try PluginHost([unknown], catalog: [StubDirectory.self], baseDirectory: "/", logger: logger)
        }
    }

    @Test("Stopping waits for questions under way, and for neither them nor the plugin beyond the deadline")
    func stopDeadlines() async throws {
        let fixture = try HostFixture([JSONObject(("replies", false), ("trouble", "stop"))])
        let host = fixture.host
        let alice = try #require(self.alice)
        try await host.start()
        let question = Task { try await host.entry(forUsername: alice) }
        await fixture.clock.sleepers(1)
        await fixture.scripts[0].event("question")
        async let stop: Void = host.stop()
        await fixture.clock.sleepers(2)
        #expect(fixture.scripts[0].events.last == "question")
        fixture.clock.advance(by: .seconds(5))
        await #expect(throws: DirectoryFailure.unavailable) { try await question.value }
        await fixture.clock.sleepers(1)
        fixture.clock.advance(by: .seconds(5))
        await stop
        await fixture.scripts[0].event("stop")
        fixture.scripts[0].release()
    }

    @Test("The plugin's own word on its health counts, and its silence")
    func ownHealth() async throws {
        let fixture = try HostFixture(count: 1)
        try await fixture.host.start()
        for health in [PluginHealth.failed("out of order"), .degraded("slow"), .ok] {
            fixture.scripts[0].health = health
            #expect(await fixture.health(0) == health)
        }
        let silent = try HostFixture([JSONObject(("trouble", "health"))])
        let host = silent.host
        try await host.start()
        async let health = host.health()
        await silent.clock.sleepers(1)
        silent.clock.advance(by: .seconds(1))
        #expect(await health.map(\.health) == [.degraded("does not say how it is within 1.0 seconds")])
        silent.scripts[0].release()
    }
}

@Suite("Plugin host: live reconfiguration", .timeLimit(.minutes(1)))
struct PluginHostReconfigurationTests {
    @Test("A plugin that can change does")
    func inPlace() async throws {
        let fixture = try HostFixture([JSONObject(("canReconfigure", true))])
        try await fixture.host.start()
        try await fixture.host.reconfigure(name: "stub0", settings: ["label": "in-place", "canReconfigure": true])
        #expect(fixture.scripts[0].events == ["init", "start", "reconfigure"])
    }

    @Test("One that cannot is replaced: the new one starts before the old one stops")
    func replacement() async throws {
        let fixture = try HostFixture(count: 1)
        try await fixture.host.start()
        let successor = StubDirectory.Script.of("successor")
        successor.entries = [try entry("alice", "1")]
        try await fixture.host.reconfigure(name: "stub0", settings: ["label": "successor"])
        #expect(successor.events == ["init", "start"])
        #expect(fixture.scripts[0].events == ["init", "start", "stop"])
        #expect(try await fixture.host.entry(forUsername: try #require(Username("alice"))) != nil)
        await fixture.host.stop()
        #expect(successor.events.last == "stop")
    }

    @Test("Whatever goes wrong, the old one stays")
    func failures() async throws {
        let fixture = try HostFixture(count: 1)
        let host = fixture.host
        try await host.start()
        let unknown = ConfigurationProblem(
            pointer: "/plugins/0/settings/oops",
            problem: "unknown member; known here: label, replies, canReconfigure, key, trouble"
        )
        let missing = ConfigurationProblem(pointer: "/plugins/0/settings", problem: "no such file")
        let cases: [(JSONValue, PluginChangeFailure)] = [
            (["oops": 1], .invalidSettings(ConfigurationProblems([unknown]))),
            (["label": "bad1", "trouble": "start"], .failed("Failure()")),
            (["label": "bad2", "trouble": "settings"], .invalidSettings(ConfigurationProblems([missing]))),
        ]
        for (settings, failure) in cases {
            await #expect(throws: failure) { try await host.reconfigure(name: "stub0", settings: settings) }
        }
        await #expect(throws: PluginChangeFailure.unknownPlugin) {
            try await host.reconfigure(name: "other", settings: [:])
        }
        #expect(fixture.scripts[0].events == ["init", "start"])
        #expect(await fixture.health(0) == .ok)
    }

    @Test("One change at a time; one that takes too long is given up")
    func timeout() async throws {
        let fixture = try HostFixture(count: 1)
        let host = fixture.host
        try await host.start()
        let slow = Task { try await host.reconfigure(name: "stub0", settings: ["label": "slow", "trouble": "hang"]) }
        await StubDirectory.Script.of("slow").event("start")
        await fixture.clock.sleepers(1)
        await #expect(throws: PluginChangeFailure.conflict) {
            try await host.reconfigure(name: "stub0", settings: [:])
        }
        fixture.clock.advance(by: .seconds(10))
        await #expect(throws: PluginChangeFailure.timeout) { try await slow.value }
        StubDirectory.Script.of("slow").release()
        #expect(fixture.scripts[0].events == ["init", "start"])
    }

    @Test("A plugin that did not start gets another chance")
    func secondChance() async throws {
        let fixture = try HostFixture([JSONObject(("trouble", "start"))])
        try await fixture.host.start()
        try await fixture.host.reconfigure(name: "stub0", settings: ["label": "second-chance"])
        #expect(await fixture.health(0) == .ok)
    }

    @Test("Questions go on while plugins are replaced, and each has an answer")
    func underLoad() async throws {
        let fixture = try HostFixture(count: 1)
        let host = fixture.host
        let alice = try #require(Username("alice"))
        let labels = (0..<20).map { "under-load-\($0)" }
        for script in fixture.scripts + labels.map({ StubDirectory.Script.of($0) }) {
            script.entries = [try entry("alice", "1")]
        }
        try await host.start()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for label in labels { try await host.reconfigure(name: "stub0", settings: ["label": .string(label)]) }
            }
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<200 {
                        let found = try await host.entry(forUsername: alice)
                        #expect(found != nil)
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
