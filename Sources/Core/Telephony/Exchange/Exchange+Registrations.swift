/// Registering, coming back, and leaving (§9).
extension Exchange {
    /// Registers a client whose identity and number the front door has found out.
    ///
    /// A socket that is registered already keeps what it has: asking for the same again is harmless.
    package mutating func register(
        _ enrolment: Enrolment,
        on port: PortID,
        at now: Moment,
        into actions: inout [ExchangeAction]
    ) {
        guard self.isOpen(port), let known = self.ports[port] else { return }
        if let id = known.registration, let registration = self.book[id] {
            let isSame =
                registration.username == enrolment.username
                && registration.address.dialString == enrolment.address.dialString
            actions.append(
                .tell(port, isSame ? .registered(registration.label) : .registerFailed(.alreadyRegistered))
            )
            return
        }
        if let refusal = self.makeRoom(for: enrolment, at: now, into: &actions) {
            actions.append(.tell(port, .registerFailed(refusal)))
            return
        }
        var registration = Registration(enrolment: enrolment, port: port)
        registration.begin = now
        let id = self.book.insert(registration)
        self.ports[port]?.registration = id
        self.passLease(of: port, to: id)
        self.chronicle(.created, of: id, at: now)
        actions.append(.tell(port, .registered(registration.label)))
    }

    /// Applies the rule for several devices of one number; says why there is no room for one more.
    private mutating func makeRoom(
        for enrolment: Enrolment,
        at now: Moment,
        into actions: inout [ExchangeAction]
    ) -> Reason? {
        guard !self.isDraining else { return .shutdown }
        let devices = self.book.devices(of: enrolment.address.dialString)
        switch self.policy.devices {
        case .replace:
            for device in devices {
                self.end(device, because: .replaced, at: now, into: &actions)
            }
        case .reject:
            guard devices.allSatisfy({ self.book[$0]?.port == nil }) else { return .alreadyRegistered }
            // Who lost his socket and logs in anew is the same person: the old registration must not shut him out.
            for device in devices {
                self.end(device, because: .replaced, at: now, into: &actions)
            }
        case .fork:
            let surplus = devices.count + 1 - self.policy.devicesPerNumber
            guard surplus > 0 else { return nil }
            let abandoned = self.abandoned(among: devices)
            guard abandoned.count >= surplus else { return .overload }
            for device in abandoned.prefix(surplus) {
                self.end(device, because: .replaced, at: now, into: &actions)
            }
        }
        return nil
    }

    /// Devices that nobody uses now, best to do without first: a log-in of today outweighs a phone that once was in use.
    private func abandoned(among devices: [RegistrationID]) -> [RegistrationID] {
        let abandoned = devices.compactMap { id -> (id: RegistrationID, since: Moment, canBeWoken: Bool)? in
            guard let device = self.book[id], let since = device.abandonedSince else { return nil }
            return (id, since, device.notification != nil)
        }
        return abandoned.sorted { left, right in
            left.canBeWoken == right.canBeWoken ? left.since < right.since : right.canBeWoken
        }.map(\.id)
    }

    /// Whether a client may come back with this secret. The front door asks before it lets a socket in.
    package func canRestore(_ identifier: RegistrationIdentifier) -> Bool {
        self.book.registration(for: identifier) != nil
    }

    /// A client came back on a new socket (§9.5.1): it hears its registration, its calls, and the media it missed. An older
    /// socket of the same registration is closed. `false`, and nothing changed, when the registration is gone meanwhile.
    package mutating func restore(
        _ identifier: RegistrationIdentifier,
        on port: PortID,
        at now: Moment,
        into actions: inout [ExchangeAction]
    ) -> Bool {
        guard self.isOpen(port), let id = self.book.registration(for: identifier) else { return false }
        return self.attach(id, to: port, at: now, into: &actions)
    }

    /// Gives a registration another socket, which hears what there is; the one it had, if any, is closed.
    mutating func attach(
        _ id: RegistrationID,
        to port: PortID,
        at now: Moment,
        into actions: inout [ExchangeAction]
    ) -> Bool {
        guard self.ports[port]?.registration == nil, let attachment = self.book[id]?.attach(to: port) else {
            return false
        }
        switch attachment {
        case .ignore:
            return false
        case .takeOver(let old):
            self.close(old, .replaced, into: &actions)
        case .returned:
            break
        }
        self.ports[port]?.registration = id
        self.store(id, into: &actions)
        guard let registration = self.book[id] else { return false }
        self.chronicle(.returned, of: id, at: now)
        if !registration.isGuest {
            actions.append(.tell(port, .registered(registration.label)))
        }
        for entry in registration.calls {
            self.chronicle.returned(id, in: entry.call, at: now)
            self.change(entry.call, at: now, into: &actions) { $0.returned(entry.seat, into: &$1) }
        }
        return true
    }

    /// A client ends its registration (§9.6). It must name its own, or none.
    package mutating func unregister(
        _ identifier: String?,
        from port: PortID,
        at now: Moment,
        into actions: inout [ExchangeAction]
    ) {
        guard self.isOpen(port) else { return }
        switch self.registration(of: port, named: identifier) {
        case .success(let id):
            self.end(id, because: .unregistered, at: now, into: &actions)
        case .failure(let refusal):
            actions.append(.tell(port, .registerRefused(.terminate, refusal.reason)))
        }
    }

    /// Somebody says a secret of which only the digest may be known, since the registration is one of before a restart.
    package mutating func unseal(_ identifier: RegistrationIdentifier, _ digest: SecretDigest) {
        self.book.unseal(identifier, digest)
    }

    /// Whether there are registrations of before a restart whose clients have not come back yet.
    package var hasSealed: Bool { self.book.hasSealed }

    /// A client says how it can be woken (§9.3). Returns the registration when there is something to be stored.
    @discardableResult
    package mutating func keep(
        _ notification: NotificationData?,
        named identifier: String?,
        from port: PortID,
        at now: Moment,
        into actions: inout [ExchangeAction]
    ) -> RegistrationID? {
        guard self.isOpen(port) else { return nil }
        switch self.registration(of: port, named: identifier) {
        case .success(let id):
            guard let notification else { return nil }
            guard self.book[id]?.admit(notification, at: now) == true else {
                actions.append(.tell(port, .registerRefused(.status, .overload)))
                return nil
            }
            self.book[id]?.keep(notification)
            if self.book[id]?.record == nil {
                self.book[id]?.record = self.nextRecord
                self.nextRecord += 1
            }
            self.store(id, into: &actions)
            return id
        case .failure(let refusal):
            actions.append(.tell(port, .registerRefused(.status, refusal.reason)))
            return nil
        }
    }

    private struct Refusal: Error {
        let reason: Reason
    }

    private func registration(of port: PortID, named identifier: String?) -> Result<RegistrationID, Refusal> {
        guard let id = self.ports[port]?.registration, let registration = self.book[id], !registration.isGuest else {
            return .failure(Refusal(reason: .notRegistered))
        }
        // Somebody else's secret and no secret at all get the same answer.
        if let identifier, RegistrationIdentifier(identifier) != registration.identifier {
            return .failure(Refusal(reason: .unknownIdentifier))
        }
        return .success(id)
    }

    // MARK: Leaving

    /// Ends a registration and its calls. Its client, if it is there, is told; its socket is closed unless the client asked.
    package mutating func end(
        _ id: RegistrationID,
        because departure: Departure,
        at now: Moment,
        into actions: inout [ExchangeAction]
    ) {
        guard let registration = self.book[id] else { return }
        if let port = registration.port {
            self.ports[port]?.registration = nil
        }
        self.endCalls(of: id, because: departure, at: now, into: &actions)
        self.chronicle(.ended(departure), of: id, at: now)
        self.unstore(id, into: &actions)
        self.forget(id)
        guard let port = registration.port else { return }
        if !registration.isGuest {
            actions.append(.tell(port, .registrationEnded(registration.identifier, departure.reason)))
        }
        switch departure {
        case .unregistered: self.grant(registration.lease, to: .port(port))
        case .connectionLost: break
        case .replaced: self.close(port, .replaced, into: &actions)
        case .expired: self.close(port, .expired, into: &actions)
        case .administrator: self.close(port, .administrator, into: &actions)
        case .shutdown: self.close(port, .shutdown, into: &actions)
        }
    }

    /// Has a registration's socket closed, and nothing else: its client may come back. `false` when nobody is there.
    package func disconnect(_ id: RegistrationID, into actions: inout [ExchangeAction]) -> Bool {
        guard let port = self.book.port(of: id), self.isOpen(port) else { return false }
        actions.append(.close(port, .disconnected))
        return true
    }

    /// Strikes a registration, with all that leads to it.
    mutating func forget(_ id: RegistrationID) {
        guard let registration = self.book.remove(id) else { return }
        self.leases.release(registration.lease, by: .registration(id))
        self.wakeups.forget(of: id)
    }

    mutating func endCalls(
        of id: RegistrationID,
        because departure: Departure,
        at now: Moment,
        into actions: inout [ExchangeAction]
    ) {
        for entry in self.book[id]?.calls ?? [] {
            self.change(entry.call, at: now, into: &actions) { $0.leave(entry.seat, because: departure, into: &$1) }
        }
    }
}
