import PluginAPI
import PushSimulator
import StrictJSON
import Testing
import WNSNotifier

/// What becomes of each answer of WNS's, over a real connection.
@Suite("WNSNotifier: answers", .serialized, .timeLimit(.minutes(2)))
struct WNSAnswerTests {
    private static func push(_ plugin: WNSNotifierPlugin, _ target: NotificationTarget) async throws
        -> NotificationOutcome
    {
        await plugin.wake(target, for: try PushSample.notice(), within: .seconds(30))
    }

    @Test(
        "Each answer has its outcome",
        arguments: [
            (.wns("received"), .waiting, nil), (.wns("received", device: nil), .waiting, nil),
            (.wns("received", device: "tempconnected"), .waiting, nil),
            (.wns("received", device: "disconnected"), .rejected, nil),
            (.wns("dropped"), .rejected, nil), (.wns("channelthrottled"), .throttledForClient, nil),
            (.wnsBadRequest, .misconfigured, nil), (.wnsForbidden, .gone, nil), (.wnsNotFound, .gone, nil),
            (.wnsError(405, "Method not allowed"), .misconfigured, nil), (.wnsThrottled(), .throttledForEverybody, nil),
            (.wnsThrottled(retryAfter: "90"), .throttledForEverybody, .seconds(90)), (.wnsGone, .gone, nil),
            (.wnsTooLarge, .misconfigured, nil), (.wnsInternal, .failed, nil), (.wnsUnavailable(), .failed, nil),
            (.wnsUnavailable(retryAfter: "7"), .failed, .seconds(7)),
            (.redirect(to: "https://127.0.0.1/"), .misconfigured, nil),
            (.errorPage(status: 502), .failed, nil),
        ] as [(SimulatedAnswer, NotificationOutcome.Sort, Duration?)]
    )
    func answer(_ answer: SimulatedAnswer, _ sort: NotificationOutcome.Sort, _ retryAfter: Duration?) async throws {
        let fixture = try await PushFixture()
        let plugin = try await fixture.startWNS()
        fixture.simulator.script.next(answer, at: .wns)
        let outcome = try await Self.push(plugin, fixture.channel())
        #expect(outcome.sort == sort, "\(outcome)")
        if let retryAfter { #expect(outcome.retryAfter == retryAfter) }
        #expect(fixture.simulator.journal.requests(to: .wns).count == 1)
        #expect(try await Self.push(plugin, fixture.channel()) == .waiting)
        await plugin.stop()
        await fixture.simulator.stop()
    }

    @Test("A connection that is lost twice is a failed push", arguments: [SimulatedAnswer.resetConnection, .goAway])
    func lost(_ answer: SimulatedAnswer) async throws {
        let fixture = try await PushFixture()
        let plugin = try await fixture.startWNS()
        // libcurl itself tries once more when a connection that was used before breaks without a byte of an answer.
        fixture.simulator.script.next(answer, answer, at: .wns)
        let outcome = try await Self.push(plugin, fixture.channel())
        #expect(outcome.sort == .failed, "\(outcome)")
        fixture.simulator.script.clear()
        #expect(try await Self.push(plugin, fixture.channel()) == .waiting)
        await plugin.stop()
        await fixture.simulator.stop()
    }

    @Test("What the headers of an answer say is cleaned before anybody reads it")
    func description() async throws {
        let fixture = try await PushFixture()
        let plugin = try await fixture.startWNS()
        let long = String(repeating: "\u{1B}[2J", count: 1000)
        fixture.simulator.script.next(.wnsError(500, long), .wnsError(400, long), at: .wns)
        for _ in 0..<2 {
            let outcome = try await Self.push(plugin, fixture.channel())
            #expect(outcome.sort != .waiting)
            let words = outcome.words ?? ""
            #expect(words.utf8.count < 500)
            #expect(words.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
        }
        for entry in fixture.recorder.entries {
            #expect(entry.text.utf8.count < 4000)
            #expect(entry.text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
        }
        await plugin.stop()
        await fixture.simulator.stop()
    }

    @Test(
        "The request is a raw notification over HTTP/1.1, with the time it may live",
        arguments: PushFixture.WNSLogIn.allCases
    )
    func request(_ logIn: PushFixture.WNSLogIn) async throws {
        let fixture = try await PushFixture()
        let plugin = try await fixture.startWNS(logIn)
        #expect(try await Self.push(plugin, fixture.channel(of: logIn)) == .waiting)
        let token = try #require(fixture.simulator.journal.requests.first)
        #expect(token.endpoint == (logIn == .entra ? .entraToken : .liveToken))
        #expect(Set(token.form.keys) == ["grant_type", "client_id", "client_secret", "scope"])
        let request = try #require(fixture.simulator.journal.requests(to: .wns).first)
        #expect(request.version == "HTTP/1.1")
        #expect(request.header("x-wns-type") == "wns/raw")
        #expect(request.header("content-type") == "application/octet-stream")
        #expect(request.header("content-length") == String(request.body.count))
        #expect(request.header("x-wns-requestforstatus") == "true")
        #expect(request.header("expect") == nil)
        #expect(request.header("transfer-encoding") == nil)
        let life = try #require(request.header("x-wns-ttl").flatMap { Int($0) })
        #expect((1...30).contains(life))
        await plugin.stop()
        await fixture.simulator.stop()
    }

    @Test("An access token refused once is replaced and the push sent again, once; refused again, an operator is told")
    func unauthorized() async throws {
        let fixture = try await PushFixture()
        let plugin = try await fixture.startWNS()
        #expect(try await Self.push(plugin, fixture.channel()) == .waiting)
        fixture.simulator.revokeAccessTokens()
        #expect(try await Self.push(plugin, fixture.channel()) == .waiting)
        #expect(fixture.simulator.journal.requests(to: .wns).map(\.answered) == [200, 401, 200])
        fixture.simulator.script.always(.wnsUnauthorized, at: .wns)
        #expect(try await Self.push(plugin, fixture.channel()).sort == .misconfigured)
        #expect(fixture.simulator.journal.requests(to: .wns).count == 5)
        await plugin.stop()
        await fixture.simulator.stop()
    }
}
