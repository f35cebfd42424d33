import Logging
package import Telephony

package enum TokenAlgorithm: String, Sendable { case hs256 = "HS256", rs256 = "RS256" }
package struct AccessToken: Sendable, Hashable {
    package var issuer: String
    package var username: Username?
    package var displayName: String?
    package var expiry: CalendarTime
    package var mayCallUnregistered: Bool
    package var renewalKey: RenewalKey?
}
package enum TokenFault: String, Sendable, CustomStringConvertible {
    case malformed
    package var description: String { self.rawValue }
}
package enum TokenVerdict: Sendable { case accepted(AccessToken), refused(TokenFault), unknownKey }
package final class TokenVerifier: Sendable {
    package func verify(_ token: String) -> TokenVerdict { .unknownKey }
    package func verifyAfterReloadingKeys(_ token: String) async -> TokenVerdict { .unknownKey }
}
