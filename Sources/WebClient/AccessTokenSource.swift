internal import StrictJSON

/// Access tokens of OAuth 2.0 (RFC 6749): fetched when first needed, kept, and renewed ahead of their end, by one request at a
/// time however many wait for it.
package actor AccessTokenSource {
    /// Why there is no token.
    package enum Refusal: Error, Sendable, Hashable {
        /// The log-in itself is wrong: an operator must act.
        case misconfigured(String)
        /// Nobody can say now.
        case unavailable(String, retryAfter: Duration?)
    }

    /// A token, and how long it is good for.
    package struct Grant: Sendable, Hashable {
        package let token: String
        package let life: Duration

        package init(token: String, life: Duration) {
            self.token = token
            self.life = life
        }
    }

    /// So long before the end of a token the next one is fetched.
    package static let ahead = Duration.seconds(300)
    private static let (firstPause, longestPause) = (Duration.seconds(1), Duration.seconds(60))

    private let fetch: @Sendable () async -> Result<Grant, Refusal>
    private let now: @Sendable () -> Duration
    private var current: (token: String, end: Duration)?
    private var isRenewing = false
    private var waiting: [UInt64: CheckedContinuation<Result<String, Refusal>, Never>] = [:]
    private var lastWaiting: UInt64 = 0
    /// After a failure: why, and not before when to try again.
    private var failure: (refusal: Refusal, until: Duration, pause: Duration)?

    /// - Parameters:
    ///   - now: A stopwatch.
    ///   - fetch: Asks the service for a token.
    package init(
        now: @escaping @Sendable () -> Duration,
        fetch: @escaping @Sendable () async -> Result<Grant, Refusal>
    ) {
        self.now = now
        self.fetch = fetch
    }

    /// A token that is good now.
    ///
    /// - Parameter time: How long to wait for one. Who is cancelled does not wait either.
    package func token(within time: Duration = .seconds(60)) async -> Result<String, Refusal> {
        let now = self.now()
        if let current = self.current, now < current.end {
            if current.end - now <= Self.ahead, !self.isPausing(at: now) {
                // Nobody waits for the next one yet.
                self.renew()
            }
            return .success(current.token)
        }
        if let failure = self.failure, now < failure.until { return .failure(failure.refusal) }
        self.renew()
        return await self.nextToken(within: time)
    }

    /// The service says that this token is not good: another is fetched, unless that has happened already.
    package func invalidate(_ token: String) {
        if self.current?.token == token { self.current = nil }
    }

    private func isPausing(at now: Duration) -> Bool {
        self.failure.map { now < $0.until } ?? false
    }

    private func renew() {
        guard !self.isRenewing else { return }
        self.isRenewing = true
        // Not a child of whoever asks: he may give up, and others wait for it, too.
        Task { [fetch] in
            self.renewed(await fetch())
        }
    }

    /// The token that is being fetched. A service that does not answer holds up nobody beyond his time.
    private func nextToken(within time: Duration) async -> Result<String, Refusal> {
        self.lastWaiting += 1
        let number = self.lastWaiting
        let alarm = Task {
            try await Task.sleep(for: time)
            self.giveUp(number)
        }
        defer { alarm.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { self.waiting[number] = $0 }
        } onCancel: {
            Task { await self.giveUp(number) }
        }
    }

    private func giveUp(_ number: UInt64) {
        let continuation = self.waiting.removeValue(forKey: number)
        continuation?.resume(returning: .failure(.unavailable("no access token in time", retryAfter: nil)))
    }

    private func renewed(_ result: Result<Grant, Refusal>) {
        self.isRenewing = false
        switch result {
        case .success(let grant):
            self.failure = nil
            self.current = (grant.token, self.now() + grant.life)
        case .failure(let refusal):
            var pause = self.failure.map { min($0.pause * 2, Self.longestPause) } ?? Self.firstPause
            if case .unavailable(_, let asked?) = refusal { pause = max(pause, min(asked, Self.longestPause)) }
            self.failure = (refusal, self.now() + pause, pause)
        }
        let waiting = self.waiting.values
        self.waiting = [:]
        for continuation in waiting { continuation.resume(returning: result.map(\.token)) }
    }
}

extension AccessTokenSource.Grant {
    /// Reads what a token endpoint says (RFC 6749, sections 5.1 and 5.2).
    ///
    /// - Parameter now: What the calendar shows, in seconds since 1970-01-01 UTC.
    package static func read(
        _ answer: Result<WebResponse, WebFailure>,
        at now: Int64
    ) -> Result<Self, AccessTokenSource.Refusal> {
        let response: WebResponse
        switch answer {
        case .success(let success): response = success
        case .failure(let failure):
            return .failure(.unavailable("no access token: \(failure)", retryAfter: nil))
        }
        let document = try? JSONValue(parsing: response.body, depthLimit: 8)
        switch response.status {
        case 200:
            guard case .string(let token)? = document?["access_token"], Self.isToken(token) else {
                return .failure(.unavailable("the log-in's answer holds no access token", retryAfter: nil))
            }
            guard let seconds = document?["expires_in"]?.seconds, (1...31_536_000).contains(seconds) else {
                return .failure(
                    .unavailable("the log-in's answer does not say how long it is good for", retryAfter: nil)
                )
            }
            return .success(Self(token: token, life: .seconds(seconds)))
        case 400...403:
            let code = document?["error"]?.presentable ?? "status \(response.status)"
            let words = document?["error_description"]?.presentable.map { ": \($0)" } ?? ""
            return .failure(.misconfigured("the log-in is refused, \(code)\(words)"))
        case 300...399, 404, 405:
            return .failure(.misconfigured("the log-in's address answers with status \(response.status)"))
        default:
            return .failure(
                .unavailable(
                    "the log-in answers with status \(response.status)",
                    retryAfter: response.retryAfter(at: now)
                )
            )
        }
    }

    /// What can stand in a header (RFC 6750, section 2.1).
    private static func isToken(_ text: String) -> Bool {
        (1...8192).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}

extension JSONValue {
    /// A member of an object.
    fileprivate subscript(_ name: String) -> JSONValue? {
        if case .object(let object) = self { object[name] } else { nil }
    }

    /// A whole number; some services write it as a string.
    fileprivate var seconds: Int64? {
        switch self {
        case .number(let text), .string(let text): Int64(text)
        default: nil
        }
    }

    /// A text of others, fit for one line of a log.
    fileprivate var presentable: String? {
        guard case .string(let text) = self else { return nil }
        let shown = text.unicodeScalars.prefix(200).map { (0x20...0x7E).contains($0.value) ? Character($0) : "?" }
        return String(shown)
    }
}
