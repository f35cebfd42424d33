/// Telling the chronicle what happens, and those who ask what it knows.
extension Exchange {
    /// A party of a call is told something: that is most of what there is to tell about the call.
    mutating func chronicle(
        _ indication: CallIndication,
        to id: RegistrationID,
        _ label: LegLabel,
        of call: CallID,
        at now: Moment
    ) {
        switch indication {
        case .start: self.chronicle.note(.offered(id), of: call, at: now)
        case .status(_, let reason?): self.chronicle.note(.refused(id, reason), of: call, at: now)
        case .status(.ringing, nil): self.chronicle.rings(id, in: call, at: now)
        case .status(.active, nil): self.chronicle.isActive(id, as: label.local, in: call, at: now)
        case .status, .media, .offerRequest: break
        }
    }

    mutating func chronicle(_ event: Occurrence.RegistrationEvent, of id: RegistrationID, at now: Moment) {
        guard let registration = self.book[id], !registration.isGuest else { return }
        self.chronicle.note(event, of: id, registration, at: now)
    }

    /// Whether somebody wants the news; those of before are forgotten when nobody does.
    package mutating func follow(_ isFollowed: Bool) {
        self.chronicle.follow(isFollowed)
    }

    /// What has happened since the last time, and how much was lost for want of room.
    package mutating func takeOccurrences() -> (occurrences: [Occurrence], lost: Int) {
        self.chronicle.takeOccurrences()
    }

    package var hasOccurrences: Bool { self.chronicle.hasOccurrences }
}
