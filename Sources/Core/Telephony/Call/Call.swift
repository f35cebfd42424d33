/// One call: a caller, the devices it is offered to, and after the answer the one that won.
///
///        routing ──▶ offering ──▶ connected ──▶ ended
///           └───────────┴──────────────────────▲
///
/// A pure value: each function is something that can happen, and appends what is to be done about it. A leg that is gone
/// from the call has been told `terminated`, exactly once, and hears nothing more.
package struct Call: Sendable {
    package enum Phase: String, Sendable, Hashable {
        /// The directory is being asked whether the number exists.
        case routing
        /// The callee's devices are told, or will be when they come back.
        case offering
        case connected
        case ended
    }

    package internal(set) var phase: Phase
    package internal(set) var caller: Leg
    /// Before the answer every device that may still answer; after it the one that did.
    package internal(set) var callees: [Leg] = []
    /// Whether it was ever offered to more than one device at a time: then no callee's media passes before one has won.
    var isForked = false
    /// Why devices dropped out so far; the weightiest is what the caller is told when none is left.
    var failure: Reason?
    /// The caller's last offer and its candidates: every device gets them right after its `start`.
    var offered = KeptMedia()
    /// After a transfer: whose fresh offer is awaited before media passes again.
    var freshOfferFrom: Seat?
    /// A blind transfer that waits for the directory's answer.
    package internal(set) var pendingRedirect: Seat?
    var lastSeat = 0

    /// A new call whose devices are not known yet.
    package init(caller: Leg) {
        self.phase = .routing
        self.caller = caller
    }

    /// Two parties joined by a transfer. The caller's place is that of the party which is asked for a fresh offer.
    package init(joining first: Leg, with second: Leg) {
        self.phase = .connected
        self.caller = first
        self.caller.seat = .caller
        var callee = second
        callee.seat = Seat(1)
        self.callees = [callee]
        self.lastSeat = 1
        self.freshOfferFrom = .caller
    }

    // MARK: Offering

    /// The seat that the next device will take.
    package mutating func nextSeat() -> Seat {
        self.lastSeat += 1
        return Seat(self.lastSeat)
    }

    /// Offers the call to a device. Several may be offered it, also late, as long as nobody has answered.
    package mutating func offer(to leg: Leg, into actions: inout [CallAction]) {
        switch self.phase {
        case .routing, .offering:
            self.phase = .offering
            self.isForked = self.isForked || !self.callees.isEmpty
            self.callees.append(leg)
            if leg.isPresent {
                self.announce(leg, into: &actions)
            }
        case .connected, .ended:
            // Answered, or given up, while this device was being found.
            break
        }
    }

    /// Nobody can be offered the call.
    package mutating func routingFailed(_ reason: Reason, into actions: inout [CallAction]) {
        switch self.phase {
        case .routing:
            self.endLeg(self.caller, reason, into: &actions)
            self.finish(into: &actions)
        case .offering, .connected, .ended:
            // Somebody registered for the number while the directory was asked.
            break
        }
    }

    private func announce(_ leg: Leg, into actions: inout [CallAction]) {
        self.tell(leg, .start, into: &actions)
        for message in self.offered.all {
            self.tell(leg, .media(message), into: &actions)
        }
    }

    // MARK: Requests

    /// The phone rings.
    package mutating func accept(by seat: Seat, into actions: inout [CallAction]) {
        guard self.phase == .offering, let index = self.calleeIndex(seat), self.callees[index].progress == .offered
        else { return self.refuse(seat, .invalidState, into: &actions) }
        self.callees[index].progress = .ringing
        self.tell(self.callees[index], .status(.ringing, nil), into: &actions)
        if self.caller.progress == .offered {
            self.caller.progress = .ringing
            self.tell(self.caller, .status(.ringing, nil), into: &actions)
        }
    }

    /// Somebody picked up: the first device wins.
    package mutating func answer(by seat: Seat, into actions: inout [CallAction]) {
        guard self.phase == .offering, let index = self.calleeIndex(seat), self.callees[index].progress != .parked
        else { return self.refuse(seat, .invalidState, into: &actions) }
        var winner = self.callees[index]
        for other in self.callees where other.seat != seat {
            self.endLeg(other, .answeredElsewhere, into: &actions)
        }
        winner.progress = .connected
        self.caller.progress = .connected
        self.caller.label = self.caller.label.connected(to: winner.label.local, description: winner.description)
        let early = winner.early.takeAll()
        self.callees = [winner]
        self.phase = .connected
        self.offered = KeptMedia()

        self.tell(winner, .status(.active, nil), into: &actions)
        self.tell(self.caller, .status(.active, nil), into: &actions)
        for message in early {
            self.media(message, from: seat, into: &actions)
        }
        self.askForFreshOffer(into: &actions)
    }

    /// Hang up, decline or give up.
    package mutating func terminate(by seat: Seat, reason: Reason?, into actions: inout [CallAction]) {
        guard let leg = self.leg(seat) else { return }
        self.tell(leg, .status(.terminating, nil), into: &actions)
        switch self.phase {
        case .routing, .offering:
            if seat == .caller {
                self.endAll(.cancelled, into: &actions)
            } else {
                self.dropCallee(seat, reason == .busy ? .busy : .rejected, into: &actions)
            }
        case .connected:
            self.endLeg(leg, .normal, into: &actions)
            self.endRemaining(but: seat, .normal, into: &actions)
        case .ended:
            break
        }
    }

    package mutating func hold(by seat: Seat, into actions: inout [CallAction]) {
        self.setHold(by: seat, to: true, into: &actions)
    }

    package mutating func retrieve(by seat: Seat, into actions: inout [CallAction]) {
        self.setHold(by: seat, to: false, into: &actions)
    }

    private mutating func setHold(by seat: Seat, to holds: Bool, into actions: inout [CallAction]) {
        guard self.phase == .connected, let leg = self.leg(seat), leg.holds != holds else {
            return self.refuse(seat, .invalidState, into: &actions)
        }
        self.modify(seat) { $0.holds = holds }
        self.tellState(to: seat, into: &actions)
        self.tellState(to: self.far(from: seat), into: &actions)
    }

    /// A request that makes no sense, or is not allowed now: the party hears the call's true state.
    package func refuse(_ seat: Seat, _ reason: Reason, into actions: inout [CallAction]) {
        guard let leg = self.leg(seat) else { return }
        self.tell(leg, .status(self.state(of: seat), reason), into: &actions)
    }

    // MARK: Time

    package mutating func ringTimedOut(into actions: inout [CallAction]) {
        switch self.phase {
        case .routing, .offering:
            self.endAll(.noAnswer, into: &actions)
        case .connected, .ended:
            break
        }
    }

    /// A device that was away when the call came has not come back.
    package mutating func parkedLegTimedOut(_ seat: Seat, into actions: inout [CallAction]) {
        guard self.phase == .offering, self.leg(seat)?.progress == .parked else { return }
        self.dropCallee(seat, .unavailable, into: &actions)
    }

    // MARK: Parties that come and go

    package mutating func connectionLost(by seat: Seat) {
        self.modify(seat) { $0.isPresent = false }
    }

    /// A party is back, on a new socket: it hears what it needs to go on (§9.5.1).
    package mutating func returned(_ seat: Seat, into actions: inout [CallAction]) {
        self.modify(seat) { $0.isPresent = true }
        guard let leg = self.leg(seat) else { return }
        switch self.phase {
        case .routing, .offering:
            if seat == .caller {
                self.tellState(to: seat, into: &actions)
                self.deliverKept(to: seat, into: &actions)
            } else {
                self.modify(seat) { $0.progress = .offered }
                self.announce(leg, into: &actions)
            }
        case .connected:
            self.tellState(to: seat, into: &actions)
            self.deliverKept(to: seat, into: &actions)
            if self.freshOfferFrom == seat {
                self.tell(leg, .offerRequest, into: &actions)
            }
        case .ended:
            break
        }
    }

    /// A party's registration goes, and its leg with it.
    package mutating func leave(_ seat: Seat, because departure: Departure, into actions: inout [CallAction]) {
        guard let leg = self.leg(seat) else { return }
        switch self.phase {
        case .routing, .offering:
            if seat == .caller {
                self.endAll(departure.callReason ?? .cancelled, into: &actions)
            } else {
                self.dropCallee(seat, departure.callReason ?? .unavailable, into: &actions)
            }
        case .connected:
            self.endLeg(leg, departure.callReason ?? .normal, into: &actions)
            self.endRemaining(but: seat, departure.callReason ?? .normal, into: &actions)
        case .ended:
            break
        }
    }

    /// Ends everything, for a reason from outside.
    package mutating func endAll(_ reason: Reason, into actions: inout [CallAction]) {
        guard self.phase != .ended else { return }
        self.endLeg(self.caller, reason, into: &actions)
        self.endRemaining(but: .caller, reason, into: &actions)
    }

    // MARK: Asking

    /// The call as the party in that seat sees it.
    package func state(of seat: Seat) -> CallState {
        switch self.phase {
        case .routing, .offering: .ringing
        case .connected:
            if self.leg(seat)?.holds == true {
                .held
            } else if self.leg(self.far(from: seat))?.holds == true {
                .holding
            } else {
                .active
            }
        case .ended: .terminated
        }
    }

    /// The leg in that seat; `nil` when it is gone, as all are once the call has ended.
    package func leg(_ seat: Seat) -> Leg? {
        guard self.phase != .ended else { return nil }
        return seat == .caller ? self.caller : self.calleeIndex(seat).map { self.callees[$0] }
    }

    /// The other party of a connected call.
    package func far(from seat: Seat) -> Seat {
        seat == .caller ? self.callees.first?.seat ?? .caller : .caller
    }

    // MARK: Rooms next door (Negotiation, Transfer) use these

    func hasLeg(in seat: Seat) -> Bool {
        self.phase != .ended && (seat == .caller || self.calleeIndex(seat) != nil)
    }

    func calleeIndex(_ seat: Seat) -> Int? {
        self.callees.firstIndex { $0.seat == seat }
    }

    mutating func modify(_ seat: Seat, _ change: (inout Leg) -> Void) {
        if seat == .caller {
            change(&self.caller)
        } else if let index = self.calleeIndex(seat) {
            change(&self.callees[index])
        }
    }

    func tell(_ leg: Leg, _ indication: CallIndication, into actions: inout [CallAction]) {
        guard leg.isPresent else { return }
        actions.append(.tell(leg.registration, leg.label, indication))
    }

    func tellState(to seat: Seat, into actions: inout [CallAction]) {
        guard let leg = self.leg(seat) else { return }
        self.tell(leg, .status(self.state(of: seat), nil), into: &actions)
    }

    func endLeg(_ leg: Leg, _ reason: Reason, into actions: inout [CallAction]) {
        actions.append(.legEnded(leg.registration, leg.label, reason, isPresent: leg.isPresent))
    }

    /// Ends every leg but that one, which was ended before, and with them the call.
    private mutating func endRemaining(but seat: Seat, _ reason: Reason, into actions: inout [CallAction]) {
        if seat != .caller {
            self.endLeg(self.caller, reason, into: &actions)
        }
        for callee in self.callees where callee.seat != seat {
            self.endLeg(callee, reason, into: &actions)
        }
        self.finish(into: &actions)
    }

    /// One device drops out before the answer; with the last one the caller's leg ends too.
    private mutating func dropCallee(_ seat: Seat, _ reason: Reason, into actions: inout [CallAction]) {
        guard let index = self.calleeIndex(seat) else { return }
        self.endLeg(self.callees.remove(at: index), reason, into: &actions)
        let failure = Self.weightier(self.failure, reason)
        self.failure = failure
        if self.callees.isEmpty {
            self.endLeg(self.caller, failure, into: &actions)
            self.finish(into: &actions)
        }
    }

    /// A person's decision outweighs a device's absence.
    private static func weightier(_ known: Reason?, _ new: Reason) -> Reason {
        let order: [Reason] = [.rejected, .busy, .connectionLost, .unavailable]
        let weight = { (reason: Reason) in order.firstIndex(of: reason) ?? order.count }
        guard let known else { return new }
        return weight(new) < weight(known) ? new : known
    }

    mutating func finish(into actions: inout [CallAction]) {
        self.phase = .ended
        self.callees = []
        actions.append(.ended)
    }
}
