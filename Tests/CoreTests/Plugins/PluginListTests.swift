import Foundation
import Logging
import PluginAPI
import StrictJSON
import Telephony
import Testing

@testable import Core

@Suite("Plugin host: another list of plugins, live", .timeLimit(.minutes(1)))
struct PluginListTests {
    private let one = StubEntry()
    private let other = StubEntry()

    /// A stub of a label of its own.
    struct StubEntry {
        let label = UUID().uuidString
        var script: StubDirectory.Script { .of(self.label) }

        func configuration(_ name: String, kind: String = "Stub", trouble: String? = nil, pointer: String = "/0")
            -> PluginConfiguration
        {
            var settings = JSONObject(("label", .string(self.label)))
            if let trouble { settings["trouble"] = .string(trouble) }
            return PluginConfiguration(name: name, kind: kind, settings: .object(settings), pointer: pointer)
        }
    }

    private func host(_ configurations: [PluginConfiguration]) async throws -> PluginHost {
        let host = try PluginHost(
            configurations,
            catalog: [StubDirectory.self, CachedStubDirectory.self],
            baseDirectory: "/",
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        try await host.start()
        return host
    }

    @Test("Those that are the same go on, new ones begin, others end; the order is the new one's")
    func change() async throws {
        let (first, second, third) = (StubEntry(), StubEntry(), StubEntry())
        let host = try await self.host([first.configuration("a"), second.configuration("b")])
        try await host.apply([third.configuration("c", kind: "CachedStub"), first.configuration("a", pointer: "/1")])
        #expect(first.script.events == ["init", "start"])
        #expect(second.script.events == ["init", "start", "stop"])
        #expect(third.script.events == ["init", "start"])
        #expect(await host.health().map(\.name) == ["c", "a"])
        await host.stop()
        #expect(first.script.events.last == "stop")
        #expect(third.script.events.last == "stop")
    }

    @Test("A plugin that is switched off, or has other settings, or a cache of other length, is another")
    func sameness() async throws {
        let host = try await self.host([self.one.configuration("a", kind: "CachedStub")])
        var configuration = self.one.configuration("a", kind: "CachedStub")
        configuration.cache.found = .zero
        try await host.apply([configuration])
        #expect(self.one.script.events == ["init", "start", "init", "start", "stop"])
        configuration.enabled = false
        try await host.apply([configuration])
        #expect(self.one.script.events.last == "stop")
        #expect(await host.health().isEmpty)
        await host.stop()
    }

    @Test(
        "All or nothing: a plugin that can't be made or started, and everything is as it was",
        arguments: ["init", "settings", "start"]
    )
    func refusal(trouble: String) async throws {
        let host = try await self.host([self.one.configuration("a")])
        let (good, bad) = (StubEntry(), StubEntry())
        let failure = await #expect(throws: PluginChangeFailure.self) {
            try await host.apply([
                good.configuration("b"), bad.configuration("c", trouble: trouble, pointer: "/plugins/1/settings"),
            ])
        }
        switch failure {
        case .invalidSettings(let problems): #expect(problems.list.map(\.pointer) == ["/plugins/1/settings"])
        case .failed: #expect(trouble == "start")
        case .unknownPlugin, .conflict, .timeout, nil: Issue.record("expected another failure than \(failure as Any)")
        }
        #expect(self.one.script.events == ["init", "start"])
        #expect(!good.script.events.contains("start") || good.script.events.last == "stop")
        #expect(await host.health().map(\.name) == ["a"])
        // And the next change goes through.
        try await host.apply([good.configuration("b")])
        #expect(await host.health().map(\.name) == ["b"])
        await host.stop()
    }

    @Test("A kind that this build lacks")
    func unknownKind() async throws {
        let host = try await self.host([])
        await #expect(throws: PluginChangeFailure.self) {
            try await host.apply([PluginConfiguration(name: "a", kind: "Nobody")])
        }
        await host.stop()
        await #expect(throws: PluginChangeFailure.conflict) { try await host.apply([]) }
    }

    @Test("Swapped under load, each question has its answer from the one or the other")
    func load() async throws {
        self.one.script.entries = [try entry("alice", "1")]
        self.other.script.entries = [try entry("alice", "2")]
        let alice = try #require(Username("alice"))
        let host = try await self.host([self.one.configuration("a")])
        let numbers = [DialString("1"), DialString("2")]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<200 {
                        let number = try await host.entry(forUsername: alice)?.dialString
                        #expect(numbers.contains(number))
                    }
                }
            }
            for round in 0..<20 {
                let next = round.isMultiple(of: 2) ? self.other : self.one
                try await host.apply([next.configuration("a", kind: round.isMultiple(of: 4) ? "CachedStub" : "Stub")])
            }
            try await group.waitForAll()
        }
        #expect(try await host.entry(forUsername: alice)?.dialString == DialString("1"))
        await host.stop()
    }
}
