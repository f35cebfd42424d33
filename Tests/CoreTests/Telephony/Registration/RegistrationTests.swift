import Testing

@testable import Telephony

@Suite("Registration: every state and every event")
struct RegistrationTests {
    /// The states, as far as they make a difference to what happens next.
    enum Situation: CaseIterable {
        case here
        /// Lost at second 100.
        case away
        /// Lost at second 100, and can be woken.
        case asleep
        /// Lost at second 10, back, and lost again at second 100: the reminder of the first loss is still to come.
        case awayAgain
        /// Back since then.
        case backAgain
        case guest
        /// A guest whose socket was lost at second 100.
        case guestAway

        /// Fails to compile when there is a new state.
        static func situations(in state: Registration.State) -> [Situation] {
            switch state {
            case .attached: [.here, .backAgain, .guest]
            case .detached: [.away, .asleep, .awayAgain, .guestAway]
            }
        }
    }

    static let port = PortID(index: 1, generation: 0)
    static let newPort = PortID(index: 1, generation: 1)
    static let grace = Duration.seconds(60)
    static let retention = Duration.seconds(1000)

    static func second(_ second: Int64) -> Moment { Moment(nanoseconds: second * 1_000_000_000) }

    static func registration(_ situation: Situation) -> Registration {
        let isGuest = situation == .guest || situation == .guestAway
        let enrolment = Enrolment(
            identifier: RegistrationIdentifier(high: 1, low: 2),
            username: isGuest ? nil : Username("alice"),
            address: PartyAddress(dialString: .anonymous)
        )
        var registration = Registration(enrolment: enrolment, port: Self.port)
        switch situation {
        case .here, .guest: break
        case .away, .guestAway: _ = registration.connectionLost(Self.port, at: Self.second(100))
        case .asleep:
            registration.keep(NotificationData(token: [1], url: nil))
            _ = registration.connectionLost(Self.port, at: Self.second(100))
        case .awayAgain, .backAgain:
            _ = registration.connectionLost(Self.port, at: Self.second(10))
            _ = registration.attach(to: Self.port)
            if situation == .awayAgain { _ = registration.connectionLost(Self.port, at: Self.second(100)) }
        }
        return registration
    }

    @Test("The situations are in the states that they are meant to be in")
    func states() {
        let here = Situation.allCases.filter { Self.registration($0).state == .attached(Self.port) }
        #expect(here == Situation.situations(in: .attached(Self.port)))
        let away = Situation.allCases.filter { Self.registration($0).state == .detached(since: Self.second(100)) }
        #expect(away == Situation.situations(in: .detached(since: Self.second(100))))
        for situation in here { #expect(Self.registration(situation).port == Self.port) }
        for situation in away { #expect(Self.registration(situation).port == nil) }
    }

    @Test("Attaching a new socket takes over from one that is there", arguments: Situation.allCases)
    func attach(situation: Situation) {
        var registration = Self.registration(situation)
        let action = registration.attach(to: Self.newPort)
        switch situation {
        case .here, .backAgain, .guest: #expect(action == .takeOver(from: Self.port))
        case .away, .asleep, .awayAgain, .guestAway: #expect(action == .returned)
        }
        #expect(registration.state == .attached(Self.newPort))
    }

    @Test("Attaching the same socket again is nothing", arguments: Situation.allCases)
    func attachSame(situation: Situation) {
        var registration = Self.registration(situation)
        let action = registration.attach(to: Self.port)
        switch situation {
        case .here, .backAgain, .guest: #expect(action == .ignore)
        case .away, .asleep, .awayAgain, .guestAway: #expect(action == .returned)
        }
        #expect(registration.state == .attached(Self.port))
    }

    @Test("The socket is lost", arguments: Situation.allCases)
    func connectionLost(situation: Situation) {
        var registration = Self.registration(situation)
        let action = registration.connectionLost(Self.port, at: Self.second(200))
        switch situation {
        case .here: #expect(action == .wait(remind: true))
        case .backAgain: #expect(action == .wait(remind: false))
        case .guest: #expect(action == .end)
        case .away, .asleep, .awayAgain, .guestAway:
            #expect(action == .ignore)
            #expect(registration.state == .detached(since: Self.second(100)))
        }
        #expect(registration.port == nil)
    }

    @Test("Another socket is lost: that says nothing", arguments: Situation.allCases)
    func otherConnectionLost(situation: Situation) {
        var registration = Self.registration(situation)
        let state = registration.state
        #expect(registration.connectionLost(Self.newPort, at: Self.second(200)) == .ignore)
        #expect(registration.state == state)
    }

    private func reminded(_ situation: Situation, at second: Int64) -> Registration.AbsenceAction {
        var registration = Self.registration(situation)
        let state = registration.state
        defer { #expect(registration.state == state) }
        return registration.absenceReminded(at: Self.second(second), grace: Self.grace, retention: Self.retention)
    }

    @Test("A reminder within the grace", arguments: Situation.allCases)
    func withinGrace(situation: Situation) {
        for second in [70, 100, 159] as [Int64] {
            switch situation {
            case .here, .backAgain, .guest: #expect(self.reminded(situation, at: second) == .ignore)
            case .away, .asleep, .awayAgain, .guestAway:
                #expect(self.reminded(situation, at: second) == .wait(remindAt: Self.second(160)))
            }
        }
    }

    @Test("A reminder after the grace, within the retention", arguments: Situation.allCases)
    func afterGrace(situation: Situation) {
        for second in [160, 161, 1099] as [Int64] {
            switch situation {
            case .here, .backAgain, .guest: #expect(self.reminded(situation, at: second) == .ignore)
            case .asleep: #expect(self.reminded(situation, at: second) == .endCalls(remindAt: Self.second(1100)))
            case .away, .awayAgain, .guestAway: #expect(self.reminded(situation, at: second) == .endRegistration)
            }
        }
    }

    @Test("A reminder after the retention", arguments: Situation.allCases)
    func afterRetention(situation: Situation) {
        for second in [1100, 99_999] as [Int64] {
            switch situation {
            case .here, .backAgain, .guest: #expect(self.reminded(situation, at: second) == .ignore)
            case .away, .asleep, .awayAgain, .guestAway:
                #expect(self.reminded(situation, at: second) == .endRegistration)
            }
        }
    }

    @Test("A client that is there when the reminder comes needs a new one for its next absence")
    func remindAgain() {
        var registration = Self.registration(.backAgain)
        _ = registration.absenceReminded(at: Self.second(70), grace: Self.grace, retention: Self.retention)
        #expect(registration.connectionLost(Self.port, at: Self.second(100)) == .wait(remind: true))
        _ = registration.attach(to: Self.port)
        #expect(registration.connectionLost(Self.port, at: Self.second(101)) == .wait(remind: false))
    }

    @Test("A new call waits for who was there a moment ago, and wakes who sleeps", arguments: Situation.allCases)
    func reach(situation: Situation) {
        let registration = Self.registration(situation)
        for (second, isRecent) in [(100, true), (104, true), (105, false), (9999, false)] as [(Int64, Bool)] {
            for isSilent in [false, true] {
                let now = Self.second(second)
                let reach = registration.reach(at: now, within: .seconds(5), isSilent: isSilent)
                switch situation {
                case .here, .backAgain, .guest: #expect(reach == .ring)
                case .asleep: #expect(reach == .wake)
                case .away, .awayAgain, .guestAway:
                    #expect(reach == (isRecent ? .wait(until: Self.second(105)) : .none))
                }
            }
        }
    }

    @Test("Who can be woken is woken too when its socket is silent; not in quarantine, till it offers its token again")
    func silent() {
        var registration = Self.registration(.here)
        registration.keep(NotificationData(token: [1], url: nil))
        let reach = { (isSilent: Bool) in
            registration.reach(at: Self.second(1), within: .seconds(5), isSilent: isSilent)
        }
        #expect(reach(false) == .ring)
        #expect(reach(true) == .ringAndWake)
        registration.quarantinedSince = Self.second(1)
        #expect(reach(true) == .ring)
        registration.keep(NotificationData(token: [1], url: nil))
        #expect(reach(true) == .ringAndWake)
        registration.dropNotification()
        #expect(reach(true) == .ring)
    }

    @Test("Pushes are a second apart, and ten a minute")
    func pushRate() {
        var registration = Self.registration(.asleep)
        #expect(registration.admitPush(at: Self.second(100)) == Self.second(100))
        #expect(registration.admitPush(at: Self.second(100)) == Self.second(101))
        #expect(registration.admitPush(at: Self.second(100)) == Self.second(102))
        #expect(registration.admitPush(at: Self.second(110)) == Self.second(110))
        let more = (0..<10).compactMap { _ in registration.admitPush(at: Self.second(111)) }
        // Ten at once, and one for each six seconds since.
        #expect(more.count == 7)
        #expect(registration.admitPush(at: Self.second(111)) == nil)
        #expect(registration.admitPush(at: Self.second(117)) != nil)
    }

    @Test("Abandoned is who is away and not in a call", arguments: Situation.allCases)
    func abandoned(situation: Situation) throws {
        var registration = Self.registration(situation)
        switch situation {
        case .here, .backAgain, .guest: #expect(registration.abandonedSince == nil)
        case .away, .asleep, .awayAgain, .guestAway: #expect(registration.abandonedSince == Self.second(100))
        }
        let identifier = try #require(CallIdentifier("c-1"))
        registration.calls.append(.init(identifier: identifier, call: CallID(index: 0, generation: 0), seat: .caller))
        #expect(registration.abandonedSince == nil)
        #expect(registration.entry(for: identifier)?.seat == .caller)
        registration.move(identifier, to: CallID(index: 7, generation: 0), seat: Seat(3))
        #expect(registration.entry(for: identifier)?.call.index == 7)
        #expect(registration.entry(for: identifier)?.seat == Seat(3))
    }

    @Test("Notification data is replaced, in every state", arguments: Situation.allCases)
    func notification(situation: Situation) {
        var registration = Self.registration(situation)
        registration.keep(NotificationData(token: [2], url: "u"))
        #expect(registration.notification == NotificationData(token: [2], url: "u"))
        #expect(registration.isGuest == (situation == .guest || situation == .guestAway))
    }

    @Test("What a departure is told as")
    func departures() {
        let reasons: [Departure: (own: Reason, calls: Reason?)] = [
            .unregistered: (.success, nil), .replaced: (.replaced, nil),
            .connectionLost: (.connectionLost, .connectionLost), .expired: (.expired, .expired),
            .administrator: (.administrator, .administrator), .shutdown: (.shutdown, .shutdown),
        ]
        for departure in Departure.allCases {
            #expect(reasons[departure]?.own == departure.reason)
            #expect(reasons[departure]?.calls == departure.callReason)
        }
    }
}
