package import NIOHTTP1

/// An HTTP answer that is not what the client hoped for: status, headers, and a line of plain text that says why.
package struct HTTPRefusal: Error, Sendable, Hashable {
    package var status: HTTPResponseStatus
    package var headers: [String: String] = [:]
    /// The values of `WWW-Authenticate`, one header each.
    package var challenges: [String] = []
    /// Never holds anything of the request.
    package var reason: String
    /// Whether the client may try again on the same connection.
    package var keepsConnection = false

    package static func badRequest(_ reason: String) -> Self {
        Self(status: .badRequest, reason: reason)
    }

    /// The connection is kept: browsers repeat the handshake on it, with the password.
    package static func unauthorized(_ reason: String, challenges: [String]) -> Self {
        Self(status: .unauthorized, challenges: challenges, reason: reason, keepsConnection: true)
    }

    package static let forbiddenOrigin = Self(status: .forbidden, reason: "pages of this origin are not allowed here")

    package static let notFound = Self(
        status: .notFound,
        reason: "nothing is served under this path",
        keepsConnection: true
    )

    package static func methodNotAllowed(_ allowed: String) -> Self {
        Self(status: .methodNotAllowed, headers: ["Allow": allowed], reason: "only \(allowed) is served here")
    }

    package static func upgradeRequired(_ reason: String) -> Self {
        Self(
            status: .upgradeRequired,
            headers: ["Upgrade": "websocket", "Sec-WebSocket-Version": "13"],
            reason: reason
        )
    }

    package static func tooMany(_ things: String, retryAfter seconds: Int) -> Self {
        Self(status: .tooManyRequests, headers: ["Retry-After": "\(seconds)"], reason: "too many \(things)")
    }

    package static func unavailable(_ reason: String, retryAfter seconds: Int) -> Self {
        Self(status: .serviceUnavailable, headers: ["Retry-After": "\(seconds)"], reason: reason)
    }

    package static let headersTooLarge = Self(
        status: .requestHeaderFieldsTooLarge,
        reason: "the request's headers are too large"
    )
}
