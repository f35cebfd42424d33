/// Registrations and calls as they are written down for the next process (§9.5.1: clients come back and find them).
package struct ExchangeSnapshot: Sendable {
    package struct RegistrationRecord: Sendable {
        /// What legs call it.
        package var id: RegistrationID
        /// Of the identifier it is restored by; `nil` for a guest, who comes back by a token.
        package var digest: SecretDigest?
        /// Where the rest of it is, when it is in the store.
        package var record: Int64?
        package var username: Username?
        package var address: PartyAddress
        package var description: String?
        package var notification: NotificationData?
        package var lease: Lease?

        package init(
            id: RegistrationID,
            digest: SecretDigest?,
            record: Int64?,
            username: Username?,
            address: PartyAddress,
            description: String?,
            notification: NotificationData?,
            lease: Lease?
        ) {
            self.id = id
            self.digest = digest
            self.record = record
            self.username = username
            self.address = address
            self.description = description
            self.notification = notification
            self.lease = lease
        }
    }

    /// A push that was sent for a call which still waits for its client.
    package struct WakeupRecord: Sendable {
        package var token: SecretDigest
        package var registration: RegistrationID

        package init(token: SecretDigest, registration: RegistrationID) {
            self.token = token
            self.registration = registration
        }
    }

    package var registrations: [RegistrationRecord] = []
    package var calls: [CallRecord] = []
    package var wakeups: [WakeupRecord] = []

    package init() {}
}

extension Exchange {
    // MARK: Writing down

    /// Some of the registrations that have to be written down: those that the store does not have, and those in a call.
    package func registrationsToKeep(
        from index: Int,
        limit: Int
    ) -> (registrations: [(RegistrationID, Registration)], next: Int?) {
        let (kept, next) = self.book.page(from: index, limit: limit) { registration in
            guard !registration.calls.isEmpty || registration.record == nil else { return false }
            return !registration.isGuest || registration.lease?.key != nil
        }
        return (kept, next)
    }

    /// Some of the calls.
    package func callsToKeep(from index: Int, limit: Int) -> (calls: [CallRecord], next: Int?) {
        let (page, next) = self.calls.page(from: index, limit: limit) { $0.phase != .ended }
        return (page.compactMap { CallRecord($0.1) }, next)
    }

    /// The pushes that may still be answered.
    package var wakeupsToKeep: [ExchangeSnapshot.WakeupRecord] {
        self.wakeups.all.map { .init(token: $0.token, registration: $0.registration) }
    }

    // MARK: Taking over

    /// A client of before, from the store. Nobody is there yet; one that has been away for too long is struck.
    package mutating func takeOver(
        _ registration: Registration,
        record: Int64,
        absentSince since: Moment,
        at now: Moment,
        into actions: inout [ExchangeAction]
    ) {
        self.nextRecord = max(self.nextRecord, record &+ 1)
        let end = since + self.policy.notificationRetention
        let release = registration.quarantinedSince.map { $0 + self.policy.quarantine }
        guard end > now, release.map({ $0 > now }) ?? true else {
            actions.append(.unstore(record))
            return
        }
        var registration = registration
        registration.record = record
        let id = self.book.insert(registration)
        self.records[record] = id
        self.timers.remind(of: .retention(id), at: end)
        if let release { self.timers.remind(of: .quarantine(id), at: release) }
    }

    /// A push of before, from the store.
    package mutating func takeOver(wakeup token: SecretDigest, of record: Int64, until end: Moment) {
        guard let id = self.records[record] else { return }
        self.wakeups.note(token, .init(registration: id, wakeup: nil))
        self.timers.remind(of: .wakeup(token), at: end)
    }

    /// Registrations and calls of before, after those of the store: their clients have the grace to come back.
    package mutating func takeOver(
        _ snapshot: ExchangeSnapshot,
        at now: Moment,
        into actions: inout [ExchangeAction]
    ) {
        var ids: [RegistrationID: RegistrationID] = [:]
        for record in snapshot.registrations {
            guard let id = self.takeOver(record, at: now) else { continue }
            ids[record.id] = id
            self.timers.remind(of: .absence(id), at: now + self.policy.reconnectGrace)
        }
        for wakeup in snapshot.wakeups {
            guard let id = ids[wakeup.registration], self.wakeups.registration(for: wakeup.token) == nil else {
                continue
            }
            self.wakeups.note(wakeup.token, .init(registration: id, wakeup: nil))
            self.timers.remind(of: .wakeup(wakeup.token), at: now + self.policy.wakeupTokenLife)
        }
        for record in snapshot.calls {
            self.takeOver(record, ids, at: now, into: &actions)
        }
        self.records = [:]
    }

    private mutating func takeOver(_ record: ExchangeSnapshot.RegistrationRecord, at now: Moment) -> RegistrationID? {
        if let number = record.record, let id = self.records[number] {
            self.book[id]?.restart(at: now)
            self.grant(record.lease, to: .registration(id))
            return id
        }
        // What the store should know and does not was struck from it.
        guard record.record == nil else { return nil }
        let enrolment = Enrolment(
            identifier: .init(high: 0, low: 0),
            username: record.username,
            address: record.address,
            description: record.description
        )
        var registration = Registration(
            enrolment: enrolment,
            sealed: record.digest,
            absentSince: now,
            notification: record.notification
        )
        registration.restart(at: now)
        guard registration.isGuest || record.digest != nil else { return nil }
        let id = self.book.insert(registration)
        self.grant(record.lease, to: .registration(id))
        return id
    }

    private mutating func takeOver(
        _ record: CallRecord,
        _ ids: [RegistrationID: RegistrationID],
        at now: Moment,
        into actions: inout [ExchangeAction]
    ) {
        var record = record
        record.legs = record.legs.compactMap { leg in
            ids[leg.registration].map { leg.moved(to: $0) }
        }
        guard let call = Call(record) else { return }
        let id = self.calls.insert(call)
        self.chronicle.begin(id, caller: call.caller, dialled: call.caller.label.remote, .takenOver, at: now)
        if call.phase == .connected { self.chronicle.joined(id, with: call.caller.label.remote, at: now) }
        for leg in [call.caller] + call.callees {
            self.book[leg.registration]?.calls.append(
                .init(identifier: leg.label.identifier, call: id, seat: leg.seat)
            )
            if leg.progress == .parked {
                self.timers.remind(of: .parkedLeg(id, leg.seat), at: now + self.policy.wakeupTimeout)
            }
        }
        switch call.phase {
        case .routing:
            self.timers.remind(of: .ring(id), at: now + self.policy.ringTimeout)
            actions.append(.resolve(id, call.caller.label.remote.dialString))
        case .offering:
            self.timers.remind(of: .ring(id), at: now + self.policy.ringTimeout)
        case .connected, .ended:
            break
        }
    }
}
