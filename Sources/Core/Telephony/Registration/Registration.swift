package typealias RegistrationID = Handle<Registration>

/// An identity bound to a client: it outlives the socket it came on (§9).
///
///                   connectionLost                absenceReminded
///        attached ◀────────────────▶ detached ─────────────────────▶ removed from the book
///                       attach
///
/// With notification data a registration is kept for much longer than its calls are, so that a call can wake it.
package struct Registration: Sendable {
    package enum State: Sendable, Hashable {
        /// A socket is there.
        case attached(PortID)
        /// The socket was lost at that moment.
        case detached(since: Moment)
    }

    package private(set) var state: State
    package internal(set) var identifier: RegistrationIdentifier
    /// The number, and how its owner is shown to others.
    package let address: PartyAddress
    /// Who registered; `nil` for somebody who only calls and cannot be called.
    package let username: Username?
    /// How the client's program describes itself (§8.1.13).
    package let description: String?
    /// The directory that gave it the number, where that is known.
    package let directory: String?
    /// Since when it has existed, as far as this process knows.
    package internal(set) var begin: Moment?
    /// How to wake the client when it sleeps.
    package private(set) var notification: NotificationData?
    /// Since when its messaging service has not known it any more: no push until the client offers its token again.
    package internal(set) var quarantinedSince: Moment?
    /// Its number in the store, as soon as it can be woken: that makes it outlive the server's process.
    package internal(set) var record: Int64?
    /// Known instead of ``identifier`` after the server was started anew, until the client comes and says it.
    package internal(set) var sealed: SecretDigest?

    /// Until when it may be here; `nil` for as long as it likes.
    package internal(set) var lease: Lease?

    /// The calls of this client, as it names them. Few, hence an array.
    package internal(set) var calls: [CallEntry] = []
    /// The next registration of the same number.
    package internal(set) var nextDevice: RegistrationID?
    package internal(set) var startLimit = RateLimit()
    private var pushLimit = RateLimit()
    private var notificationLimit = RateLimit()
    private var lastPush: Moment?
    /// Whether ``absenceReminded(at:grace:retention:)`` is still to come for an absence, be it an earlier one.
    private var awaitsReminder = false
    /// The same for ``retentionReminded(at:retention:)``. So there is never more than one reminder of each kind, however often a
    /// phone comes and goes.
    private var awaitsRetention = false

    package struct CallEntry: Sendable, Hashable {
        package let identifier: CallIdentifier
        package var call: CallID
        package var seat: Seat
    }

    package init(enrolment: Enrolment, port: PortID) {
        self.state = .attached(port)
        self.identifier = enrolment.identifier
        self.address = enrolment.address
        self.username = enrolment.username
        self.description = enrolment.description
        self.directory = enrolment.directory
    }

    /// One of before the server was started anew: nobody is there, and its secret is known by its digest only.
    package init(
        enrolment: Enrolment,
        sealed digest: SecretDigest?,
        absentSince since: Moment,
        notification: NotificationData? = nil,
        quarantinedSince: Moment? = nil
    ) {
        self.state = .detached(since: since)
        self.identifier = enrolment.identifier
        self.address = enrolment.address
        self.username = enrolment.username
        self.description = enrolment.description
        self.directory = enrolment.directory
        self.sealed = digest
        self.notification = notification
        self.quarantinedSince = quarantinedSince
        self.awaitsRetention = true
    }

    /// It was there, or in a call, when the server was started anew: its absence begins now, and a reminder is to come.
    mutating func restart(at now: Moment) {
        guard case .detached = self.state else { return }
        self.state = .detached(since: now)
        self.awaitsReminder = true
    }

    package var label: RegistrationLabel {
        RegistrationLabel(identifier: self.identifier, address: self.address)
    }

    package var port: PortID? {
        if case .attached(let port) = self.state { port } else { nil }
    }

    /// Whether it exists only for the calls that it places (§4.2, the "call me" button).
    package var isGuest: Bool { self.username == nil }

    package func entry(for identifier: CallIdentifier) -> CallEntry? {
        self.calls.first { $0.identifier == identifier }
    }

    /// A leg belongs to another call from now on.
    mutating func move(_ identifier: CallIdentifier, to call: CallID, seat: Seat) {
        guard let index = self.calls.firstIndex(where: { $0.identifier == identifier }) else { return }
        self.calls[index].call = call
        self.calls[index].seat = seat
    }

    // MARK: What can happen

    package enum AttachAction: Sendable, Hashable {
        /// It was without a socket.
        case returned
        /// It has a socket already: that one is to be closed.
        case takeOver(from: PortID)
        /// It is there already.
        case ignore
    }

    /// Somebody proved on a new socket that this registration is his.
    package mutating func attach(to port: PortID) -> AttachAction {
        switch self.state {
        case .attached(port):
            return .ignore
        case .attached(let old):
            self.state = .attached(port)
            return .takeOver(from: old)
        case .detached:
            self.state = .attached(port)
            return .returned
        }
    }

    package enum LossAction: Sendable, Hashable {
        /// Wait for the client to come back. `remind`: unless the reminder of an earlier absence is still to come.
        case wait(remind: Bool)
        /// Nobody could come back: end it now.
        case end
        /// Another socket carries it meanwhile: the loss of the one it left says nothing.
        case ignore
    }

    package mutating func connectionLost(_ port: PortID, at now: Moment) -> LossAction {
        switch self.state {
        case .attached(port):
            self.state = .detached(since: now)
            // A guest has nothing to prove himself with, unless his token can be renewed.
            guard !self.isGuest || self.lease?.key != nil else { return .end }
            defer { self.awaitsReminder = true }
            return .wait(remind: !self.awaitsReminder)
        case .attached, .detached:
            return .ignore
        }
    }

    package enum AbsenceAction: Sendable, Hashable {
        case endRegistration
        /// The registration is kept for its notification data; its calls are not. No moment: an earlier reminder is to come.
        case endCalls(remindAt: Moment?)
        /// Not yet: it came back and was lost again later, or clients are granted more time meanwhile.
        case wait(remindAt: Moment)
        /// It is back.
        case ignore
    }

    /// The client may have been away for too long.
    package mutating func absenceReminded(at now: Moment, grace: Duration, retention: Duration) -> AbsenceAction {
        switch self.state {
        case .attached:
            self.awaitsReminder = false
            return .ignore
        case .detached(let since):
            guard since + grace <= now else { return .wait(remindAt: since + grace) }
            self.awaitsReminder = false
            guard self.notification != nil, since + retention > now else { return .endRegistration }
            defer { self.awaitsRetention = true }
            return .endCalls(remindAt: self.awaitsRetention ? nil : since + retention)
        }
    }

    /// The client may have slept for too long.
    package mutating func retentionReminded(at now: Moment, retention: Duration) -> AbsenceAction {
        switch self.state {
        case .attached:
            self.awaitsRetention = false
            return .ignore
        case .detached(let since):
            guard since + retention <= now else { return .wait(remindAt: since + retention) }
            return .endRegistration
        }
    }

    /// Whether a push may reach it.
    package var canBeWoken: Bool { self.notification != nil && self.quarantinedSince == nil }

    /// How a new call gets to this device.
    package enum Reach: Sendable, Hashable {
        case ring
        /// Its socket is there, but may be dead: nothing has come from it for a while.
        case ringAndWake
        /// By a push, since there is no socket.
        case wake
        /// Its socket was lost a moment ago (a page reload): by then it should be back.
        case wait(until: Moment)
        case none
    }

    /// - Parameter isSilent: Whether nothing has come from its socket for longer than a ping interval.
    package func reach(at now: Moment, within reloadWait: Duration, isSilent: Bool) -> Reach {
        switch self.state {
        case .attached: isSilent && self.canBeWoken ? .ringAndWake : .ring
        case .detached where self.canBeWoken: .wake
        case .detached(let since): now < since + reloadWait ? .wait(until: since + reloadWait) : .none
        }
    }

    /// How many pushes one client gets, a second apart, and how often it may say where to: on average ten a minute.
    private static let (pushSpacing, pushInterval, pushBurst) = (Duration.seconds(1), Duration.seconds(6), 10)

    /// When the next push may be sent, which is counted herewith; `nil` when there have been too many.
    package mutating func admitPush(at now: Moment) -> Moment? {
        guard self.pushLimit.admit(at: now, every: Self.pushInterval, burst: Self.pushBurst) else { return nil }
        let earliest = max(now, self.lastPush.map { $0 + Self.pushSpacing } ?? now)
        self.lastPush = earliest
        return earliest
    }

    /// How long nobody has been there, for whom nothing is lost when it goes; `nil` when somebody is there or in a call.
    package var abandonedSince: Moment? {
        guard case .detached(let since) = self.state, self.calls.isEmpty else { return nil }
        return since
    }

    /// The client says how it can be woken. That it says so again proves that its messaging service still knows it.
    package mutating func keep(_ notification: NotificationData) {
        self.notification = notification
        self.quarantinedSince = nil
    }

    /// Whether the client may say something new about how it can be woken: ten times a minute on average, since each time is
    /// a write to the disk. To say the same again is always allowed.
    package mutating func admit(_ notification: NotificationData, at now: Moment) -> Bool {
        notification == self.notification
            || self.notificationLimit.admit(at: now, every: Self.pushInterval, burst: Self.pushBurst)
    }

    /// Its messaging service has not known it for too long.
    package mutating func dropNotification() {
        self.notification = nil
        self.quarantinedSince = nil
    }
}

/// What the front door found out about somebody who registers.
package struct Enrolment: Sendable {
    package var identifier: RegistrationIdentifier
    package var username: Username?
    package var address: PartyAddress
    package var description: String?
    /// The name of the directory that gave the number.
    package var directory: String?

    package init(
        identifier: RegistrationIdentifier,
        username: Username?,
        address: PartyAddress,
        description: String? = nil,
        directory: String? = nil
    ) {
        self.identifier = identifier
        self.username = username
        self.address = address
        self.description = description
        self.directory = directory
    }
}
