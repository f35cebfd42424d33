/// Being here for a time only (§4.2.2), and being woken (§9.5.2).
extension Exchange {
    // MARK: Access tokens

    /// A client came on a new socket with an access token. When a socket or a registration is here by a token that this one
    /// renews, it takes its place, with calls and all; the old socket is closed.
    package mutating func admit(
        _ port: PortID,
        until lease: Lease,
        at now: Moment,
        into actions: inout [ExchangeAction]
    ) {
        guard self.isOpen(port), self.ports[port]?.lease == nil else { return }
        switch lease.key.flatMap({ self.leases.holder(of: $0) }) {
        case .port(let old)?:
            self.close(old, .replaced, into: &actions)
            self.grant(lease, to: .port(port))
        case .registration(let id)?:
            if self.book[id]?.isGuest == true, self.book[id]?.calls.isEmpty == true {
                // Nothing to come back to.
                self.end(id, because: .replaced, at: now, into: &actions)
                self.grant(lease, to: .port(port))
            } else {
                self.leases.release(self.book[id]?.lease, by: .registration(id))
                self.book[id]?.lease = nil
                self.grant(lease, to: .registration(id))
                _ = self.attach(id, to: port, at: now, into: &actions)
            }
        case nil:
            self.grant(lease, to: .port(port))
        }
    }

    /// Gives somebody who has none a lease.
    mutating func grant(_ lease: Lease?, to holder: LeaseHolder) {
        guard let lease else { return }
        switch holder {
        case .port(let port):
            guard self.isOpen(port) else { return }
            self.ports[port]?.lease = lease
        case .registration(let id):
            self.book[id]?.lease = lease
        }
        self.leases.grant(lease, to: holder)
        if self.leases.isLittered {
            var leases = self.leases
            leases.tidy { self.lease(of: $0) }
            self.leases = leases
        }
    }

    /// Who registers stays as long as his socket was let in for.
    mutating func passLease(of port: PortID, to id: RegistrationID) {
        guard let lease = self.ports[port]?.lease else { return }
        self.ports[port]?.lease = nil
        self.leases.release(lease, by: .port(port))
        self.grant(lease, to: .registration(id))
    }

    private func lease(of holder: LeaseHolder) -> Lease? {
        switch holder {
        case .port(let port): self.ports.look(at: port) { $0.lease } ?? nil
        case .registration(let id): self.book[id]?.lease
        }
    }

    /// Sends everybody away whose access token has expired by the calendar.
    package mutating func expireLeases(
        by calendar: CalendarTime,
        at now: Moment,
        into actions: inout [ExchangeAction]
    ) {
        while let holder = self.leases.takeEnded(by: calendar) {
            guard let lease = self.lease(of: holder), lease.end <= calendar else { continue }
            switch holder {
            case .port(let port):
                self.close(port, .expired, into: &actions)
            case .registration(let id):
                self.expire(id, at: now, into: &actions)
            }
        }
    }

    private mutating func expire(_ id: RegistrationID, at now: Moment, into actions: inout [ExchangeAction]) {
        guard let registration = self.book[id] else { return }
        guard registration.port == nil, registration.notification != nil else {
            return self.end(id, because: .expired, at: now, into: &actions)
        }
        // A phone that sleeps can't renew anything. It is kept as those are that came with a password, and proves itself
        // by the push that wakes it.
        self.endCalls(of: id, because: .expired, at: now, into: &actions)
        self.leases.release(registration.lease, by: .registration(id))
        self.book[id]?.lease = nil
    }

    // MARK: Wakeups

    /// A push is sent to a client: until then it may come back with this token, once.
    package mutating func note(_ token: WakeupToken, for identifier: RegistrationIdentifier, until end: Moment) -> Bool {
        guard let id = self.book.registration(for: identifier) else { return false }
        self.wakeups.note(token, for: id)
        self.timers.remind(of: .wakeup(token), at: end)
        return true
    }

    /// Whether a client may come back with this token. The front door asks before it lets a socket in.
    package func canWake(_ token: WakeupToken) -> Bool {
        self.wakeups.registration(for: token) != nil
    }

    /// A client answers a push: it comes back as by ``restore(_:on:at:into:)``, with a new identifier; token and old
    /// identifier are void. `false`, and nothing changed, when the token was used or expired meanwhile.
    package mutating func wake(
        _ token: WakeupToken,
        as identifier: RegistrationIdentifier,
        on port: PortID,
        at now: Moment,
        into actions: inout [ExchangeAction]
    ) -> Bool {
        guard self.isOpen(port), self.ports[port]?.registration == nil,
            let id = self.wakeups.registration(for: token)
        else { return false }
        self.wakeups.forget(token)
        self.book.change(id, to: identifier)
        return self.attach(id, to: port, at: now, into: &actions)
    }
}
