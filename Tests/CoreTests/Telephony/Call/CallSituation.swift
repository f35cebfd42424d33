@testable import Telephony

/// The situations a call can be in, as far as they make a difference to what happens next.
///
/// Seat 0 is the caller, 1 and 2 are devices of the callee.
enum CallSituation: String, CaseIterable {
    /// The directory is asked.
    case routing
    /// One device was told.
    case offered
    /// One device was told, and has accepted.
    case ringing
    /// The only device is away, and was not told.
    case parked
    /// Device 1 was told, device 2 has accepted.
    case forked
    /// Device 1 was told, device 2 is away and was not told.
    case halfParked
    /// One device rings; the caller's socket was lost.
    case callerAway
    /// One device was told, then its socket was lost.
    case calleeAway
    /// A party of an answered call was sent on to a new number, and device 1 of that was told.
    case redirected
    case connected
    case heldByCaller
    case heldByCallee
    case heldByBoth
    /// Answered; the caller's socket was lost.
    case connectedCallerAway
    /// Answered; the callee's socket was lost.
    case connectedCalleeAway
    /// Two parties were joined by a transfer, and the first has been asked for an offer.
    case joined
    case ended

    /// Fails to compile when there is a new phase: which situations are in it?
    static func situations(in phase: Call.Phase) -> [CallSituation] {
        switch phase {
        case .routing: [.routing]
        case .offering:
            [.offered, .ringing, .parked, .forked, .halfParked, .callerAway, .calleeAway, .redirected]
        case .connected:
            [
                .connected, .heldByCaller, .heldByCallee, .heldByBoth, .connectedCallerAway, .connectedCalleeAway,
                .joined,
            ]
        case .ended: [.ended]
        }
    }

    /// Fails to compile when there is a new progress: in which situation is a callee there?
    static func situation(withCallee progress: Leg.Progress) -> CallSituation {
        switch progress {
        case .parked: .parked
        case .offered: .offered
        case .ringing: .ringing
        case .connected: .connected
        }
    }

    var call: Call {
        var call = Call(caller: Self.leg(0))
        switch self {
        case .routing: break
        case .offered: call.offered(to: 1)
        case .ringing: call.ringing(at: 1)
        case .parked: call.offered(to: 1, isPresent: false)
        case .forked:
            call.offered(to: 1)
            call.ringing(at: 2)
        case .halfParked:
            call.offered(to: 1)
            call.offered(to: 2, isPresent: false)
        case .callerAway:
            call.ringing(at: 1)
            call.connectionLost(by: .caller)
        case .calleeAway:
            call.offered(to: 1)
            call.connectionLost(by: Seat(1))
        case .redirected:
            call = Call(redirecting: Self.leg(0), to: PartyAddress(dialString: .anonymous))
            call.offered(to: 1)
        case .connected: call.answered()
        case .heldByCaller:
            call.answered()
            call.after { $0.hold(by: .caller, into: &$1) }
        case .heldByCallee:
            call.answered()
            call.after { $0.hold(by: Seat(1), into: &$1) }
        case .heldByBoth:
            call.answered()
            call.after { $0.hold(by: .caller, into: &$1) }
            call.after { $0.hold(by: Seat(1), into: &$1) }
        case .connectedCallerAway:
            call.answered()
            call.connectionLost(by: .caller)
        case .connectedCalleeAway:
            call.answered()
            call.connectionLost(by: Seat(1))
        case .joined:
            call = Call(joining: Self.leg(0), with: Self.leg(1))
        case .ended:
            call.answered()
            call.after { $0.endAll(.normal, into: &$1) }
        }
        return call
    }

    /// A leg for that seat; its registration and its identifier tell which.
    static func leg(_ seat: Int, isPresent: Bool = true) -> Leg {
        let address = PartyAddress(dialString: DialString("\(seat)00") ?? .anonymous)
        let identifier = CallIdentifier(uuidFrom: 0, UInt64(seat))
        return Leg(
            seat: Seat(seat),
            registration: RegistrationID(index: UInt32(seat), generation: 0),
            label: LegLabel(identifier: identifier, local: address, remote: PartyAddress(dialString: .anonymous)),
            isPresent: isPresent,
            description: "program \(seat)"
        )
    }
}

extension Call {
    /// Lets something happen that somebody else's test looks at.
    mutating func after(_ event: (inout Call, inout [CallAction]) -> Void) {
        var actions: [CallAction] = []
        event(&self, &actions)
    }

    mutating func offered(to seat: Int, isPresent: Bool = true) {
        _ = self.nextSeat()
        self.after { $0.offer(to: CallSituation.leg(seat, isPresent: isPresent), into: &$1) }
    }

    mutating func ringing(at seat: Int) {
        self.offered(to: seat)
        self.after { $0.accept(by: Seat(seat), into: &$1) }
    }

    mutating func answered() {
        self.offered(to: 1)
        self.after { $0.answer(by: Seat(1), into: &$1) }
    }
}
