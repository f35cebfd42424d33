import Testing

@testable import Telephony

@Suite("Call: every situation and every event")
struct CallTests {
    @Test("Every pair has the outcome that the tables say", arguments: CallEvent.all)
    func pair(event: CallEvent) {
        let (table, reason) = event.expectation
        table.check(event, reason: reason)
    }

    @Test("The situations are in the phases that they are meant to be in")
    func phases() {
        for phase in [Call.Phase.routing, .offering, .connected, .ended] {
            let expected = CallSituation.situations(in: phase)
            #expect(CallSituation.allCases.filter { $0.call.phase == phase } == expected)
        }
        for progress in [Leg.Progress.parked, .offered, .ringing, .connected] {
            #expect(CallSituation.situation(withCallee: progress).call.callees.first?.progress == progress)
        }
    }

    @Test("An answered call keeps nothing of what was offered to the devices")
    func nothingKept() {
        for situation in [CallSituation.offered, .ringing, .forked, .halfParked] {
            var call = situation.call
            call.after { $0.media(.offer("o"), from: .caller, into: &$1) }
            call.after { $0.media(.answer("a"), from: Seat(1), into: &$1) }
            #expect(!call.offered.isEmpty)
            call.after { $0.answer(by: Seat(1), into: &$1) }
            #expect(call.offered.isEmpty)
            #expect(call.callees.allSatisfy { $0.early.isEmpty && $0.kept.isEmpty })
        }
    }

    @Test("Lost sockets are noted, and returns")
    func presence() {
        for situation in CallSituation.allCases {
            for leg in [situation.call.caller] + situation.call.callees {
                var call = situation.call
                call.connectionLost(by: leg.seat)
                #expect(call.leg(leg.seat)?.isPresent != true)
                call.after { $0.returned(leg.seat, into: &$1) }
                #expect(call.leg(leg.seat)?.isPresent != false)
                #expect(call.leg(leg.seat)?.progress != .parked)
            }
        }
    }
}

extension CallEvent {
    static let all: [CallEvent] = Self.ofOneKind + Self.withReason + Departure.allCases.map { .leave($0) }

    private static let ofOneKind: [CallEvent] = [
        .request(.accept), .request(.answer), .request(.hold), .request(.retrieve), .request(.malformed),
        .request(.media(.offer("o"))), .request(.media(.answer("a"))), .request(.media(.candidate("c"))),
        .request(.terminate(nil)), .parkedLegTimedOut, .connectionLost, .returned, .takeRemainingLeg,
        .ringTimedOut, .offer(isPresent: true), .offer(isPresent: false),
    ]

    private static let withReason: [CallEvent] = Reason.allCases.flatMap { reason -> [CallEvent] in
        [.request(.terminate(reason)), .endAll(reason), .routingFailed(reason)]
    }

    /// Fails to compile when there is a new event or a new departure.
    var expectation: (table: CallTable, reason: Reason?) {
        switch self {
        case .request(let request): Self.expectation(of: request)
        case .parkedLegTimedOut: (.parkedLegTimedOut, nil)
        case .connectionLost: (.connectionLost, nil)
        case .returned: (.returned, nil)
        case .takeRemainingLeg: (.takeRemainingLeg, nil)
        case .ringTimedOut: (.ringTimedOut, nil)
        case .endAll(let reason): (.endAll, reason)
        case .offer(let isPresent): (isPresent ? .offerToPresent : .offerToAbsent, nil)
        case .routingFailed(let reason): (.routingFailed, reason)
        case .leave(let departure): Self.expectation(of: departure)
        }
    }

    private static func expectation(of departure: Departure) -> (table: CallTable, reason: Reason?) {
        switch departure {
        case .unregistered, .replaced: (.leaveForOwnReasons, nil)
        case .connectionLost: (.leaveBecause, .connectionLost)
        case .expired: (.leaveBecause, .expired)
        case .administrator: (.leaveBecause, .administrator)
        case .shutdown: (.leaveBecause, .shutdown)
        }
    }

    /// Fails to compile when there is a new request.
    private static func expectation(of request: CallRequest) -> (table: CallTable, reason: Reason?) {
        switch request {
        case .accept: (.accept, nil)
        case .answer: (.answer, nil)
        case .terminate(let reason): (.terminate, reason == .busy ? .busy : .rejected)
        case .hold: (.hold, nil)
        case .retrieve: (.retrieve, nil)
        case .malformed: (.malformed, nil)
        case .media(let message):
            switch (message.kind, message.hasSDP) {
            case (.offer, true): (.mediaOffer, nil)
            case (.answer, true): (.mediaAnswer, nil)
            case (_, false): (.mediaCandidate, nil)
            }
        case .start, .transfer, .redirect:
            // The exchange's business: a call that is handed one does nothing.
            (.connectionLost, nil)
        }
    }
}
