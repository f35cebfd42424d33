internal import Foundation
internal import PluginAPI
internal import WebClient

/// The conversation with Microsoft: pushes to channels, and access tokens to send them with.
final class WNSClient: Sendable {
    private static let loginTime = Duration.seconds(10)
    /// The most that a push may hold, in bytes.
    static let longestBody = 5000

    private let session: WebSession
    private let tokens: AccessTokenSource
    private let calendar: @Sendable () -> Int64
    private let now: @Sendable () -> Duration

    /// - Parameters:
    ///   - calendar: Seconds since 1970-01-01 UTC.
    ///   - clock: What the life of access tokens is measured by.
    init(
        _ settings: WNSNotifierSettings,
        _ session: WebSession,
        calendar: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970) },
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        let login = settings.login
        self.session = session
        self.calendar = calendar
        self.now = clock.stopwatch()
        self.tokens = AccessTokenSource(now: self.now) {
            AccessTokenSource.Grant.read(
                await session.send(login.request, within: Self.loginTime),
                at: calendar()
            )
        }
    }

    /// Sends a raw push; with another access token once more, when ours was not good.
    func push(_ body: [UInt8], to channel: WNSChannel, within time: Duration) async -> NotificationOutcome {
        guard body.count <= Self.longestBody else {
            return .rejected("the push is longer than \(Self.longestBody) bytes")
        }
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
            let headers = [
                ("Authorization", "Bearer \(token)"), ("Content-Type", "application/octet-stream"),
                ("X-WNS-Type", "wns/raw"), ("X-WNS-RequestForStatus", "true"),
                // A device that comes back to the network in time gets it then.
                ("X-WNS-Cache-Policy", "cache"), ("X-WNS-TTL", "\(max(left.components.seconds, 1))"),
            ]
            switch await self.session.send(WebRequest(url: channel.url, headers: headers, body: body), within: left) {
            case .failure(let failure):
                return .failed("no answer: \(failure)")
            case .success(let response):
                switch WNSAnswer(response, at: self.calendar()) {
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

extension WNSNotifierSettings.Login {
    /// What to ask for an access token (RFC 6749, section 4.4).
    var request: WebRequest {
        let (url, client, secret, scope) =
            switch self {
            case .entra(let tenant, let client, let secret, let endpoint):
                ("\(endpoint)/\(tenant)/oauth2/v2.0/token", client, secret, "https://wns.windows.com/.default")
            case .legacy(let packageSID, let secret, let endpoint):
                ("\(endpoint)/accesstoken.srf", packageSID, secret, "notify.windows.com")
            }
        let form = secret.withText { secret in
            [
                ("grant_type", "client_credentials"), ("client_id", client), ("client_secret", secret),
                ("scope", scope),
            ]
            .map { "\($0.0)=\(Self.encoded($0.1))" }.joined(separator: "&")
        }
        return WebRequest(
            url: url,
            headers: [("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json")],
            body: Array(form.utf8)
        )
    }

    /// For a form: all but the unreserved characters of RFC 3986.
    private static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                bytes.append(byte)
            default:
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 0xF)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
