import FCMNotifier
import PluginAPI
import PushSimulator
import StrictJSON
import Testing

/// What becomes of each answer of FCM's, over a real connection.
@Suite("FCMNotifier: answers", .serialized, .timeLimit(.minutes(2)))
struct FCMAnswerTests {
    private static let target = NotificationTarget(token: "fcm-token-AAA:xyz")

    @Test(
        "Each answer has its outcome, and its Retry-After is handed on",
        arguments: [
            (.invalidToken, .gone, nil), (.invalidTokenByField, .gone, nil), (.badRequest, .misconfigured, nil),
            (.thirdPartyAuthError, .misconfigured, nil), (.permissionDenied, .misconfigured, nil),
            (.unregistered, .gone, nil), (.quotaExceeded(), .throttledForEverybody, nil),
            (.quotaExceeded(retryAfter: "30"), .throttledForEverybody, .seconds(30)),
            (.internal, .failed, nil), (.unavailable(), .failed, nil),
            (.unavailable(retryAfter: "7"), .failed, .seconds(7)),
            (.errorPage(status: 500), .failed, nil), (.errorPage(status: 502), .failed, nil),
            (.errorPage(status: 503), .failed, nil),
        ] as [(SimulatedAnswer, NotificationOutcome.Sort, Duration?)]
    )
    func answer(_ answer: SimulatedAnswer, _ sort: NotificationOutcome.Sort, _ retryAfter: Duration?) async throws {
        let fixture = try await PushFixture()
        let plugin = try await fixture.startFCM()
        fixture.simulator.script.next(answer, at: .fcm)
        let outcome = await plugin.wake(Self.target, for: try PushSample.notice(), within: .seconds(30))
        #expect(outcome.sort == sort, "\(outcome)")
        if let retryAfter { #expect(outcome.retryAfter == retryAfter) }
        // Once: whether to try again is the host's business.
        #expect(fixture.simulator.journal.requests(to: .fcm).count == 1)
        #expect(await plugin.wake(Self.target, for: try PushSample.notice(), within: .seconds(30)) == .waiting)
        #expect(fixture.simulator.connectionCount <= 2)
        await plugin.stop()
        await fixture.simulator.stop()
    }

    @Test("The token of another project is not used again, and an operator is told")
    func senderIDMismatch() async throws {
        let fixture = try await PushFixture()
        let plugin = try await fixture.startFCM()
        fixture.simulator.script.next(.senderIDMismatch, at: .fcm)
        let outcome = await plugin.wake(Self.target, for: try PushSample.notice(), within: .seconds(30))
        #expect(outcome.sort == .gone)
        #expect(outcome.isAlarming)
        await plugin.stop()
        await fixture.simulator.stop()
    }

    @Test("A 404 that is not FCM's says nothing about the token")
    func strangePage() async throws {
        let fixture = try await PushFixture()
        let plugin = try await fixture.startFCM()
        fixture.simulator.script.next(.errorPage(status: 404), at: .fcm)
        let outcome = await plugin.wake(Self.target, for: try PushSample.notice(), within: .seconds(30))
        #expect(outcome.sort != .gone)
        #expect(outcome.sort != .waiting)
        await plugin.stop()
        await fixture.simulator.stop()
    }

    @Test("A redirect is an operator's business, and nobody follows it", arguments: [301, 302, 303, 307, 308])
    func redirect(_ status: Int) async throws {
        let fixture = try await PushFixture()
        let other = try await PushFixture()
        let plugin = try await fixture.startFCM()
        fixture.simulator.script.next(.redirect(to: "\(other.simulator.origin)/v1", status: status), at: .fcm)
        let outcome = await plugin.wake(Self.target, for: try PushSample.notice(), within: .seconds(30))
        #expect(outcome.sort == .misconfigured)
        #expect(other.simulator.connectionCount == 0)
        #expect(fixture.simulator.journal.requests(to: .fcm).count == 1)
        await plugin.stop()
        await fixture.simulator.stop()
        await other.simulator.stop()
    }

    @Test(
        "An answer that is too long, no JSON, cut off, or reset is no crash, and the next push works",
        arguments: [
            .huge(), .garbage, .malformedJSON, SimulatedAnswer.unregistered.delivered(.cutOff), .resetStream,
            .resetConnection, .goAway, SimulatedAnswer.unregistered.delivered(.wholeThenGoAway),
            SimulatedAnswer(status: 200, json: []), SimulatedAnswer(status: 404, json: ["error": 5]),
            SimulatedAnswer(status: 404, json: ["error": ["details": [["@type": 5], 6, .null]]]),
            SimulatedAnswer(status: 400, json: ["error": ["status": [], "details": [:]]]),
            SimulatedAnswer(status: 503, headers: [("retry-after", "99999999999999999999")]),
            SimulatedAnswer(status: 503, headers: [("retry-after", "-1")]),
            SimulatedAnswer(status: 503, headers: [("retry-after", "soon")]), SimulatedAnswer(status: 204),
        ] as [SimulatedAnswer]
    )
    func oddity(_ answer: SimulatedAnswer) async throws {
        let fixture = try await PushFixture()
        let plugin = try await fixture.startFCM()
        // libcurl itself tries once more when a connection that was used before breaks without a byte of an answer.
        let times = answer.delivery == .resetConnection ? 2 : 1
        for _ in 0..<times { fixture.simulator.script.next(answer, at: .fcm) }
        let outcome = await plugin.wake(Self.target, for: try PushSample.notice(), within: .seconds(30))
        switch answer.delivery {
        case .whole where (200...299).contains(answer.status) && answer.body.count < 1000:
            // Taken, whatever it says.
            #expect([.waiting, .failed, .rejected].contains(outcome.sort))
        case .goAway:
            // HTTP/2 says that it was not processed: libcurl may have sent it once more.
            #expect([.waiting, .failed].contains(outcome.sort))
        case .cutOff, .resetStream, .resetConnection:
            #expect(outcome.sort == .failed)
        case .wholeThenGoAway:
            #expect(outcome.sort == .gone)
        case .whole, .byteByByte, .never:
            #expect(outcome.sort != .waiting)
            #expect(outcome.sort != .gone || answer.status == 404)
        }
        if let words = outcome.words {
            #expect(words.utf8.count < 500)
            #expect(words.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
        }
        fixture.simulator.script.clear()
        #expect(await plugin.wake(Self.target, for: try PushSample.notice(), within: .seconds(30)) == .waiting)
        await plugin.stop()
        await fixture.simulator.stop()
    }

    @Test("An answer that comes byte by byte is read")
    func slow() async throws {
        let fixture = try await PushFixture()
        let plugin = try await fixture.startFCM()
        fixture.simulator.script.next(
            SimulatedAnswer.unregistered.delivered(.byteByByte(pause: .milliseconds(1))),
            at: .fcm
        )
        let outcome = await plugin.wake(Self.target, for: try PushSample.notice(), within: .seconds(60))
        #expect(outcome.sort == .gone)
        await plugin.stop()
        await fixture.simulator.stop()
    }
}
