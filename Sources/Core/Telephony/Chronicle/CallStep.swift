/// One step in the story of a call, as an operator reads it who asks why a phone did not ring.
package struct CallStep: Sendable, Hashable {
    package let moment: Moment
    package let event: Event

    package init(_ event: Event, at moment: Moment) {
        self.event = event
        self.moment = moment
    }

    package enum Event: Sendable, Hashable {
        /// The caller's `start` was accepted.
        case started
        /// Nobody is registered for the number: the directory is asked whether it exists.
        case resolving
        case resolved(Resolution)
        /// A device that is there was told `start`.
        case offered(RegistrationID)
        /// A device that is away will be told when it comes.
        case waiting(RegistrationID)
        /// A push for a sleeping device is to be sent.
        case pushRequested(RegistrationID)
        case pushed(RegistrationID, PushResult)
        /// A party's socket was lost.
        case lost(RegistrationID)
        /// A party is back, on a new socket.
        case returned(RegistrationID)
        case ringing(RegistrationID)
        case answered(RegistrationID)
        case held(RegistrationID)
        case retrieved(RegistrationID)
        /// A party asked for something that was not possible then.
        case refused(RegistrationID, Reason)
        /// A party's end of the call is over; the call itself may go on without it.
        case legEnded(RegistrationID, Reason)
        /// What remains goes on as another call.
        case transferred(to: CallID)
        /// It goes on from another call, by a transfer.
        case continued(CallID)
        case ended(Reason)
        /// It was there before the server was started anew.
        case takenOver
    }
}
