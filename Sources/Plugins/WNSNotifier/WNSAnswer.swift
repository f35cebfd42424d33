internal import PluginAPI
internal import WebClient

/// What Microsoft says to a push, and what to make of it.
enum WNSAnswer: Sendable, Hashable {
    case outcome(NotificationOutcome)
    /// Our access token is not good: with another one, once more.
    case unauthenticated

    /// - Parameter now: Seconds since 1970-01-01 UTC, for a `Retry-After` that is a date.
    init(_ response: WebResponse, at now: Int64) {
        let wait = response.retryAfter(at: now)
        let words = "status \(response.status)\(response.diagnosis)"
        switch response.status {
        case 200:
            self = .outcome(Self.accepted(response, words))
        case 401:
            self = .unauthenticated
        case 403:
            self = .outcome(.gone("\(words): the channel is of another app", alarm: true))
        case 404, 410:
            self = .outcome(.gone(words))
        case 406, 429:
            self = .outcome(.throttled(.everybody, retryAfter: wait))
        case 500...599:
            self = .outcome(.failed(words, retryAfter: wait))
        default:
            self = .outcome(.misconfigured(words))
        }
    }

    /// A push that was taken may still have been thrown away.
    private static func accepted(_ response: WebResponse, _ words: String) -> NotificationOutcome {
        switch response.header("x-wns-status")?.lowercased() {
        case "dropped"?: return .rejected("the push was dropped\(response.diagnosis)")
        case "channelthrottled"?: return .throttled(.client)
        default: break
        }
        switch response.header("x-wns-deviceconnectionstatus")?.lowercased() {
        case "disconnected"?: return .rejected("the device is not connected")
        default: return .waiting
        }
    }
}

extension WebResponse {
    /// What helps Microsoft, and us, to find out what happened.
    fileprivate var diagnosis: String {
        let names = ["x-wns-error-description", "x-wns-msg-id", "x-wns-debug-trace", "ms-cv"]
        let parts = names.compactMap { name in
            self.header(name).map { value in
                let shown = value.unicodeScalars.prefix(200).map {
                    (0x20...0x7E).contains($0.value) ? Character($0) : "?"
                }
                return "\(name) \(String(shown))"
            }
        }
        return parts.isEmpty ? "" : ", \(parts.joined(separator: ", "))"
    }
}
