/// Being here for a time only (§4.2.2).
extension Exchange {
    // MARK: Access tokens

    /// A client came on a new socket with an access token. When a socket or a registration is here by a token that this one
    /// renews, it takes its place, with calls and all; the old socket is closed.
    ///
    /// - Parameter identifier: What a registration of before a restart is restored by from now on, since nobody knows what it
    ///   was restored by till then.
    package mutating func admit(
        _ port: PortID,
        until lease: Lease,
        identifier: RegistrationIdentifier? = nil,
        at now: Moment,
        into actions: inout [ExchangeAction]
    ) {
        guard self.isOpen(port), self.ports[port]?.lease == nil else { return }
        switch lease.key.flatMap({ self.leases.holder(of: $0) }) {
        case .port(let old)?:
            self.close(old, .replaced, into: &actions)
            self.grant(lease, to: .port(port))
        case .registration(let id)?:
            self.leases.release(self.book[id]?.lease, by: .registration(id))
            self.grant(lease, to: .registration(id))
            if self.book[id]?.sealed != nil, let identifier {
                self.book.change(id, to: identifier)
            }
            _ = self.attach(id, to: port, at: now, into: &actions)
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
}
