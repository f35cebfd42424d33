package import Telephony

extension CloseCode {
    /// The code, and the words for people, for a decision of the exchange.
    package static func meaning(_ cause: CloseCause) -> (CloseCode, String) {
        switch cause {
        case .replaced: (.replaced, "replaced by a newer connection")
        case .administrator: (.terminatedByAdministrator, "terminated by the administrator")
        case .disconnected: (.goingAway, "closed by the administrator, please come again")
        case .expired: (.tokenExpired, "the access token expired")
        case .finished: (.normal, "the call is over")
        case .shutdown: (.goingAway, "the server stops")
        }
    }
}
