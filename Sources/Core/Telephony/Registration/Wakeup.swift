/// The purpose of a ``WakeupToken``: a push was sent, and the client that answers it is to come back (§9.5.2).
package enum Wakeup {}

/// The pushes that may still be answered. Each token works once, and not for long.
package struct WakeupBook: Sendable {
    private var registrations: [WakeupToken: RegistrationID] = [:]
    /// The newest token of each registration: an older push is void.
    private var tokens: [RegistrationID: WakeupToken] = [:]

    package init() {}

    package var count: Int { self.registrations.count }

    package mutating func note(_ token: WakeupToken, for id: RegistrationID) {
        self.forget(of: id)
        self.registrations[token] = id
        self.tokens[id] = token
    }

    package func registration(for token: WakeupToken) -> RegistrationID? {
        self.registrations[token]
    }

    package mutating func forget(_ token: WakeupToken) {
        guard let id = self.registrations.removeValue(forKey: token) else { return }
        self.tokens[id] = nil
    }

    package mutating func forget(of id: RegistrationID) {
        guard let token = self.tokens.removeValue(forKey: id) else { return }
        self.registrations[token] = nil
    }
}
