/// Waking clients that sleep (§6, §9.5.2): one push and one leg for each registration and call, whatever reconnects meanwhile.
///
///     offered to a sleeping device ──▶ .wake ──▶ noteWakeup ──▶ push ──▶ pushed ──▶ the client comes: redeem, restore
///                                                                          │
///                                                                          └──▶ the leg ends at once, if it will not come
extension Exchange {
    /// How a device is offered a call.
    struct Candidate {
        let id: RegistrationID
        let reach: Registration.Reach
    }

    /// Nothing has come from a socket for longer than a ping interval, or something has again.
    package mutating func setSilent(_ port: PortID, _ isSilent: Bool) {
        self.ports[port]?.isSilent = isSilent
    }

    // MARK: Offering

    /// Sets a leg's clock running, and has its device woken if need be.
    mutating func summon(
        _ candidate: Candidate,
        to call: CallID,
        _ seat: Seat,
        at now: Moment,
        into actions: inout [ExchangeAction]
    ) {
        switch candidate.reach {
        case .ring, .none:
            break
        case .wait(let end):
            self.timers.remind(of: .parkedLeg(call, seat), at: end)
        case .ringAndWake:
            self.wake(candidate.id, for: call, seat, at: now, into: &actions)
        case .wake:
            if self.wake(candidate.id, for: call, seat, at: now, into: &actions) {
                self.timers.remind(of: .parkedLeg(call, seat), at: now + self.policy.wakeupTimeout)
            } else {
                self.waitNoLonger(for: candidate.id, in: call, seat, at: now, into: &actions)
            }
        }
    }

    /// - Returns: Whether a push is on its way: `false` when there were too many.
    @discardableResult
    private mutating func wake(
        _ id: RegistrationID,
        for call: CallID,
        _ seat: Seat,
        at now: Moment,
        into actions: inout [ExchangeAction]
    ) -> Bool {
        guard let notification = self.book[id]?.notification, let caller = self.calls[call]?.caller.label.local,
            let earliest = self.book[id]?.admitPush(at: now)
        else { return false }
        let wakeup = Wakeup(
            registration: id,
            call: call,
            seat: seat,
            notification: notification,
            caller: caller.dialString,
            earliest: earliest,
            end: now + self.policy.wakeupTimeout,
            record: self.book[id]?.record
        )
        self.chronicle.note(.pushRequested(id), of: call, at: now)
        actions.append(.wake(wakeup))
        return true
    }

    /// A device will not be woken. Where its socket was lost only a moment ago, it may still come by itself.
    private mutating func waitNoLonger(
        for id: RegistrationID,
        in call: CallID,
        _ seat: Seat,
        at now: Moment,
        into actions: inout [ExchangeAction]
    ) {
        if case .detached(let since)? = self.book[id]?.state, now < since + self.policy.reloadWait {
            self.timers.remind(of: .parkedLeg(call, seat), at: since + self.policy.reloadWait)
        } else {
            self.change(call, at: now, into: &actions) { $0.parkedLegTimedOut(seat, into: &$1) }
        }
    }

    // MARK: The push

    /// A push is about to be sent: until the call ends, or the token is too old, its client may come back with the token,
    /// once. `false` when it is not wanted any more, since the call is over or the device is back.
    package mutating func noteWakeup(_ token: SecretDigest, for wakeup: Wakeup, at now: Moment) -> Bool {
        guard let leg = self.calls[wakeup.call]?.leg(wakeup.seat), leg.registration == wakeup.registration else {
            return false
        }
        switch leg.progress {
        case .parked, .offered: break
        case .ringing, .connected: return false
        }
        self.wakeups.note(token, .init(registration: wakeup.registration, wakeup: wakeup))
        self.timers.remind(of: .wakeup(token), at: now + self.policy.wakeupTokenLife)
        return true
    }

    /// An operator has a client woken, for no call: until the token is too old, it may come back with it, once. `nil` for one
    /// that can't be woken.
    package mutating func noteTrialWakeup(
        _ token: SecretDigest,
        of id: RegistrationID,
        at now: Moment
    ) -> (notification: NotificationData, record: Int64?)? {
        guard let registration = self.book[id], let notification = registration.notification else { return nil }
        self.wakeups.note(token, .init(registration: id, wakeup: nil))
        self.timers.remind(of: .wakeup(token), at: now + self.policy.wakeupTokenLife)
        return (notification, registration.record)
    }

    /// Whether a push may still be answered.
    package func awaits(_ token: SecretDigest) -> Bool {
        self.wakeups.registration(for: token) != nil
    }

    /// What became of a push; without a token: it was never sent.
    package mutating func pushed(
        _ token: SecretDigest?,
        for wakeup: Wakeup,
        _ result: PushResult,
        at now: Moment,
        into actions: inout [ExchangeAction]
    ) {
        self.chronicle.note(.pushed(wakeup.registration, result), of: wakeup.call, at: now)
        if let token, result == .accepted {
            // The call may have ended while the push was on its way, and nobody could be told so before; or the client was
            // faster than the service's answer, and is there.
            let isWanted = self.wakeups.accepted(token)
            let isThere = self.book[wakeup.registration]?.port != nil
            if !isWanted, !isThere, self.calls[wakeup.call]?.leg(wakeup.seat) == nil {
                actions.append(.callOff(wakeup))
            }
            return
        }
        if let token { self.forgetWakeup(token, into: &actions) }
        // It may have said meanwhile how else it can be woken.
        if result == .gone, let device = self.book[wakeup.registration], device.notification == wakeup.notification,
            device.quarantinedSince == nil
        {
            self.book[wakeup.registration]?.quarantinedSince = now
            self.timers.remind(of: .quarantine(wakeup.registration), at: now + self.policy.quarantine)
            self.store(wakeup.registration, into: &actions)
        }
        if self.calls[wakeup.call]?.leg(wakeup.seat)?.progress == .parked {
            self.waitNoLonger(for: wakeup.registration, in: wakeup.call, wakeup.seat, at: now, into: &actions)
        }
    }

    /// Somebody answers a push: the token is used up, and its registration has a new identifier to be restored by; the old
    /// one is void, as is every other push to it. `false`, and nothing changed, for a token that is unknown, used or expired.
    package mutating func redeem(
        _ token: SecretDigest,
        for identifier: RegistrationIdentifier,
        into actions: inout [ExchangeAction]
    ) -> Bool {
        guard let id = self.wakeups.registration(for: token) else { return false }
        self.forgetWakeups(of: id, into: &actions)
        self.book.change(id, to: identifier)
        self.store(id, into: &actions)
        return true
    }

    /// A leg is over, and a push for it dies with it. Who still sleeps is told.
    mutating func wakeupEnded(
        of id: RegistrationID,
        for call: CallID,
        isPresent: Bool,
        into actions: inout [ExchangeAction]
    ) {
        guard let (token, entry) = self.wakeups.take(of: id, for: call) else { return }
        if self.book[id]?.record != nil {
            actions.append(.unstoreWakeup(token))
        }
        if entry.isAccepted, !isPresent, let wakeup = entry.wakeup {
            actions.append(.callOff(wakeup))
        }
    }

    mutating func forgetWakeup(_ token: SecretDigest, into actions: inout [ExchangeAction]) {
        guard let entry = self.wakeups.forget(token), self.book[entry.registration]?.record != nil else { return }
        actions.append(.unstoreWakeup(token))
    }

    private mutating func forgetWakeups(of id: RegistrationID, into actions: inout [ExchangeAction]) {
        for token in self.wakeups.forget(of: id) where self.book[id]?.record != nil {
            actions.append(.unstoreWakeup(token))
        }
    }

    // MARK: Quarantine

    mutating func quarantineReminded(_ id: RegistrationID, at now: Moment, into actions: inout [ExchangeAction]) {
        guard let registration = self.book[id], let since = registration.quarantinedSince else { return }
        let end = since + self.policy.quarantine
        guard end <= now else {
            // It was well meanwhile, and is in quarantine again.
            return self.timers.remind(of: .quarantine(id), at: end)
        }
        self.book[id]?.dropNotification()
        self.unstore(id, into: &actions)
        if case .detached(let since) = registration.state, since + self.policy.reconnectGrace <= now {
            self.end(id, because: .connectionLost, at: now, into: &actions)
        }
    }

    // MARK: The store

    /// What is stored of a registration has changed.
    func store(_ id: RegistrationID, into actions: inout [ExchangeAction]) {
        guard self.book[id]?.record != nil else { return }
        actions.append(.store(id))
    }

    /// A registration as it stands.
    package func registration(_ id: RegistrationID) -> Registration? {
        self.book[id]
    }

    /// What was noted of a registration is durable, or can't be made so: its client has asked to hear that.
    package func notificationStored(
        of id: RegistrationID,
        on port: PortID,
        _ isStored: Bool,
        into actions: inout [ExchangeAction]
    ) {
        guard self.isOpen(port), self.ports[port]?.registration == id, let registration = self.book[id] else { return }
        actions.append(
            .tell(
                port,
                isStored ? .notificationStored(registration.identifier) : .registerRefused(.status, .unavailable)
            )
        )
    }

    mutating func unstore(_ id: RegistrationID, into actions: inout [ExchangeAction]) {
        guard let record = self.book[id]?.record else { return }
        self.book[id]?.record = nil
        actions.append(.unstore(record))
    }
}
