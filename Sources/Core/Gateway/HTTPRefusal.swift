package import NIOHTTP1

/// An HTTP answer that is not what the client hoped for: status, headers, and a line of plain text that says why.
package struct HTTPRefusal: Error, Sendable, Hashable {
    package var status: HTTPResponseStatus
    package var headers: [String: String] = [:]
    /// Never holds anything of the request.
    package var reason: String
    /// Whether the client may try again on the same connection.
    package var keepsConnection = false

    package static func badRequest(_ reason: String) -> Self {
        Self(status: .badRequest, reason: reason)
    }

    /// The connection is kept: browsers repeat the handshake on it, with the password.
    package static func unauthorized(_ reason: String, challenge: String?) -> Self {
        let headers = challenge.map { ["WWW-Authenticate": $0] } ?? [:]
        return Self(status: .unauthorized, headers: headers, reason: reason, keepsConnection: true)
    }

    package static let forbiddenOrigin = Self(status: .forbidden, reason: "pages of this origin are not allowed here")

    package static let notFound = Self(
        status: .notFound,
        reason: "nothing is served under this path",
        keepsConnection: true
    )

    package static let methodNotAllowed = Self(
        status: .methodNotAllowed,
        headers: ["Allow": "GET, HEAD"],
        reason: "only GET and HEAD are served"
    )

    package static func upgradeRequired(_ reason: String) -> Self {
        Self(
            status: .upgradeRequired,
            headers: ["Upgrade": "websocket", "Sec-WebSocket-Version": "13"],
            reason: reason
        )
    }

    package static func tooManyRequests(retryAfter seconds: Int) -> Self {
        Self(
            status: .tooManyRequests,
            headers: ["Retry-After": "\(seconds)"],
            reason: "too many connections from this address"
        )
    }

    package static func unavailable(_ reason: String, retryAfter seconds: Int) -> Self {
        Self(status: .serviceUnavailable, headers: ["Retry-After": "\(seconds)"], reason: reason)
    }

    package static let headersTooLarge = Self(
        status: .requestHeaderFieldsTooLarge,
        reason: "the request's headers are too large"
    )
}
