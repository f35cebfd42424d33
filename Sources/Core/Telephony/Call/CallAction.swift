package typealias CallID = Handle<Call>

/// What a call wants done.
package enum CallAction: Sendable, Hashable {
    /// Tell a party whose socket is there.
    case tell(RegistrationID, LegLabel, CallIndication)
    /// A leg is over: tell its party if its socket is there, and forget the leg's identifier. One for each leg, its last.
    case legEnded(RegistrationID, LegLabel, Reason, isPresent: Bool)
    /// No leg is left.
    case ended
}
