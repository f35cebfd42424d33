import Testing
import WebClient

/// Who waits for an access token, and how long.
@Suite("Access tokens: waiting", .timeLimit(.minutes(1)))
struct AccessTokenWaitTests {
    /// A log-in that answers when the test says so.
    private struct LogIn: Sendable {
        let asked = Tally()
        let answers: AsyncStream<String>
        let answer: AsyncStream<String>.Continuation

        init() {
            (self.answers, self.answer) = AsyncStream.makeStream(of: String.self)
        }

        func source() -> AccessTokenSource {
            AccessTokenSource(now: { .zero }) {
                self.asked.countUp()
                for await token in self.answers {
                    return .success(AccessTokenSource.Grant(token: token, life: .seconds(3600)))
                }
                return .failure(.unavailable("over", retryAfter: nil))
            }
        }
    }

    @Test("A log-in that does not answer holds up nobody beyond his time; it goes on for those who wait longer")
    func impatient() async throws {
        let logIn = LogIn()
        let source = logIn.source()
        async let patient = source.token(within: .seconds(600))
        let refusal = AccessTokenSource.Refusal.unavailable("no access token in time", retryAfter: nil)
        #expect(await source.token(within: .milliseconds(1)) == .failure(refusal))
        logIn.answer.yield("one")
        #expect(await patient == .success("one"))
        #expect(await source.token(within: .zero) == .success("one"))
        #expect(logIn.asked.count == 1)
    }

    @Test("Who is cancelled does not wait, before or after he has begun to")
    func cancelled() async throws {
        let logIn = LogIn()
        let source = logIn.source()
        let waiting = Task { await source.token(within: .seconds(600)) }
        try await eventually { logIn.asked.count == 1 }
        waiting.cancel()
        #expect(await waiting.value == .failure(.unavailable("no access token in time", retryAfter: nil)))
        let late = Task {
            // Only to be cancelled at a known place.
            try? await Task.sleep(for: .seconds(600))
            return await source.token(within: .seconds(600))
        }
        late.cancel()
        #expect(await late.value == .failure(.unavailable("no access token in time", retryAfter: nil)))
        logIn.answer.yield("one")
        #expect(await source.token(within: .seconds(600)) == .success("one"))
    }

    @Test("A token found bad by many is replaced once: a late complaint about the old one does not cost the new one")
    func lateComplaint() async throws {
        let logIn = LogIn()
        let source = logIn.source()
        logIn.answer.yield("old")
        #expect(await source.token() == .success("old"))
        await source.invalidate("old")
        logIn.answer.yield("new")
        #expect(await source.token() == .success("new"))
        await source.invalidate("old")
        #expect(await source.token(within: .milliseconds(1)) == .success("new"))
        #expect(logIn.asked.count == 2)
    }
}
