/// A leg's place in its call: 0 is the caller.
package struct Seat: Hashable, Sendable, CustomStringConvertible {
    package let number: Int

    package init(_ number: Int) {
        self.number = number
    }

    package static let caller = Seat(0)
    package var description: String { self == .caller ? "caller" : "callee \(self.number)" }
}

/// One party's end of a call.
package struct Leg: Sendable, Hashable {
    package enum Progress: String, Sendable, Hashable {
        /// A callee that has not been told yet, since it is away.
        case parked
        /// A caller before anybody rings, or a callee that was told.
        case offered
        case ringing
        case connected
    }

    package var seat: Seat
    package let registration: RegistrationID
    package var label: LegLabel
    package var progress: Progress
    /// Whether a socket is there to tell it anything.
    package var isPresent: Bool
    package var holds = false
    /// How the client's program describes itself, for the other side (§8.1.13).
    package let description: String?
    /// Media for this leg that came while it was away.
    package var kept = KeptMedia()
    /// Media of this leg that the caller gets if this leg wins.
    package var early = KeptMedia()

    package init(
        seat: Seat,
        registration: RegistrationID,
        label: LegLabel,
        isPresent: Bool,
        description: String?
    ) {
        self.seat = seat
        self.registration = registration
        self.label = label
        self.isPresent = isPresent
        self.description = description
        self.progress = isPresent || seat == .caller ? .offered : .parked
    }

    /// The same leg of a registration that has another place in the book.
    func moved(to registration: RegistrationID) -> Leg {
        var leg = Leg(
            seat: self.seat,
            registration: registration,
            label: self.label,
            isPresent: self.isPresent,
            description: self.description
        )
        leg.progress = self.progress
        leg.holds = self.holds
        leg.kept = self.kept
        leg.early = self.early
        return leg
    }
}
