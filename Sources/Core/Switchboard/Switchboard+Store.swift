internal import PluginAPI
import Synchronization
import Telephony

/// Something that is to be stored, as it was when it was decided.
struct StoredNote: Sendable {
    enum Change: Sendable {
        case put(Registration, record: Int64)
        case remove(record: Int64)
        case forget(SecretDigest)
    }

    /// Counts all changes.
    let number: UInt64
    let change: Change
}

extension Switchboard.State {
    /// Copies what a change of the store needs, and gives it its number.
    mutating func note(_ action: ExchangeAction) -> StoredNote? {
        let change: StoredNote.Change
        switch action {
        case .store(let id):
            guard let registration = self.exchange.registration(id), let record = registration.record else {
                return nil
            }
            change = .put(registration, record: record)
        case .unstore(let record): change = .remove(record: record)
        case .unstoreWakeup(let token): change = .forget(token)
        case .tell, .close, .resolve, .wake, .callOff: return nil
        }
        self.lastChange += 1
        return StoredNote(number: self.lastChange, change: change)
    }
}

/// Writing down what must outlive the process.
extension Switchboard {
    func write(_ notes: [StoredNote], at now: Moment) {
        guard let keeper = self.keeper else { return }
        let calendar = self.calendar()
        keeper.note(notes.map { ($0.number, Self.change($0.change, at: now, calendar)) })
    }

    private static func change(_ change: StoredNote.Change, at now: Moment, _ calendar: CalendarTime) -> StoreChange {
        switch change {
        case .put(let registration, let record):
            .put(StoredRegistration(registration, record: record, at: now, calendar))
        case .remove(let record): .remove(registration: record)
        case .forget(let token): .forget(tokenDigest: token.bytes)
        }
    }

    /// A push is being sent: its token must work after a restart as well.
    func write(_ token: SecretDigest, of record: Int64?, until end: CalendarTime) {
        guard let keeper = self.keeper, let record else { return }
        let number = self.state.withLock { state in
            state.lastChange += 1
            return state.lastChange
        }
        let stored = StoredWakeup(tokenDigest: token.bytes, registration: record, end: end.milliseconds)
        keeper.note([(number, .note(stored))])
    }

    /// Tells a client that its notification data is durable, as soon as it is.
    func confirmStored(_ id: RegistrationID, to port: PortID, touching touched: inout [any Port]) {
        guard let keeper = self.keeper else {
            return self.confirm(id, to: port, isStored: false, touching: &touched)
        }
        keeper.note([]) { isStored in
            var touched: [any Port] = []
            self.confirm(id, to: port, isStored: isStored, touching: &touched)
            touched.flush()
        }
    }

    private func confirm(_ id: RegistrationID, to port: PortID, isStored: Bool, touching touched: inout [any Port]) {
        self.perform(touching: &touched) { exchange, _, actions in
            exchange.notificationStored(of: id, on: port, isStored, into: &actions)
        }
    }
}

extension StoredRegistration {
    init(_ registration: Registration, record: Int64, at now: Moment, _ calendar: CalendarTime) {
        let date = { (moment: Moment) in
            (calendar + .nanoseconds(moment.nanoseconds.subtractingClamped(now.nanoseconds))).milliseconds
        }
        var absentSince: Int64?
        if case .detached(let since) = registration.state { absentSince = date(since) }
        self.init(
            number: record,
            identifierDigest: (registration.sealed ?? registration.identifier.digest).bytes,
            username: registration.username?.text ?? "",
            dialString: registration.address.dialString.text,
            displayName: registration.address.displayName,
            clientDescription: registration.description,
            notificationToken: registration.notification?.token ?? [],
            notificationURL: registration.notification?.url,
            quarantinedSince: registration.quarantinedSince.map(date),
            absentSince: absentSince
        )
    }
}

extension Int64 {
    fileprivate func subtractingClamped(_ other: Int64) -> Int64 {
        let (difference, isBeyond) = self.subtractingReportingOverflow(other)
        return isBeyond ? (other > 0 ? .min : .max) : difference
    }
}
