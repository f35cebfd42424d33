import Core
import Telephony
import Testing

@Suite("Slowing down those who guess (SECURITY B5, I1)")
struct LoginThrottleTests {
    static let start = Moment(nanoseconds: 5_000_000_000_000)
    let throttle = LoginThrottle(limits: .init(logins: 10, secrets: 100), capacity: 1000)
    let alice: Username
    let bob: Username

    init() throws {
        self.alice = try #require(Username("alice"))
        self.bob = try #require(Username("bob"))
    }

    @Test("Ten failures in a minute shut an address out for a minute, and for two the next time")
    func address() {
        for second in 0..<9 {
            _ = self.throttle.failed(.login(nil), from: "1", at: Self.start + .milliseconds(second))
            #expect(self.throttle.wait(of: .login(nil), from: "1", at: Self.start + .milliseconds(second)) == nil)
        }
        _ = self.throttle.failed(.login(nil), from: "1", at: Self.start + .milliseconds(10))
        let after = Self.start + .milliseconds(10)
        #expect(self.throttle.wait(of: .login(self.bob), from: "1", at: after) == .seconds(60))
        #expect(self.throttle.wait(of: .login(self.bob), from: "2", at: after) == nil)
        #expect(self.throttle.wait(of: .secret, from: "1", at: after) == nil)
        let again = after + .seconds(60)
        #expect(self.throttle.wait(of: .login(nil), from: "1", at: again) == nil)
        for _ in 0..<10 { _ = self.throttle.failed(.login(nil), from: "1", at: again) }
        #expect(self.throttle.wait(of: .login(nil), from: "1", at: again) == .seconds(120))
        // It never grows beyond a quarter of an hour.
        for _ in 0..<200 { _ = self.throttle.failed(.login(nil), from: "1", at: again) }
        #expect(self.throttle.wait(of: .login(nil), from: "1", at: again) == .seconds(900))
    }

    @Test("Guesses at one user from everywhere shut only guesses at him out, and not where he has logged in")
    func user() {
        self.throttle.succeeded(self.alice, from: "home")
        for number in 0..<10 {
            _ = self.throttle.failed(.login(self.alice), from: "bot\(number)", at: Self.start)
        }
        #expect(self.throttle.wait(of: .login(self.alice), from: "elsewhere", at: Self.start) == .seconds(60))
        #expect(self.throttle.wait(of: .login(self.alice), from: "home", at: Self.start) == nil)
        #expect(self.throttle.wait(of: .login(self.bob), from: "elsewhere", at: Self.start) == nil)
        #expect(self.throttle.wait(of: .login(nil), from: "elsewhere", at: Self.start) == nil)
    }

    @Test("Failures are forgotten as fast as they are allowed")
    func leak() {
        for number in 0..<100 {
            let now = Self.start + .seconds(6 * number)
            _ = self.throttle.failed(.login(nil), from: "1", at: now)
            #expect(self.throttle.wait(of: .login(nil), from: "1", at: now) == nil)
        }
    }

    @Test("The answer comes later with every failure")
    func delay() {
        let delays = (0..<10).map { _ in self.throttle.failed(.login(nil), from: "1", at: Self.start) }
        #expect(delays.first?.delay == .zero)
        #expect(delays.map(\.delay) == delays.map(\.delay).sorted())
        #expect(delays.last?.delay == .seconds(2))
        #expect(delays.last?.isShutOut == true)
        #expect(delays.count { $0.isShutOut } == 1)
    }

    @Test("Unknown secrets have a limit of their own: an office that comes back after a restart is not shut out")
    func secrets() {
        for _ in 0..<99 { _ = self.throttle.failed(.secret, from: "office", at: Self.start) }
        #expect(self.throttle.wait(of: .secret, from: "office", at: Self.start) == nil)
        _ = self.throttle.failed(.secret, from: "office", at: Self.start)
        #expect(self.throttle.wait(of: .secret, from: "office", at: Self.start) == .seconds(60))
        #expect(self.throttle.wait(of: .login(self.alice), from: "office", at: Self.start) == nil)
    }

    @Test("A million addresses fill no memory, and who is shut out stays out")
    func memory() {
        for _ in 0..<10 { _ = self.throttle.failed(.login(nil), from: "bad", at: Self.start) }
        for number in 0..<5000 { _ = self.throttle.failed(.secret, from: "\(number)", at: Self.start) }
        #expect(self.throttle.count <= 1001)
        #expect(self.throttle.wait(of: .login(nil), from: "bad", at: Self.start) != nil)
    }
}

@Suite("How fast an address may come in")
struct HandshakeRateTests {
    static let start = Moment(nanoseconds: 1_000_000_000)

    @Test("So many at once, then so many a second, each address for itself")
    func limit() {
        let rate = HandshakeRate(perSecond: 2, burst: 5)
        #expect((0..<7).map { _ in rate.admit("1", at: Self.start) } == [true, true, true, true, true, false, false])
        #expect(rate.admit("2", at: Self.start))
        #expect(rate.admit("1", at: Self.start + .milliseconds(500)))
        #expect(!rate.admit("1", at: Self.start + .milliseconds(500)))
    }

    @Test("Addresses that have been quiet are forgotten")
    func memory() {
        let rate = HandshakeRate(perSecond: 1, burst: 1, capacity: 100)
        for number in 0..<1000 {
            #expect(rate.admit("\(number)", at: Self.start + .milliseconds(number * 20)))
        }
        #expect(rate.count <= 100)
    }
}

@Suite("Tickets")
struct TicketsTests {
    static let start = Moment(nanoseconds: 1_000_000_000)

    @Test("Good once, and not for long")
    func once() throws {
        var generator = SystemRandomNumberGenerator()
        let tickets = Tickets(lifetime: .seconds(30))
        let alice = Identity.user(try #require(Username("alice")))
        let first = tickets.issue(.identity(alice), at: Self.start, using: &generator)
        #expect(tickets.redeem(first, at: Self.start + .seconds(29)) == .identity(alice))
        #expect(tickets.redeem(first, at: Self.start + .seconds(29)) == nil)
        let second = tickets.issue(.identity(alice), at: Self.start, using: &generator)
        #expect(tickets.redeem(second, at: Self.start + .seconds(30)) == nil)
        #expect(tickets.count == 0)
    }

    @Test("Those that nobody uses are forgotten")
    func memory() {
        var generator = SystemRandomNumberGenerator()
        let tickets = Tickets(lifetime: .seconds(30), limit: 100)
        for number in 0..<1000 {
            _ = tickets.issue(.identity(.anonymous), at: Self.start + .milliseconds(number), using: &generator)
        }
        #expect(tickets.count <= 100)
        _ = tickets.issue(.identity(.anonymous), at: Self.start + .seconds(60), using: &generator)
        #expect(tickets.count == 1)
    }
}
