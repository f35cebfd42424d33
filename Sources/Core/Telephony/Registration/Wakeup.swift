/// The purpose of a ``WakeupToken``: a push was sent, and the client that answers it is to come back (§9.5.2).
///
/// It is also all that there is to know about the push itself: whom it is to wake, for which call.
package struct Wakeup: Sendable, Hashable {
    package let registration: RegistrationID
    package let call: CallID
    package let seat: Seat
    /// Where the push goes.
    package let notification: NotificationData
    /// Who calls.
    package let caller: DialString
    /// Not to be sent before that moment: one client gets only so many.
    package let earliest: Moment
    /// Until when the client is waited for.
    package let end: Moment
    /// The registration's number in the store, where it has one.
    package let record: Int64?
}

/// What became of a push.
package enum PushResult: Sendable, Hashable {
    /// The messaging service took it.
    case accepted
    /// It will not reach its client in time.
    case failed
    /// The messaging service does not know the client any more.
    case gone
}

/// The pushes that may still be answered. Each token works once, and not for long; only its digest is known here.
package struct WakeupBook: Sendable {
    package struct Entry: Sendable, Hashable {
        package let registration: RegistrationID
        /// What it was sent for; `nil` for one that was sent before the server was started.
        package let wakeup: Wakeup?
        /// Whether the messaging service has it, so that it must be called off when the call ends first.
        package var isAccepted = false
    }

    private var entries: [SecretDigest: Entry] = [:]
    /// Of each registration, the newest last: one for each call that it sleeps through.
    private var tokens: [RegistrationID: [SecretDigest]] = [:]

    package init() {}

    package var count: Int { self.entries.count }

    package mutating func note(_ token: SecretDigest, _ entry: Entry) {
        self.entries[token] = entry
        self.tokens[entry.registration, default: []].append(token)
    }

    package func registration(for token: SecretDigest) -> RegistrationID? {
        self.entries[token]?.registration
    }

    /// A push has been taken by its messaging service. `false` when it is not wanted any more.
    package mutating func accepted(_ token: SecretDigest) -> Bool {
        guard self.entries[token] != nil else { return false }
        self.entries[token]?.isAccepted = true
        return true
    }

    /// Takes out the push that was sent for a call.
    package mutating func take(of id: RegistrationID, for call: CallID) -> (token: SecretDigest, entry: Entry)? {
        guard !self.entries.isEmpty else { return nil }
        for token in self.tokens[id] ?? [] where self.entries[token]?.wakeup?.call == call {
            return self.forget(token).map { (token, $0) }
        }
        return nil
    }

    /// All of them, in no order.
    package var all: [(token: SecretDigest, registration: RegistrationID)] {
        self.entries.map { ($0.key, $0.value.registration) }
    }

    @discardableResult
    package mutating func forget(_ token: SecretDigest) -> Entry? {
        guard let entry = self.entries.removeValue(forKey: token) else { return nil }
        self.tokens[entry.registration]?.removeAll { $0 == token }
        if self.tokens[entry.registration]?.isEmpty == true {
            self.tokens[entry.registration] = nil
        }
        return entry
    }

    /// Forgets all pushes to a registration, and says which they were.
    @discardableResult
    package mutating func forget(of id: RegistrationID) -> [SecretDigest] {
        let tokens = self.tokens.removeValue(forKey: id) ?? []
        for token in tokens {
            self.entries[token] = nil
        }
        return tokens
    }
}
