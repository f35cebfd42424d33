@testable import Telephony

/// What can happen to a call.
enum CallEvent: Hashable {
    /// A party asks for something.
    case request(CallRequest)
    case parkedLegTimedOut
    case connectionLost
    case returned
    case leave(Departure)
    /// The party transfers the call.
    case takeRemainingLeg
    // What is nobody's doing.
    case ringTimedOut
    case endAll(Reason)
    case offer(isPresent: Bool)
    case routingFailed(Reason)

    func happen(to call: inout Call, by seat: Seat) -> [CallAction] {
        var actions: [CallAction] = []
        switch self {
        case .request(let request):
            Self.ask(request, of: &call, by: seat, into: &actions)
        case .parkedLegTimedOut: call.parkedLegTimedOut(seat, into: &actions)
        case .connectionLost: call.connectionLost(by: seat)
        case .returned: call.returned(seat, into: &actions)
        case .leave(let departure): call.leave(seat, because: departure, into: &actions)
        case .takeRemainingLeg: _ = call.takeRemainingLeg(leaving: seat, into: &actions)
        case .ringTimedOut: call.ringTimedOut(into: &actions)
        case .endAll(let reason): call.endAll(reason, into: &actions)
        case .offer(let isPresent): call.offer(to: CallSituation.leg(3, isPresent: isPresent), into: &actions)
        case .routingFailed(let reason): call.routingFailed(reason, into: &actions)
        }
        return actions
    }

    /// Fails to compile when there is a new request: what does a call make of it?
    private static func ask(
        _ request: CallRequest,
        of call: inout Call,
        by seat: Seat,
        into actions: inout [CallAction]
    ) {
        switch request {
        case .accept: call.accept(by: seat, into: &actions)
        case .answer: call.answer(by: seat, into: &actions)
        case .terminate(let reason): call.terminate(by: seat, reason: reason, into: &actions)
        case .hold: call.hold(by: seat, into: &actions)
        case .retrieve: call.retrieve(by: seat, into: &actions)
        case .media(let message): call.media(message, from: seat, into: &actions)
        case .malformed: call.refuse(seat, .invalidMessage, into: &actions)
        case .start, .transfer, .redirect:
            // More than one call is concerned: the exchange decides.
            break
        }
    }
}

extension CallAction {
    /// In short: `1:active` seat 1 is told that state, `1:active!why` with a reason, `1<x` media x, `1?` a request for an
    /// offer; `1#why` its leg ends, `1~why` its leg ends and it is not there to be told; `end` the call is over.
    var inShort: String {
        switch self {
        case .tell(let id, _, .start): "\(id.index):start"
        case .tell(let id, _, .status(let state, nil)): "\(id.index):\(state)"
        case .tell(let id, _, .status(let state, let reason?)): "\(id.index):\(state)!\(reason)"
        case .tell(let id, _, .media(let message)): "\(id.index)<\(String(decoding: message.members, as: UTF8.self))"
        case .tell(let id, _, .offerRequest): "\(id.index)?"
        case .legEnded(let id, _, let reason, isPresent: true): "\(id.index)#\(reason)"
        case .legEnded(let id, _, let reason, isPresent: false): "\(id.index)~\(reason)"
        case .ended: "end"
        }
    }
}
