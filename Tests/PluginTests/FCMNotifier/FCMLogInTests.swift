import FCMNotifier
import PluginAPI
import PushSimulator
import StrictJSON
import Testing

/// The access token: asked for once, used long, renewed in time, and what happens when there is none.
@Suite("FCMNotifier: log-in", .serialized, .timeLimit(.minutes(2)))
struct FCMLogInTests {
    private static let target = NotificationTarget(token: "fcm-token-AAA:xyz")

    private static func push(_ plugin: FCMNotifierPlugin) async throws -> NotificationOutcome {
        await plugin.wake(Self.target, for: try PushSample.notice(), within: .seconds(30))
    }

    @Test("Two hundred pushes at once ask for one access token")
    func singleFlight() async throws {
        let fixture = try await PushFixture()
        let plugin = try await fixture.startFCM()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    let outcome = try await Self.push(plugin)
                    #expect(outcome == .waiting)
                }
            }
            try await group.waitForAll()
        }
        #expect(fixture.simulator.journal.requests(to: .googleToken).count == 1)
        await plugin.stop()
        await fixture.simulator.stop()
    }

    @Test("An access token refused once is replaced and the push sent again, once")
    func revoked() async throws {
        let fixture = try await PushFixture()
        let plugin = try await fixture.startFCM()
        #expect(try await Self.push(plugin) == .waiting)
        fixture.simulator.revokeAccessTokens()
        #expect(try await Self.push(plugin) == .waiting)
        #expect(fixture.simulator.journal.requests(to: .fcm).map(\.answered) == [200, 401, 200])
        #expect(fixture.simulator.journal.requests(to: .googleToken).count == 2)
        await plugin.stop()
        await fixture.simulator.stop()
    }

    @Test("Pushes refused together fetch one new access token together")
    func revokedTogether() async throws {
        let fixture = try await PushFixture()
        let plugin = try await fixture.startFCM()
        #expect(try await Self.push(plugin) == .waiting)
        fixture.simulator.revokeAccessTokens()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    let outcome = try await Self.push(plugin)
                    #expect(outcome == .waiting)
                }
            }
            try await group.waitForAll()
        }
        #expect(fixture.simulator.journal.requests(to: .googleToken).count == 2)
        await plugin.stop()
        await fixture.simulator.stop()
    }

    @Test("Refused again and again: two sends, then an operator is told")
    func refused() async throws {
        let fixture = try await PushFixture()
        let plugin = try await fixture.startFCM()
        fixture.simulator.script.always(.unauthenticated, at: .fcm)
        #expect(try await Self.push(plugin).sort == .misconfigured)
        #expect(fixture.simulator.journal.requests(to: .fcm).count == 2)
        await plugin.stop()
        await fixture.simulator.stop()
    }

    @Test(
        "Google refuses the log-in because of the clock: an operator is told, nothing is pushed",
        arguments: [-7200, 7200]
    )
    func wrongClock(_ difference: Int) async throws {
        var settings = PushSimulator.Settings()
        let now = settings.now
        settings.now = { now() + difference }
        let fixture = try await PushFixture(settings)
        let plugin = try await fixture.startFCM()
        #expect(try await Self.push(plugin).sort == .misconfigured)
        #expect(fixture.simulator.journal.requests(to: .fcm).isEmpty)
        await plugin.stop()
        await fixture.simulator.stop()
    }

    @Test("The key of another account: an operator is told")
    func anotherKey() async throws {
        let fixture = try await PushFixture()
        var settings = PushSimulator.Settings()
        settings.hasOwnKey = true
        let other = try await PushFixture(settings)
        guard case .object(var account) = other.simulator.serviceAccount,
            case .object(let own) = fixture.simulator.serviceAccount
        else { return }
        account["token_uri"] = own["token_uri"]
        try fixture.folder.write(JSONValue.object(account).text, to: "service-account.json")
        let plugin = try await fixture.startFCM()
        let outcome = try await Self.push(plugin)
        #expect(outcome.sort == .misconfigured)
        #expect(outcome.words?.contains("PRIVATE") != true)
        await plugin.stop()
        await fixture.simulator.stop()
        await other.simulator.stop()
    }

    @Test(
        "A log-in that fails is a failed push, not a lost token; the next log-in is not at once",
        arguments: [
            .errorPage(status: 500), .errorPage(status: 503), .garbage, .malformedJSON, .resetConnection, .resetStream,
            .huge(),
            SimulatedAnswer(status: 200, json: ["token_type": "Bearer", "expires_in": 3600]),
            SimulatedAnswer(status: 200, json: ["access_token": "a b", "token_type": "Bearer", "expires_in": 3600]),
            SimulatedAnswer(
                status: 200,
                json: ["access_token": "a\r\nX: y", "token_type": "Bearer", "expires_in": 3600]
            ),
            SimulatedAnswer(status: 200, json: ["access_token": "", "token_type": "Bearer", "expires_in": 3600]),
            SimulatedAnswer(status: 200, json: ["access_token": "abc", "token_type": "Bearer", "expires_in": -5]),
            SimulatedAnswer(status: 200, json: ["access_token": 5, "token_type": "Bearer", "expires_in": 3600]),
        ] as [SimulatedAnswer]
    )
    func failure(_ answer: SimulatedAnswer) async throws {
        let fixture = try await PushFixture()
        fixture.simulator.script.always(answer, at: .googleToken)
        let plugin = try await fixture.startFCM()
        for _ in 0..<5 {
            let outcome = try await Self.push(plugin)
            #expect([.failed, .misconfigured].contains(outcome.sort), "\(outcome)")
        }
        #expect(fixture.simulator.journal.requests(to: .fcm).isEmpty)
        #expect((1...2).contains(fixture.simulator.journal.requests(to: .googleToken).count))
        await plugin.stop()
        await fixture.simulator.stop()
    }

    @Test("A log-in that hangs holds up nobody beyond his time, and lets go who is cancelled")
    func hanging() async throws {
        let fixture = try await PushFixture()
        fixture.simulator.script.always(.never, at: .googleToken)
        let plugin = try await fixture.startFCM()
        let notice = try PushSample.notice()
        let ended = Tally()
        let patient = Task {
            let outcome = await plugin.wake(Self.target, for: notice, within: .seconds(600))
            ended.countUp()
            return outcome
        }
        _ = try await fixture.simulator.journal.next(to: .googleToken)
        #expect(await plugin.wake(Self.target, for: notice, within: .milliseconds(300)).sort == .failed)
        #expect(ended.count == 0)
        patient.cancel()
        #expect(await patient.value.sort == .failed)
        #expect(fixture.simulator.journal.requests.map(\.endpoint) == [.googleToken])
        await plugin.stop()
        await fixture.simulator.stop()
    }

    @Test("A redirect of the log-in is not followed")
    func redirect() async throws {
        let fixture = try await PushFixture()
        let other = try await PushFixture()
        fixture.simulator.script.always(.redirect(to: "\(other.simulator.origin)/token", status: 307), at: .googleToken)
        let plugin = try await fixture.startFCM()
        #expect([.failed, .misconfigured].contains(try await Self.push(plugin).sort))
        #expect(other.simulator.connectionCount == 0)
        await plugin.stop()
        await fixture.simulator.stop()
        await other.simulator.stop()
    }
}
