package import Telephony

/// By what right a socket is let in.
package enum Admission: Sendable, Hashable {
    /// It logged in, or need not.
    case identity(Identity)
    /// It showed an access token, and may stay as long as that is valid.
    case token(TokenLogin)
    /// It showed the secret of a registration, or of a push that led to it.
    case registration(RegistrationIdentifier)

    /// How its user is shown when he calls without a registration.
    package var guest: PartyAddress? {
        if case .token(let login) = self { login.guest } else { nil }
    }
}

/// What an access token entitles to.
package struct TokenLogin: Sendable, Hashable {
    package let identity: Identity
    package let lease: Lease
    /// How its user is shown when he calls without a registration; `nil` when he may not.
    package let guest: PartyAddress?

    package init(_ token: AccessToken) {
        self.identity = token.username.map(Identity.user) ?? .unnamed
        self.lease = Lease(key: token.renewalKey, end: token.expiry)
        self.guest =
            token.mayCallUnregistered
            ? PartyAddress(dialString: .anonymous, displayName: token.displayName) : nil
    }
}
