/// What WNS answers.
extension SimulatedAnswer {
    /// Taken, or not taken although the status is 200.
    ///
    /// - Parameters:
    ///   - status: `received`, `dropped` or `channelthrottled`.
    ///   - device: `connected` or `disconnected`; `nil` when nobody asked.
    package static func wns(_ status: String, device: String? = "connected") -> SimulatedAnswer {
        let answer = Self.wnsError(200, nil).with("x-wns-status", status)
        return device.map { answer.with("x-wns-deviceconnectionstatus", $0) } ?? answer
    }

    /// The request is wrong.
    package static let wnsBadRequest = Self.wnsError(400, "The request was malformed")
    /// The access token is none, or its time is over.
    package static let wnsUnauthorized = Self.wnsError(401, "The access token is invalid")
        .with("www-authenticate", "Bearer realm=WNS")
    /// The access token is another application's.
    package static let wnsForbidden = Self.wnsError(403, "The cloud service is not authorized for this channel")
    /// No such channel.
    package static let wnsNotFound = Self.wnsError(404, "The channel URI is not valid")
    /// The channel's 30 days are over.
    package static let wnsGone = Self.wnsError(410, "The channel expired")
    /// More than 5000 bytes.
    package static let wnsTooLarge = Self.wnsError(413, "The notification payload exceeds the 5000 byte limit")
    /// Something is wrong inside Microsoft.
    package static let wnsInternal = Self.wnsError(500, "Internal server error")

    /// Too many pushes.
    package static func wnsThrottled(retryAfter: String? = nil) -> SimulatedAnswer {
        let answer = Self.wnsError(406, "The cloud service exceeded its throttle limit")
        return retryAfter.map { answer.with("retry-after", $0) } ?? answer
    }

    /// WNS is overloaded.
    package static func wnsUnavailable(retryAfter: String? = nil) -> SimulatedAnswer {
        let answer = Self.wnsError(503, "The server is currently unavailable")
        return retryAfter.map { answer.with("retry-after", $0) } ?? answer
    }

    /// An answer with the headers that all of WNS's have.
    package static func wnsError(_ status: Int, _ description: String?) -> SimulatedAnswer {
        let answer = SimulatedAnswer(
            status: status,
            headers: [
                ("x-wns-msg-id", "2F6BB0B5F3A1D9C7"), ("x-wns-debug-trace", "BN3P000000000"), ("ms-cv", "simulator.0"),
            ]
        )
        return description.map { answer.with("x-wns-error-description", $0) } ?? answer
    }
}
