import Logging
internal import PluginAPI
import Synchronization
import Telephony

/// Outliving the process: who can be woken is in the store at any time; everybody else, and the calls, are written down now
/// and then and at the end, so that clients find their calls as they were when they come back within the grace.
extension Switchboard {
    /// So many are looked at while the lock is held.
    private static let page = 256

    // MARK: Writing down

    /// Writes down how registrations and calls stand. `false` when that is not possible.
    @discardableResult
    package func keepSnapshot() async -> Bool {
        guard let keeper = self.keeper, keeper.isOpen else { return false }
        return await keeper.keep(snapshot: self.snapshot().text())
    }

    /// Whether there is anything to write it down in.
    package var canKeepSnapshot: Bool { self.keeper?.isOpen ?? false }

    /// Writes down how things stand every so often, if anything has happened since; until the task is cancelled.
    ///
    /// However much there is, it takes no more than a fiftieth of the time.
    package func keepSnapshots(every interval: Duration) async {
        let stopwatch = self.timer.stopwatch()
        var pause = interval
        var seen: UInt64?
        while !Task.isCancelled {
            try? await self.timer.sleep(for: pause)
            let events = self.state.withLock(\.events)
            guard !Task.isCancelled, events != seen else { continue }
            let begun = stopwatch()
            if await self.keepSnapshot() { seen = events }
            pause = max(interval, (stopwatch() - begun) * 50)
        }
    }

    private func snapshot() -> ExchangeSnapshot {
        var snapshot = ExchangeSnapshot()
        var next: Int? = 0
        while let index = next {
            let page = self.state.withLock { $0.exchange.registrationsToKeep(from: index, limit: Self.page) }
            for (id, registration) in page.registrations {
                snapshot.registrations.append(.init(id, registration))
            }
            next = page.next
        }
        next = 0
        while let index = next {
            let page = self.state.withLock { $0.exchange.callsToKeep(from: index, limit: Self.page) }
            snapshot.calls += page.calls
            next = page.next
        }
        snapshot.wakeups = self.state.withLock { $0.exchange.wakeupsToKeep }
        return snapshot
    }

    // MARK: Taking over

    /// Reads what the process before has left. To be called once, before the first socket.
    package func takeOver() async {
        guard let keeper = self.keeper, keeper.isOpen else { return }
        let (now, calendar) = (self.clock(), self.calendar())
        let moment = { @Sendable (milliseconds: Int64) in
            now + .milliseconds(milliseconds.subtractingReportingOverflow(calendar.milliseconds).partialValue)
        }
        let (wakeups, bytes) = await keeper.load { page in
            var touched: [any Port] = []
            self.perform(touching: &touched) { exchange, _, actions in
                for stored in page {
                    let since = stored.absentSince.map { min(moment($0), now) } ?? now
                    guard let registration = Registration(stored, absentSince: since, moment) else {
                        actions.append(.unstore(stored.number))
                        continue
                    }
                    exchange.takeOver(registration, record: stored.number, absentSince: since, at: now, into: &actions)
                }
            }
        }
        let snapshot = bytes.flatMap(ExchangeSnapshot.init(text:)) ?? ExchangeSnapshot()
        if bytes != nil, snapshot.registrations.isEmpty, snapshot.calls.isEmpty {
            self.logger.debug("nothing in the snapshot, or nothing that this version understands")
        }
        var touched: [any Port] = []
        let census = self.perform(touching: &touched) { exchange, _, actions in
            for wakeup in wakeups where wakeup.end > calendar.milliseconds {
                guard let token = SecretDigest(wakeup.tokenDigest) else { continue }
                exchange.takeOver(wakeup: token, of: wakeup.registration, until: moment(wakeup.end))
            }
            exchange.takeOver(snapshot, at: now, into: &actions)
            return exchange.census
        }
        self.logger.info(
            "taken over from before",
            metadata: ["registrations": "\(census.registrations)", "calls": "\(census.calls)"]
        )
    }
}

extension ExchangeSnapshot.RegistrationRecord {
    fileprivate init(_ id: RegistrationID, _ registration: Registration) {
        let digest = registration.isGuest ? nil : registration.sealed ?? registration.identifier.digest
        self.init(
            id: id,
            digest: digest,
            record: registration.record,
            username: registration.username,
            address: registration.address,
            description: registration.description,
            notification: registration.notification,
            lease: registration.lease
        )
    }
}

extension Registration {
    /// `nil` for what no version of ours can have stored.
    fileprivate init?(_ stored: StoredRegistration, absentSince since: Moment, _ moment: (Int64) -> Moment) {
        guard let digest = SecretDigest(stored.identifierDigest), let username = Username(stored.username),
            let dialString = DialString(stored.dialString)
        else { return nil }
        let enrolment = Enrolment(
            identifier: .init(high: 0, low: 0),
            username: username,
            address: PartyAddress(dialString: dialString, displayName: stored.displayName),
            description: stored.clientDescription
        )
        self.init(
            enrolment: enrolment,
            sealed: digest,
            absentSince: since,
            notification: NotificationData(token: stored.notificationToken, url: stored.notificationURL),
            quarantinedSince: stored.quarantinedSince.map(moment)
        )
    }
}
