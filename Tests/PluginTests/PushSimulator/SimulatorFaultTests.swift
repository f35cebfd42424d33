import PushSimulator
import StrictJSON
import Testing

/// The simulator errs as it is told, and only then.
@Suite("Push simulator: faults", .serialized)
struct SimulatorFaultTests {
    private static let body = #"{"message":{"token":"a","data":{"caller":"1"}}}"#

    private static func start() async throws -> (customer: SimulatorCustomer, token: String) {
        var settings = PushSimulator.Settings()
        settings.now = { SimulatedGoogleTests.now }
        let customer = try SimulatorCustomer(try await PushSimulator.start(settings))
        return (customer, try await customer.accessToken(at: SimulatedGoogleTests.now))
    }

    @Test("A scripted answer is given as often as was said, to the target that was named")
    func script() async throws {
        let (customer, token) = try await Self.start()
        let script = customer.simulator.script
        script.next(.quotaExceeded(retryAfter: "7"), .internal, at: .fcm)
        script.always(.unregistered, to: "b")
        let first = try await customer.send(Self.body, bearer: token)
        #expect(first.status == 429)
        #expect(first.headers["retry-after"] == "7")
        #expect(first.member("error", "details", "0", "errorCode") == "QUOTA_EXCEEDED")
        // What is wrong anyway uses nothing of the script up.
        #expect(try await customer.send("{}", bearer: token).status == 400)
        #expect(try await customer.send(#"{"message":{"token":"b"}}"#, bearer: token).status == 404)
        #expect(try await customer.send(Self.body, bearer: token).status == 500)
        #expect(try await customer.send(Self.body, bearer: token).status == 200)
        #expect(try await customer.send(#"{"message":{"token":"b"}}"#, bearer: token).status == 404)
        script.clear()
        #expect(try await customer.send(#"{"message":{"token":"b"}}"#, bearer: token).status == 200)
        #expect(customer.simulator.journal.requests(to: .fcm).map(\.answered) == [429, 400, 404, 500, 200, 404, 200])
        await customer.simulator.stop()
    }

    /// What curl(1) says in EXIT CODES: 16 and 92 HTTP/2 framing and stream, 18 partial file, 28 time-out, 52 nothing,
    /// 55 and 56 sending and receiving.
    @Test(
        "Every way of not answering is one that curl notices, and the next request is served",
        arguments: [
            (.resetStream, "--http2", [92]), (.resetStream, "--http1.1", [52]),
            (.resetConnection, "--http2", [16, 55, 56]),
            (.resetConnection, "--http1.1", [35, 52, 55, 56]), (.goAway, "--http2", [16, 52, 55, 56]),
            (.goAway, "--http1.1", [52]), (.never, "--http2", [28]), (.never, "--http1.1", [28]),
            (SimulatedAnswer.unregistered.delivered(.cutOff), "--http1.1", [18, 56]),
            (SimulatedAnswer.unregistered.delivered(.cutOff), "--http2", [16, 18, 56, 92]),
        ] as [(SimulatedAnswer, String, Set<Int32>)]
    )
    func fault(_ answer: SimulatedAnswer, _ version: String, _ expected: Set<Int32>) async throws {
        let (customer, token) = try await Self.start()
        customer.simulator.script.next(answer, at: .fcm)
        let options = [version, "--max-time", answer.delivery == .never ? "1" : "20", "--retry", "0"]
        let first = try await customer.send(Self.body, bearer: token, options: options)
        #expect(expected.contains(first.exit), "curl ended with \(first.exit)")
        // On a busy machine curl may have given up before it was asked.
        customer.simulator.script.clear()
        let next = try await customer.send(Self.body, bearer: token, options: [version])
        #expect(next.status == 200)
        await customer.simulator.stop()
    }

    @Test("A slow, a long and a last answer arrive whole", arguments: ["--http2", "--http1.1"])
    func whole(_ version: String) async throws {
        let (customer, token) = try await Self.start()
        customer.simulator.script.next(
            SimulatedAnswer.unregistered.delivered(.byteByByte(pause: .microseconds(100))),
            .huge(bytes: 10 * 1024 * 1024),
            SimulatedAnswer.senderIDMismatch.delivered(.wholeThenGoAway),
            .redirect(to: "https://127.0.0.1/elsewhere"),
            at: .fcm
        )
        func send() async throws -> SimulatorCustomer.Answer {
            try await customer.send(Self.body, bearer: token, options: [version])
        }
        #expect(try await send().member("error", "details", "0", "errorCode") == "UNREGISTERED")
        #expect(try await send().body.utf8.count == 10 * 1024 * 1024)
        #expect(try await send().member("error", "details", "0", "errorCode") == "SENDER_ID_MISMATCH")
        let redirect = try await send()
        #expect(redirect.status == 302)
        #expect(redirect.headers["location"] == "https://127.0.0.1/elsewhere")
        await customer.simulator.stop()
    }

    @Test(
        "A certificate that is too old or for another name is refused by curl",
        arguments: [PushSimulator.Settings.Security.expiredCertificate, .wrongName]
    )
    func certificates(_ security: PushSimulator.Settings.Security) async throws {
        var settings = PushSimulator.Settings()
        settings.security = security
        let customer = try SimulatorCustomer(try await PushSimulator.start(settings))
        #expect(try await customer.submit("/token", ["a": "b"]).exit == 60)
        #expect(customer.simulator.journal.count == 0)
        await customer.simulator.stop()
    }

    @Test("Without TLS both versions are spoken", arguments: ["--http2-prior-knowledge", "--http1.1"])
    func plainText(_ version: String) async throws {
        var settings = PushSimulator.Settings()
        settings.security = .plainText
        let customer = try SimulatorCustomer(try await PushSimulator.start(settings))
        let answer = try await customer.ask("/token", body: "a=b", options: [version])
        #expect(answer.member("error") == "unsupported_grant_type")
        #expect(answer.version == (version == "--http1.1" ? "1.1" : "2"))
        await customer.simulator.stop()
    }

    @Test("The journal hands each request out once, to who waits for it, and a cancelled wait ends")
    func journal() async throws {
        let (customer, token) = try await Self.start()
        let journal = customer.simulator.journal
        async let second = journal.next { $0.target == "b" }
        async let first = journal.next { $0.target == "a" }
        _ = try await customer.send(Self.body, bearer: token)
        _ = try await customer.send(#"{"message":{"token":"b"}}"#, bearer: token)
        #expect(try await first.target == "a")
        #expect(try await second.target == "b")
        let waiting = Task { try await journal.next(to: .fcm) }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        await customer.simulator.stop()
        // Stopped: nobody answers.
        #expect(try await customer.send(Self.body, bearer: token).exit == 7)
    }
}
