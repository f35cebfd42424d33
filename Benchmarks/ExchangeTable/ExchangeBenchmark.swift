import Telephony

/// The registration table alone: what a look-up costs with a thousand registrations and with a million.
@main
struct ExchangeBenchmark {
    static func main() {
        print("registration table, ns per operation\n")
        print("registrations   look up a number   find a call's leg   restore by secret")
        for count in [1000, 10_000, 100_000, 1_000_000] {
            let figures = Self.measure(count)
            print(
                [
                    Self.column("\(count)", 13), Self.column("\(figures.number)", 19),
                    Self.column("\(figures.leg)", 20), Self.column("\(figures.secret)", 20),
                ].joined()
            )
        }
    }

    private static func column(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    private static func measure(_ count: Int) -> (number: Int64, leg: Int64, secret: Int64) {
        var exchange = Exchange(policy: ExchangePolicy(), seed: 1)
        var actions: [ExchangeAction] = []
        let start = Moment(nanoseconds: 0)
        var ports: [PortID] = []
        ports.reserveCapacity(count)
        for index in 0..<count {
            guard let dialString = DialString("\(1_000_000 + index)"), let username = Username("user\(index)") else {
                continue
            }
            let port = exchange.connected()
            let enrolment = Enrolment(
                identifier: RegistrationIdentifier(high: UInt64(index), low: UInt64(index)),
                username: username,
                address: PartyAddress(dialString: dialString)
            )
            exchange.register(enrolment, on: port, at: start, into: &actions)
            ports.append(port)
            actions.removeAll(keepingCapacity: true)
        }
        let rounds = 200_000
        var random = SystemRandomNumberGenerator()
        let picks = (0..<rounds).map { _ in Int.random(in: 0..<count, using: &random) }
        let numbers = picks.compactMap { DialString("\(1_000_000 + $0)") }
        let clock = ContinuousClock()
        var found = 0
        let number = clock.measure {
            for number in numbers where exchange.hasRegistration(for: number) { found += 1 }
        }
        guard let identifier = CallIdentifier("no-such-call") else { return (0, 0, 0) }
        let leg = clock.measure {
            for pick in picks {
                exchange.receive(.hold, for: identifier, from: ports[pick], at: start, into: &actions)
                actions.removeAll(keepingCapacity: true)
            }
        }
        let secret = clock.measure {
            for pick in picks {
                let identifier = RegistrationIdentifier(high: UInt64(pick), low: UInt64(pick))
                if exchange.canRestore(identifier) { found += 1 }
            }
        }
        precondition(found == 2 * rounds)
        let perRound = { (duration: Duration) in duration.inNanoseconds / Int64(rounds) }
        return (perRound(number), perRound(leg), perRound(secret))
    }
}
