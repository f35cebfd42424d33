/// The book of all registrations and calls of this server, and all decisions about them.
///
/// A pure value without clock, lock or socket: each function is something that happened, at a moment that comes in, and
/// appends to `actions` what is to be done. It is never copied (the next change would copy the tables): whoever needs to
/// see something asks for it while holding the guard.
package struct Exchange: Sendable {
    package internal(set) var policy: ExchangePolicy
    package internal(set) var calls = Slab<Call>()
    var ports = Slab<ExchangePort>()
    var book = RegistrationBook()
    var timers = TimerQueue<Moment, ExchangeTimer>()
    var leases = LeaseBook()
    var wakeups = WakeupBook()
    /// What is remembered of what has happened.
    package internal(set) var chronicle: Chronicle
    /// The number of the next registration in the store.
    var nextRecord: Int64 = 1
    /// While what was before is taken over: where everything from the store has come to stand.
    var records: [Int64: RegistrationID] = [:]
    /// Whether new calls and registrations are refused since the server drains.
    package internal(set) var isDraining = false
    /// What a call wants done, while it is being done: one buffer for all events.
    private var wanted: [CallAction] = []
    /// Makes the identifiers of the legs we start (§10.2). They need be unique for one client only, and are no secret.
    private var identifiers: SequentialRandom

    package init(policy: ExchangePolicy, seed: UInt64) {
        self.policy = policy
        self.chronicle = Chronicle(capacity: policy.rememberedCalls)
        self.identifiers = SequentialRandom(seed: seed)
    }

    // MARK: Sockets

    /// A socket is there. `guest`: how to show its user if he may call without a registration.
    package mutating func connected(guest: PartyAddress? = nil) -> PortID {
        self.ports.insert(ExchangePort(guest: guest))
    }

    /// A socket is gone.
    package mutating func connectionLost(_ port: PortID, at now: Moment, into actions: inout [ExchangeAction]) {
        guard let lost = self.ports.remove(port) else { return }
        self.leases.release(lost.lease, by: .port(port))
        guard let id = lost.registration else { return }
        switch self.book[id]?.connectionLost(port, at: now) {
        case .wait(let remind)?:
            self.store(id, into: &actions)
            self.chronicle(.lost, of: id, at: now)
            for entry in self.book[id]?.calls ?? [] {
                self.calls[entry.call]?.connectionLost(by: entry.seat)
                self.chronicle.note(.lost(id), of: entry.call, at: now)
            }
            if remind {
                self.timers.remind(of: .absence(id), at: now + self.policy.reconnectGrace)
            }
        case .end?:
            self.end(id, because: .connectionLost, at: now, into: &actions)
        case .ignore?, nil:
            break
        }
    }

    /// Whether a socket is there and is to stay.
    func isOpen(_ port: PortID) -> Bool {
        self.ports.look(at: port) { $0.isClosing } == false
    }

    /// Has a socket closed. Nothing is told to it, and nothing is heard from it, after this.
    mutating func close(_ port: PortID, _ cause: CloseCause, into actions: inout [ExchangeAction]) {
        guard self.isOpen(port) else { return }
        self.leases.release(self.ports[port]?.lease, by: .port(port))
        self.ports[port]?.lease = nil
        self.ports[port]?.registration = nil
        self.ports[port]?.isClosing = true
        actions.append(.close(port, cause))
    }

    // MARK: Calls

    /// A client asks something of one of its calls, or for a new one.
    package mutating func receive(
        _ request: CallRequest,
        for identifier: CallIdentifier,
        from port: PortID,
        at now: Moment,
        into actions: inout [ExchangeAction]
    ) {
        guard self.isOpen(port) else { return }
        if case .start(let dialString, let description) = request {
            return self.start(
                identifier,
                to: dialString,
                description: description,
                from: port,
                at: now,
                into: &actions
            )
        }
        let id = self.ports.look(at: port) { $0.registration }
        guard let id, let entry = self.book.entry(for: identifier, of: id) else {
            let reason: Reason = request == .malformed ? .invalidMessage : self.reasonForUnknownCall(port)
            actions.append(.tell(port, .callRefused(identifier: identifier.text, reason)))
            return
        }
        switch request {
        case .start:
            break
        case .accept:
            self.change(entry.call, at: now, into: &actions) { $0.accept(by: entry.seat, into: &$1) }
        case .answer:
            self.change(entry.call, at: now, into: &actions) { $0.answer(by: entry.seat, into: &$1) }
        case .terminate(let reason):
            self.change(entry.call, at: now, into: &actions) { $0.terminate(by: entry.seat, reason: reason, into: &$1) }
        case .hold:
            self.setHold(entry, of: id, to: true, at: now, into: &actions)
        case .retrieve:
            self.setHold(entry, of: id, to: false, at: now, into: &actions)
        case .media(let message):
            self.change(entry.call, at: now, into: &actions) { $0.media(message, from: entry.seat, into: &$1) }
        case .malformed:
            self.change(entry.call, at: now, into: &actions) { $0.refuse(entry.seat, .invalidMessage, into: &$1) }
        case .transfer(let other):
            self.transfer(entry, to: other, of: id, port: port, at: now, into: &actions)
        case .redirect(let dialString):
            self.redirect(entry, to: dialString, of: id, at: now, into: &actions)
        }
    }

    private mutating func setHold(
        _ entry: Registration.CallEntry,
        of id: RegistrationID,
        to holds: Bool,
        at now: Moment,
        into actions: inout [ExchangeAction]
    ) {
        var isNews = false
        self.change(entry.call, at: now, into: &actions) { call, actions in
            let before = call.leg(entry.seat)?.holds
            holds ? call.hold(by: entry.seat, into: &actions) : call.retrieve(by: entry.seat, into: &actions)
            isNews = call.leg(entry.seat)?.holds != before
        }
        if isNews { self.chronicle.note(holds ? .held(id) : .retrieved(id), of: entry.call, at: now) }
    }

    /// Why a socket has no call of the name it gives: where nobody may have calls, that comes first.
    private func reasonForUnknownCall(_ port: PortID) -> Reason {
        let mayHaveCalls = self.ports[port].map { $0.registration != nil || $0.guest != nil } ?? false
        return mayHaveCalls ? .unknownIdentifier : .notRegistered
    }

    /// An operator ends a call.
    package mutating func endCall(_ id: CallID, reason: Reason, at now: Moment, into actions: inout [ExchangeAction]) {
        self.change(id, at: now, into: &actions) { $0.endAll(reason, into: &$1) }
    }

    // MARK: Time

    /// When ``advance(to:into:)`` has something to do next.
    package var nextReminder: Moment? { self.timers.next }

    /// Time has passed: carries out what has become due.
    package mutating func advance(to now: Moment, into actions: inout [ExchangeAction]) {
        while let timer = self.timers.takeDue(by: now) {
            switch timer {
            case .ring(let call):
                self.change(call, at: now, into: &actions) { $0.ringTimedOut(into: &$1) }
            case .parkedLeg(let call, let seat):
                self.change(call, at: now, into: &actions) { $0.parkedLegTimedOut(seat, into: &$1) }
            case .absence(let id):
                self.absenceReminded(id, at: now, into: &actions)
            case .retention(let id):
                self.retentionReminded(id, at: now, into: &actions)
            case .wakeup(let token):
                self.forgetWakeup(token, into: &actions)
            case .quarantine(let id):
                self.quarantineReminded(id, at: now, into: &actions)
            }
        }
    }

    private mutating func absenceReminded(_ id: RegistrationID, at now: Moment, into actions: inout [ExchangeAction]) {
        let (grace, retention) = (self.policy.reconnectGrace, self.policy.notificationRetention)
        switch self.book[id]?.absenceReminded(at: now, grace: grace, retention: retention) {
        case .endRegistration?:
            self.end(id, because: .connectionLost, at: now, into: &actions)
        case .endCalls(let due)?:
            self.endCalls(of: id, because: .connectionLost, at: now, into: &actions)
            if let due { self.timers.remind(of: .retention(id), at: due) }
        case .wait(let due)?:
            self.timers.remind(of: .absence(id), at: due)
        case .ignore?, nil:
            break
        }
    }

    private mutating func retentionReminded(_ id: RegistrationID, at now: Moment, into actions: inout [ExchangeAction])
    {
        switch self.book[id]?.retentionReminded(at: now, retention: self.policy.notificationRetention) {
        case .endRegistration?:
            self.end(id, because: .connectionLost, at: now, into: &actions)
        case .wait(let due)?:
            self.timers.remind(of: .retention(id), at: due)
        case .endCalls?, .ignore?, nil:
            break
        }
    }

    // MARK: Drain

    /// From now on new calls and registrations are refused.
    package mutating func beginDrain() {
        self.isDraining = true
    }

    package mutating func endDrain() {
        self.isDraining = false
    }

    /// Ends every call there is.
    package mutating func endAllCalls(_ reason: Reason, at now: Moment, into actions: inout [ExchangeAction]) {
        for call in self.calls.handles {
            self.endCall(call, reason: reason, at: now, into: &actions)
        }
    }

    /// New rules, from now on.
    package mutating func apply(_ policy: ExchangePolicy) {
        self.policy = policy
        self.chronicle.apply(capacity: policy.rememberedCalls)
    }

    // MARK: Carrying out

    /// Lets something happen to a call, and carries out what the call makes of it.
    mutating func change(
        _ id: CallID,
        at now: Moment,
        into actions: inout [ExchangeAction],
        _ event: (inout Call, inout [CallAction]) -> Void
    ) {
        var wanted: [CallAction] = []
        swap(&wanted, &self.wanted)
        self.calls.update(id) { $0?.experience(event, into: &wanted) }
        self.carryOut(wanted, of: id, at: now, into: &actions)
        wanted.removeAll(keepingCapacity: true)
        swap(&wanted, &self.wanted)
    }

    private mutating func carryOut(
        _ wanted: [CallAction],
        of id: CallID,
        at now: Moment,
        into actions: inout [ExchangeAction]
    ) {
        for action in wanted {
            switch action {
            case .tell(let registration, let label, let indication):
                self.chronicle(indication, to: registration, label, of: id, at: now)
                guard let port = self.book.port(of: registration) else { continue }
                actions.append(.tell(port, .call(label, indication)))
            case .legEnded(let registration, let label, let reason, let isPresent):
                self.book[registration]?.calls.removeAll { $0.identifier == label.identifier }
                self.chronicle.note(.legEnded(registration, reason), of: id, at: now)
                self.wakeupEnded(of: registration, for: id, isPresent: isPresent, into: &actions)
                if isPresent, let port = self.book.port(of: registration) {
                    actions.append(.tell(port, .call(label, .status(.terminated, reason))))
                }
                self.dismissGuest(registration, into: &actions)
            case .ended:
                self.calls.remove(id)
                self.chronicle.end(id, at: now)
            }
        }
    }

    /// Who came only to call is sent home after the last call (§4.2).
    mutating func dismissGuest(_ id: RegistrationID, into actions: inout [ExchangeAction]) {
        guard let registration = self.book[id], registration.isGuest, registration.calls.isEmpty else { return }
        self.forget(id)
        if let port = registration.port, self.ports[port]?.registration == id {
            self.close(port, .finished, into: &actions)
        }
    }

    mutating func makeIdentifier(for registration: RegistrationID) -> CallIdentifier {
        while true {
            let identifier = CallIdentifier(uuidFrom: self.identifiers.next(), self.identifiers.next())
            if self.book[registration]?.entry(for: identifier) == nil {
                return identifier
            }
        }
    }
}

extension Call {
    /// Lets something happen to the call where it stands in its table.
    fileprivate mutating func experience(
        _ event: (inout Call, inout [CallAction]) -> Void,
        into actions: inout [CallAction]
    ) {
        event(&self, &actions)
    }
}

/// SplitMix64: a different number each time for 2⁶⁴ times, and no secret about it.
struct SequentialRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
