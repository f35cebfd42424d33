/// Media messages on their way through a call (§11). Their content is opaque; only where they go is decided here.
extension Call {
    package mutating func media(_ message: SessionDescription, from seat: Seat, into actions: inout [CallAction]) {
        guard self.hasLeg(in: seat) else { return }
        switch self.phase {
        case .routing, .offering:
            if seat == .caller {
                self.mediaFromCaller(message, into: &actions)
            } else {
                self.mediaFromCallee(message, seat: seat, into: &actions)
            }
        case .connected:
            guard self.passesAfterTransfer(message, from: seat) else { return }
            self.deliver(message, to: self.far(from: seat), into: &actions)
        case .ended:
            break
        }
    }

    /// Before the answer every device gets what the caller sends: those that are away, or come later, after their `start`.
    private mutating func mediaFromCaller(_ message: SessionDescription, into actions: inout [CallAction]) {
        // A party that was transferred still sends what belonged to the call before; it is asked for an offer later.
        guard self.freshOfferFrom == nil else { return }
        self.offered.keep(message)
        for callee in self.callees {
            self.tell(callee, .media(message), into: &actions)
        }
    }

    /// A device's media passes before the answer only when no other device can win.
    private mutating func mediaFromCallee(
        _ message: SessionDescription,
        seat: Seat,
        into actions: inout [CallAction]
    ) {
        if self.isForked || self.freshOfferFrom != nil {
            self.modify(seat) { $0.early.keep(message) }
        } else {
            self.deliver(message, to: .caller, into: &actions)
        }
    }

    /// Passes a message on, or keeps it until the party is back.
    mutating func deliver(_ message: SessionDescription, to seat: Seat, into actions: inout [CallAction]) {
        self.modify(seat) { leg in
            if leg.isPresent {
                actions.append(.tell(leg.registration, leg.label, .media(message)))
            } else {
                leg.kept.keep(message)
            }
        }
    }

    mutating func deliverKept(to seat: Seat, into actions: inout [CallAction]) {
        guard let leg = self.leg(seat), !leg.kept.isEmpty else { return }
        var messages: [SessionDescription] = []
        self.modify(seat) { messages = $0.kept.takeAll() }
        for message in messages {
            self.tell(leg, .media(message), into: &actions)
        }
    }

    // MARK: After a transfer

    /// Between a transfer and the first fresh offer, answers and candidates still belong to the call before: dropped, for
    /// they would confuse a peer connection they were not made for. An offer from either side begins anew.
    private mutating func passesAfterTransfer(_ message: SessionDescription, from seat: Seat) -> Bool {
        guard self.freshOfferFrom != nil else { return true }
        guard message.kind == .offer, message.hasSDP else { return false }
        self.freshOfferFrom = nil
        return true
    }

    func askForFreshOffer(into actions: inout [CallAction]) {
        guard let seat = self.freshOfferFrom, let leg = self.leg(seat) else { return }
        self.tell(leg, .offerRequest, into: &actions)
    }
}
