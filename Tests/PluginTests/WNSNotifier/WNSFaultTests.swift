import PluginAPI
import PushSimulator
import StrictJSON
import Testing
import WNSNotifier

/// What becomes of pushes when the way to WNS, or WNS itself, is broken.
@Suite("WNSNotifier: faults", .serialized, .timeLimit(.minutes(2)))
struct WNSFaultTests {
    private static func push(_ plugin: WNSNotifierPlugin, _ target: NotificationTarget) async throws
        -> NotificationOutcome
    {
        await plugin.wake(target, for: try PushSample.notice(), within: .seconds(30))
    }

    @Test("A push that gets no answer keeps its deadline")
    func deadline() async throws {
        let fixture = try await PushFixture()
        let plugin = try await fixture.startWNS()
        // With an access token already, so that the time is the push's own.
        #expect(try await Self.push(plugin, fixture.channel()) == .waiting)
        fixture.simulator.script.next(.never, at: .wns)
        let notice = try PushSample.notice()
        #expect(await plugin.wake(fixture.channel(), for: notice, within: .milliseconds(300)).sort == .failed)
        #expect(try await Self.push(plugin, fixture.channel()) == .waiting)
        await plugin.stop()
        await fixture.simulator.stop()
    }

    @Test("While a push hangs, others go their way")
    func nobodyWaits() async throws {
        let fixture = try await PushFixture()
        let plugin = try await fixture.startWNS()
        let hanging = fixture.channel("hanging")
        fixture.simulator.script.always(.never, to: "/channels/?token=hanging")
        let ended = Tally()
        let task = Task {
            _ = await plugin.wake(hanging, for: try PushSample.notice(), within: .seconds(600))
            ended.countUp()
        }
        _ = try await fixture.simulator.journal.next { $0.target == "/channels/?token=hanging" }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    let outcome = try await Self.push(plugin, fixture.channel())
                    #expect(outcome == .waiting)
                }
            }
            try await group.waitForAll()
        }
        #expect(ended.count == 0)
        task.cancel()
        try await task.value
        await plugin.stop()
        await fixture.simulator.stop()
    }

    @Test(
        "A certificate that is too old or for another name: no request is sent",
        arguments: [PushSimulator.Settings.Security.expiredCertificate, .wrongName]
    )
    func certificates(_ security: PushSimulator.Settings.Security) async throws {
        let fixture = try await PushFixture(security)
        let plugin = try await fixture.startWNS()
        #expect([.failed, .misconfigured].contains(try await Self.push(plugin, fixture.channel()).sort))
        #expect(fixture.simulator.journal.count == 0)
        await plugin.stop()
        await fixture.simulator.stop()
    }

    @Test(
        "A log-in that fails is a failed push, and nothing is sent to the channel",
        arguments: [
            .errorPage(status: 500), .garbage, .malformedJSON, .resetConnection, .huge(),
            SimulatedAnswer(
                status: 200,
                json: ["access_token": "a\r\nX: y", "token_type": "Bearer", "expires_in": 3600]
            ),
            .oauth(401, "invalid_client", "AADSTS7000215"), .oauth(400, "invalid_scope", "AADSTS1002012"),
        ] as [SimulatedAnswer]
    )
    func logIn(_ answer: SimulatedAnswer) async throws {
        let fixture = try await PushFixture()
        fixture.simulator.script.always(answer, at: .entraToken)
        let plugin = try await fixture.startWNS()
        for _ in 0..<3 {
            let outcome = try await Self.push(plugin, fixture.channel())
            #expect((400...401).contains(answer.status) ? outcome.sort == .misconfigured : true, "\(outcome)")
            #expect([.failed, .misconfigured].contains(outcome.sort))
        }
        #expect(fixture.simulator.journal.requests(to: .wns).isEmpty)
        #expect((1...2).contains(fixture.simulator.journal.requests(to: .entraToken).count))
        await plugin.stop()
        await fixture.simulator.stop()
    }

    @Test("A wrong secret is told to an operator, and written nowhere")
    func wrongSecret() async throws {
        let fixture = try await PushFixture()
        let microsoft = MicrosoftApplications()
        let logIn: JSONValue = [
            "tenant": .string(microsoft.tenant), "client": .string(microsoft.client), "secret": "not-this-one",
            "endpoint": .string(fixture.simulator.origin),
        ]
        let plugin = try await fixture.startWNS(.entra, ["entra": logIn])
        let outcome = try await Self.push(plugin, fixture.channel())
        #expect(outcome.sort == .misconfigured)
        #expect(outcome.words?.contains("not-this-one") == false)
        for entry in fixture.recorder.entries { #expect(!entry.text.contains("not-this-one")) }
        await plugin.stop()
        await fixture.simulator.stop()
    }
}
