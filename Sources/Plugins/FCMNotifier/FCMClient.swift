internal import Foundation
internal import PluginAPI
internal import WebClient

/// The conversation with Google: one connection for pushes, and access tokens to send them with.
final class FCMClient: Sendable {
    private static let loginTime = Duration.seconds(10)

    private let account: ServiceAccount
    private let url: String
    private let session: WebSession
    private let tokens: AccessTokenSource
    private let calendar: @Sendable () -> Int64
    private let now: @Sendable () -> Duration

    /// - Parameters:
    ///   - calendar: Seconds since 1970-01-01 UTC.
    ///   - clock: What the life of access tokens is measured by.
    init(
        _ settings: FCMNotifierSettings,
        _ session: WebSession,
        calendar: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970) },
        clock: any Clock<Duration> = ContinuousClock()
    ) throws {
        let account = try ServiceAccount(path: settings.serviceAccount)
        let login = settings.tokenEndpoint ?? account.tokenEndpoint
        self.account = account
        self.url = "\(settings.endpoint)/v1/projects/\(account.project)/messages:send"
        self.session = session
        self.calendar = calendar
        self.now = clock.stopwatch()
        self.tokens = AccessTokenSource(now: self.now) {
            guard let assertion = account.assertion(at: calendar()) else {
                return .failure(.unavailable("the log-in can't be signed", retryAfter: nil))
            }
            let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer".replacing(":", with: "%3A")
            let request = WebRequest(
                url: login,
                headers: [("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json")],
                body: Array("grant_type=\(grant)&assertion=\(assertion)".utf8)
            )
            return AccessTokenSource.Grant.read(await session.send(request, within: Self.loginTime), at: calendar())
        }
    }

    /// Sends a push; with another access token once more, when ours was not good.
    ///
    /// - Parameter body: Makes the request for so many seconds of life, at a moment of the calendar.
    func push(
        to target: FCMTarget,
        within time: Duration,
        _ body: (_ life: Int64, _ now: Int64) -> [UInt8]
    ) async -> NotificationOutcome {
        let end = self.now() + time
        var isRepeated = false
        while true {
            let token: String
            switch await self.tokens.token(within: end - self.now()) {
            case .success(let success): token = success
            case .failure(.misconfigured(let problem)): return .misconfigured(problem)
            case .failure(.unavailable(let problem, let wait)): return .failed(problem, retryAfter: wait)
            }
            let left = end - self.now()
            guard left > .zero else { return .failed("no time is left") }
            let request = WebRequest(
                url: self.url,
                headers: [("Authorization", "Bearer \(token)"), ("Content-Type", "application/json")],
                body: body(left.components.seconds, self.calendar())
            )
            switch await self.session.send(request, within: left) {
            case .failure(let failure):
                return .failed("no answer: \(failure)")
            case .success(let response):
                switch FCMAnswer(response, at: self.calendar()) {
                case .outcome(let outcome): return outcome
                case .unauthenticated where isRepeated:
                    return .misconfigured("status 401 with a fresh access token")
                case .unauthenticated:
                    isRepeated = true
                    await self.tokens.invalidate(token)
                }
            }
        }
    }
}
