/// A call as it is written down, so that it can go on after the server was started anew: the media goes on meanwhile.
package struct CallRecord: Sendable, Hashable {
    package var phase: Call.Phase
    package var isForked: Bool
    package var failure: Reason?
    package var offered: [SessionDescription]
    package var freshOfferFrom: Seat?
    package var lastSeat: Int
    /// The caller first.
    package var legs: [Leg]

    package init(
        phase: Call.Phase,
        isForked: Bool,
        failure: Reason?,
        offered: [SessionDescription],
        freshOfferFrom: Seat?,
        lastSeat: Int,
        legs: [Leg]
    ) {
        self.phase = phase
        self.isForked = isForked
        self.failure = failure
        self.offered = offered
        self.freshOfferFrom = freshOfferFrom
        self.lastSeat = lastSeat
        self.legs = legs
    }

    /// `nil` for a call that has ended.
    package init?(_ call: Call) {
        guard call.phase != .ended else { return nil }
        self.init(
            phase: call.phase,
            isForked: call.isForked,
            failure: call.failure,
            offered: call.offered.all,
            freshOfferFrom: call.freshOfferFrom,
            lastSeat: call.lastSeat,
            legs: [call.caller] + call.callees
        )
    }
}

extension Call {
    /// The call as it was, with nobody there yet. `nil` when a leg is missing without which it can't go on.
    package init?(_ record: CallRecord) {
        guard var caller = record.legs.first, caller.seat == .caller else { return nil }
        caller.isPresent = false
        self.init(caller: caller)
        self.callees = record.legs.dropFirst().map { leg in
            var leg = leg
            leg.isPresent = false
            return leg
        }
        switch record.phase {
        case .routing: guard self.callees.isEmpty else { return nil }
        case .offering: guard !self.callees.isEmpty else { return nil }
        case .connected: guard self.callees.count == 1 else { return nil }
        case .ended: return nil
        }
        self.phase = record.phase
        self.isForked = record.isForked
        self.failure = record.failure
        self.offered = KeptMedia(record.offered)
        self.freshOfferFrom = record.freshOfferFrom
        self.lastSeat = max(record.lastSeat, record.legs.map(\.seat.number).max() ?? 0)
    }
}

extension KeptMedia {
    package init(_ messages: [SessionDescription]) {
        self.init()
        for message in messages {
            self.keep(message)
        }
    }
}
