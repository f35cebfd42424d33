/// A right to be here that ends at a moment of the calendar: what an access token gives (§4.2.2).
package struct Lease: Sendable, Hashable {
    /// What a later token must share to renew it; `nil` when none can.
    package let key: RenewalKey?
    package let end: CalendarTime

    package init(key: RenewalKey?, end: CalendarTime) {
        self.key = key
        self.end = end
    }
}

/// Who is here by a lease.
package enum LeaseHolder: Sendable, Hashable {
    /// A socket that has not registered.
    case port(PortID)
    case registration(RegistrationID)
}

/// All leases, by what renews them and by when they end.
package struct LeaseBook: Sendable {
    private var byKey: [RenewalKey: LeaseHolder] = [:]
    /// Also of leases that were renewed or given up meanwhile: nothing is ever taken out before its time, but see ``tidy(_:)``.
    private var ends = TimerQueue<CalendarTime, LeaseHolder>()
    package private(set) var count = 0
    /// How many ends are still to come, in force or not.
    package var pendingEnds: Int { self.ends.count }

    package init() {}

    package func holder(of key: RenewalKey) -> LeaseHolder? {
        self.byKey[key]
    }

    package mutating func grant(_ lease: Lease, to holder: LeaseHolder) {
        self.count += 1
        if let key = lease.key {
            self.byKey[key] = holder
        }
        self.ends.remind(of: holder, at: lease.end)
    }

    package mutating func release(_ lease: Lease?, by holder: LeaseHolder) {
        guard let lease else { return }
        self.count -= 1
        if let key = lease.key, self.byKey[key] == holder {
            self.byKey[key] = nil
        }
    }

    /// Somebody whose lease may have ended; whoever renewed it has a later one by now.
    package mutating func takeEnded(by now: CalendarTime) -> LeaseHolder? {
        self.ends.takeDue(by: now)
    }

    /// Whether so much has been renewed and given up that it is worth while to forget it before its time: a client with a
    /// token for ten years that keeps coming and going must not fill the memory.
    package var isLittered: Bool { self.ends.count > 2 * self.count + 64 }

    /// Keeps only the ends of leases that are in force.
    package mutating func tidy(_ lease: (LeaseHolder) -> Lease?) {
        var ends = TimerQueue<CalendarTime, LeaseHolder>()
        var seen: Set<LeaseHolder> = []
        while let holder = self.ends.takeDue(by: CalendarTime(milliseconds: .max)) {
            guard let end = lease(holder)?.end, seen.insert(holder).inserted else { continue }
            ends.remind(of: holder, at: end)
        }
        self.ends = ends
    }
}
