/// What a call contributes to a transfer (§10.9). The exchange joins the pieces, for they come from two calls.
extension Call {
    /// The transferor leaves a connected call; the other party's leg is what remains of it, and the call itself is over.
    ///
    /// `nil`, and nothing changed, when the call is not connected.
    package mutating func takeRemainingLeg(
        leaving seat: Seat,
        into actions: inout [CallAction]
    ) -> Leg? {
        guard self.phase == .connected, let transferor = self.leg(seat), var remaining = self.leg(self.far(from: seat))
        else { return nil }
        self.endLeg(transferor, .transferred, into: &actions)
        remaining.holds = false
        remaining.kept = KeptMedia()
        remaining.early = KeptMedia()
        self.finish(into: &actions)
        return remaining
    }

    /// Both parties of a call that was just joined learn whom they talk to, and one is asked for a fresh offer.
    package func announceJoin(into actions: inout [CallAction]) {
        self.tellState(to: .caller, into: &actions)
        self.tellState(to: self.far(from: .caller), into: &actions)
        self.askForFreshOffer(into: &actions)
    }

    /// The remaining party of a blind transfer becomes the caller of a new call.
    package init(redirecting remaining: Leg, to remote: PartyAddress) {
        var caller = remaining
        caller.seat = .caller
        caller.progress = .ringing
        caller.label = caller.label.connected(to: remote, description: nil)
        self.init(caller: caller)
        self.freshOfferFrom = .caller
    }

    /// A blind transfer by the party in that seat waits for the directory; `nil` when it no longer does.
    package mutating func awaitRedirect(by seat: Seat?) {
        self.pendingRedirect = seat
    }
}
