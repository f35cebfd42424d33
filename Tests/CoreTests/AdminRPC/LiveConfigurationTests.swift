import Foundation
import Logging
import NIOConcurrencyHelpers
import NIOPosix
import PluginAPI
import StrictJSON
import Synchronization
import Telephony
import Testing

@testable import AdminRPC
@testable import Core

/// A server with its configuration desk, whose plugins are stubs and the people of ``PeopleDirectory``.
private struct LiveServer: Sendable {
    static let catalog: [any Plugin.Type] = [PeopleDirectory.self, StubDirectory.self]

    let server: SignalingServer
    let host: PluginHost
    let desk: ConfigurationDesk
    let folder: TemporaryFolder
    let applied: NIOLockedBox<Int>
    var path: String { "\(self.folder.path)/plugins.json" }

    var ports: [String: Int] {
        Dictionary(uniqueKeysWithValues: self.server.listeners.map { ($0.endpoint.name, $0.endpoint.port) })
    }

    var fileText: String { get throws { try String(contentsOfFile: self.path, encoding: .utf8) } }

    func client(on listener: String = "public") async throws -> SignalingClient {
        let port = try #require(self.ports[listener])
        return try await .connect(
            to: TestServer.Address(port: port),
            query: "",
            login: "alice:demo",
            headers: []
        )
    }
}

private func withLiveServer(
    _ extra: [(String, JSONValue)] = [],
    deadlines: PluginDeadlines = PluginDeadlines(),
    clock: any Clock<Duration> = ContinuousClock(),
    _ test: (LiveServer) async throws -> Void
) async throws {
    let folder = TemporaryFolder()
    var document = JSONObject()
    document["listeners"] = [["name": "public", "scheme": "ws", "host": "127.0.0.1", "port": 0]]
    document["plugins"] = [["name": "people", "kind": "People"]]
    document["admin"] = ["enabled": false]
    for (name, value) in extra { document[name] = value }
    try folder.write(JSONValue.object(document).indentedText, to: "plugins.json")
    let configuration = try ServerConfiguration.read(
        .object(document),
        baseDirectory: folder.path,
        catalog: LiveServer.catalog
    ).get()
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let host = try PluginHost(
        configuration.plugins,
        catalog: LiveServer.catalog,
        baseDirectory: folder.path,
        logger: logger,
        deadlines: deadlines,
        clock: clock
    )
    try await host.start()
    let server = SignalingServer(
        configuration: configuration,
        directory: host,
        authentication: host,
        serverDescription: "test",
        logger: logger
    )
    _ = try await server.start()
    let applied = NIOLockedBox(0)
    let desk = ConfigurationDesk(
        path: "\(folder.path)/plugins.json",
        document: .object(document),
        configuration: configuration,
        catalog: LiveServer.catalog,
        server: server,
        host: host,
        logger: logger
    ) { _, _, _ in applied.withLock { $0 += 1 } }
    do {
        try await test(LiveServer(server: server, host: host, desk: desk, folder: folder, applied: applied))
    } catch {
        await server.stop()
        await host.stop()
        throw error
    }
    await server.stop()
    await host.stop()
}

private func expectRefusal(
    _ code: Int,
    _ outcome: () async throws -> ConfigurationDesk.Outcome
) async {
    do {
        _ = try await outcome()
        Issue.record("expected error \(code), found none")
    } catch let error as RPCError {
        #expect(error.code == code, "\(error)")
    } catch {
        Issue.record("\(error)")
    }
}

@Suite("Live configuration: all of it or nothing (A6)", .timeLimit(.minutes(3)))
struct LiveConfigurationTests {
    @Test("Listeners come, change and go; who is connected stays, in a call or not")
    func listeners() async throws {
        try await withLiveServer { live in
            let client = try await live.client()
            _ = try await client.register(#"{"username":"alice"}"#, expecting: "registered")
            let port = try #require(live.ports["public"])
            let two: JSONValue = [
                ["name": "public", "scheme": "ws", "host": "127.0.0.1", "port": 0, "paths": ["/other"]],
                ["name": "second", "scheme": "ws", "host": "127.0.0.1", "port": 0],
            ]
            let outcome = try await live.desk.apply(.patch(["listeners": two]))
            #expect(outcome.changes.map(\.pointer) == ["/listeners"])
            #expect(live.ports["public"] == port)
            #expect(try await HTTPReply.handshake("/", port: port).status == 404)
            #expect(try await HTTPReply.handshake("/other", port: port).status == 401)
            let second = try await live.client(on: "second")
            _ = try await live.desk.apply(.patch(["listeners": [["name": "second", "host": "127.0.0.1", "port": 0]]]))
            #expect(live.ports.keys.sorted() == ["second"])
            await #expect(throws: (any Error).self) { try await HTTPReply.handshake("/other", port: port) }
            // Both go on, though one came in by a listener that is gone.
            _ = try await client.register(#"{"username":"alice"}"#, expecting: "registered")
            _ = try await second.register(#"{"username":"alice"}"#, expecting: "registered")
        }
    }

    @Test("A port that is taken refuses everything, the plugins too")
    func takenPort() async throws {
        try await withLiveServer { live in
            let port = try #require(live.ports["public"])
            let script = StubDirectory.Script.of("taken-port")
            let before = await live.desk.masked
            await expectRefusal(1002) {
                try await live.desk.apply(
                    .patch([
                        "listeners": [
                            ["name": "public", "host": "127.0.0.1", "port": 0],
                            ["name": "other", "host": "127.0.0.1", "port": .number(String(port))],
                        ],
                        "plugins": [["name": "stub", "kind": "Stub", "settings": ["label": "taken-port"]]],
                    ])
                )
            }
            #expect(script.events == ["init", "start", "stop"])
            #expect(await live.desk.masked == before)
            #expect(live.host.editableDirectories.isEmpty)
            #expect(await live.host.health().map(\.name) == ["people"])
            #expect(live.applied.withLock { $0 } == 0)
            #expect(live.ports.keys.sorted() == ["public"])
        }
    }

    @Test(
        "A plugin that refuses its part leaves everything as it was",
        arguments: [("init", 1002), ("settings", 1002), ("start", 1003)]
    )
    func refusingPlugin(trouble: String, code: Int) async throws {
        try await withLiveServer { live in
            let revision = await live.desk.revision
            await expectRefusal(code) {
                try await live.desk.apply(
                    .patch([
                        "signaling": ["ringTimeout": "45s"],
                        "plugins": [
                            ["name": "good", "kind": "Stub", "settings": ["label": .string("good-\(trouble)")]],
                            ["name": "bad", "kind": "Stub", "settings": ["trouble": .string(trouble)]],
                        ],
                    ]),
                    persist: true
                )
            }
            #expect(await live.desk.revision == revision)
            #expect(live.server.configuration.signaling.ringTimeout == .seconds(60))
            #expect(await live.host.health().map(\.name) == ["people"])
            #expect(try !live.fileText.contains("45s"))
            _ = try await live.desk.apply(.patch(["signaling": ["ringTimeout": "45s"]]), revision: revision)
            #expect(live.server.configuration.signaling.ringTimeout == .seconds(45))
        }
    }

    @Test(
        "A plugin that hangs is given up at its deadline; who wants to change something meanwhile waits, and all goes on"
    )
    func hangingPlugin() async throws {
        let clock = ManualClock()
        try await withLiveServer(clock: clock) { live in
            let script = StubDirectory.Script.of("hanging")
            let slow = Task {
                try await live.desk.apply(
                    .patch([
                        "plugins": [
                            ["name": "s", "kind": "Stub", "settings": ["label": "hanging", "trouble": "hang"]]
                        ]
                    ])
                )
            }
            await script.event("start")
            // Somebody else waits for his turn.
            let other = Task { try await live.desk.apply(.patch(["log": ["level": "debug"]])) }
            let client = try await live.client()
            _ = try await client.register(#"{"username":"alice"}"#, expecting: "registered")
            await clock.sleepers(1)
            clock.advance(by: .seconds(3600))
            await expectRefusal(1004) { try await slow.value }
            script.release()
            #expect(await live.host.health().map(\.name) == ["people"])
            _ = try await other.value
            #expect(live.server.configuration.log.level == .debug)
        }
    }

    @Test("Two operators: who comes second is told the revision of now (1005)")
    func conflict() async throws {
        try await withLiveServer { live in
            let revision = await live.desk.revision
            let first = try await live.desk.apply(.patch(["log": ["level": "debug"]]), revision: revision)
            do {
                _ = try await live.desk.apply(.patch(["log": ["level": "error"]]), revision: revision)
                Issue.record("expected a conflict")
            } catch let error as RPCError {
                #expect(error.code == 1005)
                #expect(error.data == ["revision": .string(first.revision)])
            }
            #expect(live.server.configuration.log.level == .debug)
        }
    }

    @Test("A dry run does everything that can fail, and changes nothing")
    func dryRun() async throws {
        try await withLiveServer { live in
            let script = StubDirectory.Script.of("dry")
            let patch: JSONValue = ["plugins": [["name": "s", "kind": "Stub", "settings": ["label": "dry"]]]]
            let revision = await live.desk.revision
            let outcome = try await live.desk.apply(.patch(patch), dryRun: true, persist: true)
            #expect(outcome.revision == revision && !outcome.persisted)
            #expect(script.events == ["init", "start", "stop"])
            #expect(await live.host.health().map(\.name) == ["people"])
            #expect(try live.fileText.contains("people"))
        }
    }

    @Test("Plugins re-ordered, switched off and on: the others are not touched")
    func plugins() async throws {
        let stubs: JSONValue = [
            ["name": "people", "kind": "People"],
            ["name": "a", "kind": "Stub", "settings": ["label": "order-a"]],
            ["name": "b", "kind": "Stub", "settings": ["label": "order-b"]],
        ]
        try await withLiveServer([("plugins", stubs)]) { live in
            let (a, b) = (StubDirectory.Script.of("order-a"), StubDirectory.Script.of("order-b"))
            _ = try await live.desk.change(plugin: "a", persist: false) { $0["enabled"] = false }
            #expect(await live.host.health().map(\.name) == ["people", "b"])
            #expect(a.events == ["init", "start", "stop"] && b.events == ["init", "start"])
            _ = try await live.desk.change(plugin: "a", persist: true) { $0["enabled"] = true }
            #expect(a.events == ["init", "start", "stop", "init", "start"] && b.events == ["init", "start"])
            #expect(try live.fileText.contains("\"enabled\": true"))
            guard case .object(let document) = await live.desk.masked, case .array(let plugins)? = document["plugins"]
            else { return }
            _ = try await live.desk.apply(.patch(["plugins": .array(plugins.reversed())]))
            #expect(await live.host.health().map(\.name) == ["b", "a", "people"])
            #expect(b.events == ["init", "start"])
            await expectRefusal(1001) { try await live.desk.change(plugin: "c", persist: false) { _ in } }
        }
    }

    @Test("A plugin that was ill before stays ill, and stops no change that is not about it")
    func illPlugin() async throws {
        let stubs: JSONValue = [
            ["name": "people", "kind": "People"], ["name": "ill", "kind": "Stub", "settings": ["trouble": "start"]],
        ]
        try await withLiveServer([("plugins", stubs)]) { live in
            _ = try await live.desk.apply(.patch(["signaling": ["ringTimeout": "45s"]]))
            #expect(live.server.configuration.signaling.ringTimeout == .seconds(45))
            let health = await live.host.health()
            #expect(health.map(\.name) == ["people", "ill"])
            #expect(health.last?.health != .ok)
        }
    }

    @Test("Secrets: masked in what is shown, kept where a mask is sent back, never in what is refused (A5)")
    func secrets() async throws {
        let stubs: JSONValue = [
            ["name": "people", "kind": "People"],
            ["name": "s", "kind": "Stub", "settings": ["label": "masked", "key": "s3cr3t-key"]],
        ]
        try await withLiveServer([("plugins", stubs)]) { live in
            let shown = await live.desk.masked
            #expect(!shown.text.contains("s3cr3t"))
            guard case .object(var document) = shown else { return }
            document["signaling"] = ["ringTimeout": "45s"]
            let outcome = try await live.desk.apply(.document(.object(document)), persist: true)
            #expect(outcome.changes.map(\.pointer) == ["/signaling"])
            #expect(try live.fileText.contains("s3cr3t-key"))
            #expect(StubDirectory.Script.of("masked").events == ["init", "start"])
            let new: JSONValue = [["name": "new", "kind": "Stub", "settings": ["key": "***"]]]
            await expectRefusal(1002) { try await live.desk.apply(.patch(["plugins": new])) }
            let wrong: JSONValue = [["name": "s", "kind": "Stub", "settings": ["key": ["s3cr3t-other"]]]]
            let verdict = await live.desk.validate(.patch(["plugins": wrong]))
            #expect(verdict.problems.map(\.pointer) == ["/plugins/0/settings/key"])
            #expect(!verdict.problems.contains { $0.problem.contains("s3cr3t") })
        }
    }

    @Test("What only a restart can change is accepted, and named")
    func restart() async throws {
        try await withLiveServer { live in
            let outcome = try await live.desk.apply(.patch(["threads": 7, "log": ["level": "debug"]]))
            #expect(outcome.restartRequired == ["/threads"])
            let again = try await live.desk.apply(.patch(["log": ["level": "info"]]))
            #expect(again.restartRequired == ["/threads"])
        }
    }

    @Test("Reload: the file as it stands now, or all as it was when it makes no sense (F9)")
    func reload() async throws {
        try await withLiveServer { live in
            _ = try await live.desk.apply(.patch(["log": ["level": "debug"]]))
            #expect(await live.desk.hasUnsavedChanges)
            try live.folder.write("{", to: "plugins.json")
            await expectRefusal(1002) { try await live.desk.reload() }
            #expect(live.server.configuration.log.level == .debug)
            let text = #"{"listeners":[{"name":"public","host":"127.0.0.1","port":0}],"log":{"level":"error"}}"#
            try live.folder.write(text, to: "plugins.json")
            let port = live.ports["public"]
            _ = try await live.desk.reload()
            #expect(live.server.configuration.log.level == .error)
            #expect(await live.host.health().isEmpty)
            #expect(live.ports["public"] == port)
            #expect(await !live.desk.hasUnsavedChanges)
        }
    }

    @Test("A file that can't be written changes nothing (A6)")
    func unwritable() async throws {
        try await withLiveServer { live in
            try FileManager.default.removeItem(atPath: live.folder.path)
            await expectRefusal(-32603) {
                try await live.desk.apply(.patch(["log": ["level": "debug"]]), persist: true)
            }
            #expect(live.server.configuration.log.level == .info)
        }
    }

    @Test("Limits and rules count at once: rates, calls of a registration, how long a call rings")
    func limits() async throws {
        try await withLiveServer { live in
            _ = try await live.desk.apply(
                .patch([
                    "limits": ["connections": 1, "handshakesPerSecond": 1, "handshakeBurst": 1],
                    "signaling": ["devices": "reject"],
                ])
            )
            let port = try #require(live.ports["public"])
            let first = try await live.client()
            #expect(try await HTTPReply.handshake("/", port: port).status == 503)
            _ = try await first.register(#"{"username":"alice"}"#, expecting: "registered")
            #expect(live.server.switchboard.state.withLock { $0.exchange.policy.devices } == .reject)
        }
    }
}
