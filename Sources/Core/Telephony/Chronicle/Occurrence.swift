/// Something that happened, for those who follow: complete in itself, since what it tells of may be gone when it is read.
package struct Occurrence: Sendable {
    package let moment: Moment
    package let event: Event

    package enum Event: Sendable {
        case registration(RegistrationEvent, RegistrationID, PartyAddress, Username?)
        case call(CallEvent, CallID, caller: PartyAddress, dialled: PartyAddress, by: RegistrationID?)
    }

    package enum RegistrationEvent: Sendable, Hashable {
        case created
        case lost
        case returned
        case ended(Departure)
    }

    package enum CallEvent: Sendable, Hashable {
        case started
        case ringing
        case answered
        case held
        case retrieved
        case transferred(to: CallID)
        case ended(Reason)
    }
}
