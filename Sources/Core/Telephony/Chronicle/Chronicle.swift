/// What is remembered of what has happened: the stories of calls, figures, and news for those who follow them.
///
/// Always on and bounded. It decides nothing, and nothing depends on it.
package struct Chronicle: Sendable {
    /// By the index of their call.
    private var live: [CallTrace?] = []
    /// Those that have ended.
    package private(set) var history: CallHistory

    package internal(set) var statistics = ExchangeStatistics()

    /// Whether news are noted, since somebody follows.
    package private(set) var isFollowed = false
    private var occurrences: [Occurrence] = []
    /// How many more there were than there is room for.
    private var lost = 0
    /// As much as is noted until somebody takes it.
    private static let mostOccurrences = 1 << 16

    init(capacity: Int) {
        self.history = CallHistory(capacity: capacity)
    }

    /// Remembers so many ended calls from now on.
    mutating func apply(capacity: Int) {
        self.history.resize(capacity)
    }

    // MARK: Calls

    mutating func begin(_ call: CallID, caller: Leg, dialled: PartyAddress, _ event: CallStep.Event, at now: Moment) {
        var trace = CallTrace(
            call,
            caller: caller,
            dialled: dialled,
            keepsSteps: self.history.capacity > 0,
            at: now
        )
        trace.note(event, at: now)
        while self.live.count <= Int(call.index) {
            self.live.append(nil)
        }
        self.live[Int(call.index)] = trace
        if event == .started {
            self.statistics.callsStarted += 1
            self.tell(.started, of: trace, by: caller.registration, at: now)
        }
    }

    mutating func note(_ event: CallStep.Event, of call: CallID, at now: Moment) {
        guard self.holds(call) else { return }
        self.live[Int(call.index)]?.note(event, at: now)
        guard self.isFollowed, let trace = self.live[Int(call.index)] else { return }
        switch event {
        case .ringing(let id): self.tell(.ringing, of: trace, by: id, at: now)
        case .held(let id): self.tell(.held, of: trace, by: id, at: now)
        case .retrieved(let id): self.tell(.retrieved, of: trace, by: id, at: now)
        default: break
        }
    }

    /// A party hears that it rings. Only the first news to the caller are news.
    mutating func rings(_ id: RegistrationID, in call: CallID, at now: Moment) {
        guard self.holds(call), let trace = self.live[Int(call.index)] else { return }
        guard trace.callerRegistration == id else { return self.note(.ringing(id), of: call, at: now) }
        if self.live[Int(call.index)]?.callerHears(at: now) == true {
            self.statistics.setUp.note(from: trace.started, to: now)
        }
    }

    /// A party hears that the call is active: at the answer, and whenever it is told again.
    mutating func isActive(_ id: RegistrationID, as address: PartyAddress, in call: CallID, at now: Moment) {
        guard self.holds(call), self.live[Int(call.index)]?.answered == nil,
            self.live[Int(call.index)]?.callerRegistration != id
        else { return }
        self.answered(call, by: id, as: address, at: now)
        self.note(.answered(id), of: call, at: now)
    }

    private mutating func answered(_ call: CallID, by id: RegistrationID, as address: PartyAddress, at now: Moment) {
        guard self.live[Int(call.index)]?.answered(by: address, at: now) == true,
            let trace = self.live[Int(call.index)]
        else { return }
        self.statistics.callsAnswered += 1
        self.statistics.answer.note(from: trace.started, to: now)
        self.tell(.answered, of: trace, by: id, at: now)
    }

    /// A party is back: perhaps since a push woke it.
    mutating func returned(_ id: RegistrationID, in call: CallID, at now: Moment) {
        guard self.holds(call), let trace = self.live[Int(call.index)] else { return }
        let push = trace.steps.last { $0.event == .pushed(id, .accepted) }
        if let push, !trace.steps.contains(where: { $0.event == .returned(id) }) {
            self.statistics.wakeToRing.note(from: push.moment, to: now)
        }
        self.note(.returned(id), of: call, at: now)
    }

    /// Two parties were joined by a transfer: nobody has to answer any more.
    mutating func joined(_ call: CallID, with address: PartyAddress, at now: Moment) {
        guard self.holds(call) else { return }
        _ = self.live[Int(call.index)]?.answered(by: address, at: now)
    }

    mutating func end(_ call: CallID, at now: Moment) {
        guard self.holds(call), var trace = self.live[Int(call.index)].take() else { return }
        let reason = trace.reason ?? .normal
        trace.note(.ended(reason), at: now)
        self.statistics.callsEnded[reason, default: 0] += 1
        self.tell(.ended(reason), of: trace, by: nil, at: now)
        self.history.append(trace)
    }

    /// What remained of a call that has just ended goes on as another.
    mutating func moved(_ call: CallID, to other: CallID, at now: Moment) {
        guard let trace = self.history.amend(call, { $0.note(.transferred(to: other), at: now) }) else { return }
        self.tell(.transferred(to: other), of: trace, by: nil, at: now)
    }

    private func holds(_ call: CallID) -> Bool {
        Int(call.index) < self.live.count && self.live[Int(call.index)]?.call == call
    }

    private mutating func tell(
        _ event: Occurrence.CallEvent,
        of trace: CallTrace,
        by id: RegistrationID?,
        at now: Moment
    ) {
        guard self.isFollowed else { return }
        self.tell(.call(event, trace.call, caller: trace.caller, dialled: trace.dialled, by: id), at: now)
    }

    // MARK: Registrations

    mutating func note(
        _ event: Occurrence.RegistrationEvent,
        of id: RegistrationID,
        _ registration: Registration,
        at now: Moment
    ) {
        switch event {
        case .created: self.statistics.registrationsCreated += 1
        case .ended(let departure): self.statistics.registrationsEnded[departure, default: 0] += 1
        case .lost, .returned: break
        }
        guard self.isFollowed else { return }
        self.tell(.registration(event, id, registration.address, registration.username), at: now)
    }

    // MARK: Reading

    /// The call of that name as it was told so far, live or ended.
    package func trace(of call: CallID) -> CallTrace? {
        if self.holds(call) { return self.live[Int(call.index)] }
        return self.history.trace(of: call)
    }

    package var liveCalls: [CallTrace] { self.live.compactMap { $0 } }

    // MARK: Following

    mutating func follow(_ isFollowed: Bool) {
        self.isFollowed = isFollowed
        if !isFollowed { (self.occurrences, self.lost) = ([], 0) }
    }

    /// What has happened since the last time, and how much was lost for want of room.
    mutating func takeOccurrences() -> (occurrences: [Occurrence], lost: Int) {
        defer { (self.occurrences, self.lost) = ([], 0) }
        return (self.occurrences, self.lost)
    }

    var hasOccurrences: Bool { !self.occurrences.isEmpty }

    private mutating func tell(_ event: Occurrence.Event, at now: Moment) {
        guard self.occurrences.count < Self.mostOccurrences else {
            self.lost += 1
            return
        }
        self.occurrences.append(Occurrence(moment: now, event: event))
    }
}
