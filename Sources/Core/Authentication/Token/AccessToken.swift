package import Telephony

/// What a valid access token says (§4.2).
package struct AccessToken: Sendable, Hashable, CustomStringConvertible {
    package let issuer: String
    package let algorithm: TokenAlgorithm
    /// Whom its bearer may register as; `nil`: nobody.
    package let username: Username?
    /// How to show its bearer when he calls without a registration.
    package let displayName: String?
    package let expiry: CalendarTime
    /// Whether its bearer may call without a registration.
    package let mayCallUnregistered: Bool
    /// What a later token must share to take this one's place; `nil` when none can.
    package let renewalKey: RenewalKey?

    package var description: String { "an access token of \(self.issuer)" }
}

/// What is wrong with an access token, as the log says it; the client only hears that it is not valid.
package enum TokenFault: String, Error, Sendable, Hashable, CustomStringConvertible {
    case malformed = "it is not a signed token in compact form"
    case header = "its header is not one of a JWT, or asks for more than a signature"
    case algorithm = "it is not signed by the algorithm that is configured for its issuer"
    case key = "it doesn't say which of its issuer's keys signed it"
    case signature = "its signature is wrong"
    case issuer = "its issuer is not configured"
    case audience = "it is meant for somebody else"
    case claims = "a claim has the wrong form"
    case expired = "it has expired"
    case notYetValid = "it is not valid yet"

    package var description: String { self.rawValue }
}

/// What becomes of an access token.
package enum TokenVerdict: Sendable, Hashable {
    case accepted(AccessToken)
    case refused(TokenFault)
    /// Its issuer may have a new key: ask again with ``TokenVerifier/verifyAfterReloadingKeys(_:)``.
    case unknownKey
    /// No key of its issuer is known, because it can't be fetched.
    case unavailable
}
