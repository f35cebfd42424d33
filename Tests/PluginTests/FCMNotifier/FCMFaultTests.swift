import FCMNotifier
import Foundation
import PluginAPI
import PushSimulator
import StrictJSON
import Testing

/// What becomes of pushes when the way to FCM, or FCM itself, is broken.
@Suite("FCMNotifier: faults", .serialized, .timeLimit(.minutes(2)))
struct FCMFaultTests {
    private static let target = NotificationTarget(token: "fcm-token-AAA:xyz")
    private static let time = Duration.seconds(30)

    private static func push(_ plugin: FCMNotifierPlugin) async throws -> NotificationOutcome {
        await plugin.wake(Self.target, for: try PushSample.notice(), within: Self.time)
    }

    @Test("A push that gets no answer keeps its deadline")
    func deadline() async throws {
        let fixture = try await PushFixture()
        let plugin = try await fixture.startFCM()
        // With an access token already, so that the time is the push's own.
        #expect(try await Self.push(plugin) == .waiting)
        fixture.simulator.script.next(.never, at: .fcm)
        let notice = try PushSample.notice()
        #expect(await plugin.wake(Self.target, for: notice, within: .milliseconds(300)).sort == .failed)
        #expect(try await Self.push(plugin) == .waiting)
        await plugin.stop()
        await fixture.simulator.stop()
    }

    @Test("A drop of an answer a second does not stretch the deadline")
    func drip() async throws {
        let fixture = try await PushFixture()
        let plugin = try await fixture.startFCM()
        #expect(try await Self.push(plugin) == .waiting)
        fixture.simulator.script.next(SimulatedAnswer.unregistered.delivered(.byteByByte(pause: .seconds(1))), at: .fcm)
        let notice = try PushSample.notice()
        #expect(await plugin.wake(Self.target, for: notice, within: .milliseconds(500)).sort == .failed)
        #expect(try await Self.push(plugin) == .waiting)
        await plugin.stop()
        await fixture.simulator.stop()
    }

    @Test("While pushes hang, others go their way")
    func nobodyWaits() async throws {
        let fixture = try await PushFixture()
        let plugin = try await fixture.startFCM()
        fixture.simulator.script.always(.never, to: "hanging")
        let ended = Tally()
        let hanging = (0..<30).map { _ in
            Task {
                let target = NotificationTarget(token: "hanging")
                _ = await plugin.wake(target, for: try PushSample.notice(), within: .seconds(600))
                ended.countUp()
            }
        }
        for _ in hanging { _ = try await fixture.simulator.journal.next { $0.target == "hanging" } }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    let outcome = try await Self.push(plugin)
                    #expect(outcome == .waiting)
                }
            }
            try await group.waitForAll()
        }
        #expect(ended.count == 0)
        hanging.forEach { $0.cancel() }
        for task in hanging { try await task.value }
        #expect(ended.count == 30)
        #expect(try await Self.push(plugin) == .waiting)
        await plugin.stop()
        await fixture.simulator.stop()
    }

    @Test(
        "A certificate that is too old, for another name, or another authority's: no request is sent",
        arguments: [PushSimulator.Settings.Security.expiredCertificate, .wrongName, .tls]
    )
    func certificates(_ security: PushSimulator.Settings.Security) async throws {
        let fixture = try await PushFixture(security)
        if security == .tls {
            let other = try await PushFixture()
            try fixture.folder.write(other.simulator.authorityPEM, to: "authority.pem")
            await other.simulator.stop()
        }
        let plugin = try await fixture.startFCM()
        let outcome = try await Self.push(plugin)
        #expect([.failed, .misconfigured].contains(outcome.sort))
        #expect(fixture.simulator.journal.count == 0)
        await plugin.stop()
        await fixture.simulator.stop()
    }

    @Test("A name that nobody knows is a failure")
    func unknownName() async throws {
        let fixture = try await PushFixture()
        // RFC 6761 §6.4: there is no such name, ever.
        let plugin = try await fixture.startFCM(["endpoint": "https://fcm.invalid"])
        #expect(try await Self.push(plugin).sort == .failed)
        #expect(fixture.simulator.journal.requests(to: .fcm).isEmpty)
        await plugin.stop()
        await fixture.simulator.stop()
    }

    @Test("A proxy that is down is a failure; nothing goes past it")
    func proxyDown() async throws {
        let fixture = try await PushFixture()
        let plugin = try await fixture.startFCM(["proxy": .string("http://127.0.0.1:\(LoopbackPort.free())")])
        #expect(try await Self.push(plugin).sort == .failed)
        #expect(fixture.simulator.connectionCount == 0)
        await plugin.stop()
        await fixture.simulator.stop()
    }

    @Test("FCM gone and back: pushes fail meanwhile and work again after")
    func goneAndBack() async throws {
        let port = LoopbackPort.free()
        let fixture = try await PushFixture(.plainText, port: port)
        let plugin = try await fixture.startFCM(["authorities": nil])
        #expect(try await Self.push(plugin) == .waiting)
        await fixture.simulator.stop()
        #expect(try await Self.push(plugin).sort == .failed)
        let back = try await PushFixture(.plainText, port: port)
        // The new one knows nothing of the old access token.
        #expect(try await Self.push(plugin) == .waiting)
        #expect(back.simulator.journal.requests(to: .fcm).map(\.answered) == [401, 200])
        await plugin.stop()
        await back.simulator.stop()
    }

    @Test("Connections reset between two pushes cost nothing")
    func resetBetween() async throws {
        let fixture = try await PushFixture()
        let plugin = try await fixture.startFCM()
        #expect(try await Self.push(plugin) == .waiting)
        fixture.simulator.resetConnections()
        let outcome = try await Self.push(plugin)
        // The reset may not have been seen before the request went out.
        #expect([.waiting, .failed].contains(outcome.sort))
        #expect(try await Self.push(plugin) == .waiting)
        await plugin.stop()
        await fixture.simulator.stop()
    }

    @Test("GOAWAY with the answer: the next push takes a new connection")
    func goAway() async throws {
        let fixture = try await PushFixture()
        let plugin = try await fixture.startFCM()
        let answer = SimulatedAnswer(status: 200, json: ["name": "projects/anynode-test/messages/1"])
        fixture.simulator.script.next(
            answer.delivered(.wholeThenGoAway),
            answer.delivered(.wholeThenGoAway),
            at: .fcm
        )
        for _ in 0..<3 { #expect(try await Self.push(plugin) == .waiting) }
        #expect(Set(fixture.simulator.journal.requests(to: .fcm).map(\.connection)).count == 3)
        await plugin.stop()
        await fixture.simulator.stop()
    }

    @Test("Many pushes share one connection by HTTP/2")
    func oneConnection() async throws {
        let fixture = try await PushFixture()
        let plugin = try await fixture.startFCM()
        #expect(try await Self.push(plugin) == .waiting)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<300 {
                group.addTask {
                    let outcome = try await Self.push(plugin)
                    #expect(outcome == .waiting)
                }
            }
            try await group.waitForAll()
        }
        let requests = fixture.simulator.journal.requests(to: .fcm)
        #expect(requests.count == 301)
        #expect(Set(requests.map(\.version)) == ["HTTP/2"])
        #expect(Set(requests.map(\.connection)).count == 1)
        await plugin.stop()
        await fixture.simulator.stop()
    }
}
