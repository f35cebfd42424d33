/// The story of one call from its start to its end; for an ended call also its record.
package struct CallTrace: Sendable {
    /// A call of more steps loses those in its middle: both ends tell more.
    package static let mostSteps = 64

    package let call: CallID
    package let caller: PartyAddress
    package let callerRegistration: RegistrationID
    /// What was dialled; after a transfer the party that was there already.
    package let dialled: PartyAddress
    package let started: Moment
    package private(set) var steps: [CallStep] = []
    /// How many steps were left out.
    package private(set) var omitted = 0
    /// When the caller heard that it rings.
    package private(set) var ringing: Moment?
    package private(set) var answered: Moment?
    package private(set) var ended: Moment?
    /// Who answered.
    package private(set) var callee: PartyAddress?
    /// What the caller's end ended with.
    package private(set) var reason: Reason?
    /// How many pushes were wanted.
    package private(set) var pushes = 0

    /// Whether steps are written down.
    private let keepsSteps: Bool

    init(_ call: CallID, caller: Leg, dialled: PartyAddress, keepsSteps: Bool, at now: Moment) {
        self.keepsSteps = keepsSteps
        self.call = call
        self.caller = caller.label.local
        self.callerRegistration = caller.registration
        self.dialled = dialled
        self.started = now
        if keepsSteps { self.steps.reserveCapacity(12) }
    }

    mutating func note(_ event: CallStep.Event, at now: Moment) {
        switch event {
        case .pushRequested:
            self.pushes += 1
        case .legEnded(let id, let reason):
            // What the caller hears; but a transfer ends the call, whichever side it came from.
            if id == self.callerRegistration || reason == .transferred { self.reason = reason }
        case .ended(let reason):
            self.ended = now
            self.reason = self.reason ?? reason
        case .started, .continued, .resolving, .resolved, .offered, .waiting, .pushed, .lost, .returned, .ringing,
            .answered, .held,
            .retrieved, .refused, .transferred, .takenOver:
            break
        }
        guard self.keepsSteps else { return }
        guard self.steps.count < Self.mostSteps else {
            self.steps.remove(at: Self.mostSteps / 2)
            self.omitted += 1
            return self.steps.append(CallStep(event, at: now))
        }
        self.steps.append(CallStep(event, at: now))
    }

    /// The caller hears that it rings: once.
    mutating func callerHears(at now: Moment) -> Bool {
        guard self.ringing == nil else { return false }
        self.ringing = now
        return true
    }

    /// Somebody picked up: once.
    mutating func answered(by callee: PartyAddress?, at now: Moment) -> Bool {
        guard self.answered == nil else { return false }
        self.answered = now
        self.callee = callee
        return true
    }
}
