/// Why a WebSocket connection is closed, as the close frame says it (RFC 6455 §7.4; docs/protocol.md, section 2).
package struct CloseCode: Hashable, Sendable {
    /// The code on the wire.
    package let number: UInt16

    package init(_ number: UInt16) {
        self.number = number
    }

    /// The connection has done what it was for.
    package static let normal = CloseCode(1000)
    /// The server drains or stops; the client may come back.
    package static let goingAway = CloseCode(1001)
    /// Framing that breaks RFC 6455, or a `version` that is not ours (§8.1.1).
    package static let protocolError = CloseCode(1002)
    /// A binary message: this protocol has none.
    package static let unsupportedData = CloseCode(1003)
    /// Text that is not UTF-8 or not a JSON object.
    package static let invalidPayload = CloseCode(1007)
    /// A rule of this server was broken: a rate, a missing registration.
    package static let policyViolation = CloseCode(1008)
    /// A message over the size limit.
    package static let messageTooBig = CloseCode(1009)
    /// Something failed here, through no fault of the client.
    package static let internalError = CloseCode(1011)
    /// The server is overloaded; the client should wait before it comes back.
    package static let tryAgainLater = CloseCode(1013)

    /// The access token expired (§4.2.2).
    package static let tokenExpired = CloseCode(4001)
    /// A newer connection has taken over the registration (§9.5).
    package static let replaced = CloseCode(4002)
    /// The administrator ended the connection.
    package static let terminatedByAdministrator = CloseCode(4003)
    /// Nothing was heard from the client for too long.
    package static let keepAliveLost = CloseCode(4004)

    /// Whether a peer may send it: assigned by RFC 6455 §7.4 and IANA's registry, or left to applications.
    var isAllowedOnWire: Bool {
        switch self.number {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }
}
