import Telephony

extension CallStep.Event {
    /// The step's name for programs, and a line for people.
    func words(in trace: CallTrace) -> (step: String, text: String) {
        let dialled = trace.dialled.dialString.text
        let name = { (id: RegistrationID) in id == trace.callerRegistration ? "the caller" : "device \(id)" }
        switch self {
        case .started: return ("started", "\(trace.caller.dialString.text) calls \(dialled)")
        case .resolving: return ("resolving", "nobody to ring is registered for \(dialled): the directory is asked")
        case .resolved(.known): return ("resolved", "the directory knows \(dialled), but no device can be reached")
        case .resolved(.unknown): return ("resolved", "no directory knows \(dialled)")
        case .resolved(.failed): return ("resolved", "the directory did not answer")
        case .offered(let id): return ("offered", "\(name(id)) is told of the call")
        case .waiting(let id): return ("waiting", "\(name(id)) is away: it will be told when it comes")
        case .pushRequested(let id): return ("pushRequested", "a push is to wake \(name(id))")
        case .pushed(let id, .accepted): return ("pushAccepted", "the messaging service took the push for \(name(id))")
        case .pushed(let id, .failed): return ("pushFailed", "the push for \(name(id)) failed")
        case .pushed(let id, .gone): return ("pushGone", "the messaging service does not know \(name(id)) any more")
        case .lost(let id): return ("lost", "\(name(id)) lost its connection")
        case .returned(let id): return ("returned", "\(name(id)) is back")
        case .ringing(let id): return ("ringing", "\(name(id)) rings")
        case .answered(let id): return ("answered", "\(name(id)) answers")
        case .held(let id): return ("held", "\(name(id)) holds the call")
        case .retrieved(let id): return ("retrieved", "\(name(id)) retrieves the call")
        case .refused(let id, let reason): return ("refused", "\(name(id)) is refused something: \(reason.rawValue)")
        case .legEnded(let id, let reason): return ("legEnded", "\(name(id)) leaves: \(reason.rawValue)")
        case .transferred(let call): return ("transferred", "it goes on as call \(call)")
        case .continued(let call): return ("started", "goes on from call \(call) by a transfer")
        case .ended(let reason): return ("ended", "the call is over: \(reason.rawValue)")
        case .takenOver: return ("takenOver", "it was there before the server was started anew")
        }
    }

    var registration: RegistrationID? {
        switch self {
        case .offered(let id), .waiting(let id), .pushRequested(let id), .pushed(let id, _), .lost(let id),
            .returned(let id), .ringing(let id), .answered(let id), .held(let id), .retrieved(let id),
            .refused(let id, _), .legEnded(let id, _):
            id
        case .started, .resolving, .resolved, .transferred, .continued, .ended, .takenOver: nil
        }
    }

    var reason: Reason? {
        switch self {
        case .refused(_, let reason), .legEnded(_, let reason), .ended(let reason): reason
        default: nil
        }
    }

    var otherCall: CallID? {
        switch self {
        case .transferred(let call), .continued(let call): call
        default: nil
        }
    }
}
