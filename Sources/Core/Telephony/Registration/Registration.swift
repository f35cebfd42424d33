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
    /// How to wake the client when it sleeps.
    package private(set) var notification: NotificationData?

    /// Until when it may be here; `nil` for as long as it likes.
    package internal(set) var lease: Lease?

    /// The calls of this client, as it names them. Few, hence an array.
    package internal(set) var calls: [CallEntry] = []
    /// The next registration of the same number.
    package internal(set) var nextDevice: RegistrationID?
    package internal(set) var startLimit = RateLimit()
    /// Whether ``absenceReminded(at:grace:retention:)`` is still to come for an absence, be it an earlier one.
    private var awaitsReminder = false

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
        /// The registration is kept for its notification data; its calls are not.
        case endCalls(remindAt: Moment)
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
            guard self.notification != nil, since + retention > now else { return .endRegistration }
            return .endCalls(remindAt: since + retention)
        }
    }

    /// Whether a new call should wait for this device: its socket is there, or was a moment ago (a page reload).
    package func isReachable(at now: Moment, within reloadWait: Duration) -> Bool {
        switch self.state {
        case .attached: true
        case .detached(let since): now < since + reloadWait
        }
    }

    /// How long nobody has been there, for whom nothing is lost when it goes; `nil` when somebody is there or in a call.
    package var abandonedSince: Moment? {
        guard case .detached(let since) = self.state, self.calls.isEmpty else { return nil }
        return since
    }

    package mutating func keep(_ notification: NotificationData) {
        self.notification = notification
    }
}

/// What the front door found out about somebody who registers.
package struct Enrolment: Sendable {
    package var identifier: RegistrationIdentifier
    package var username: Username?
    package var address: PartyAddress
    package var description: String?

    package init(
        identifier: RegistrationIdentifier,
        username: Username?,
        address: PartyAddress,
        description: String? = nil
    ) {
        self.identifier = identifier
        self.username = username
        self.address = address
        self.description = description
    }
}
