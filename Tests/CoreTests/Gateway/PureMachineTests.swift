import Core
import NIOCore
import Telephony
import Testing

@Suite("Keep-alive, outbox, phases and the ledger, without a socket")
struct PureMachineTests {
    @Test("Two pings without an answer, then the client is lost; any byte begins anew")
    func keepAlive() {
        var keepAlive = KeepAlive()
        let verdicts: (Int) -> [KeepAlive.Verdict] = { count in (0..<count).map { _ in keepAlive.intervalPassed() } }
        #expect(verdicts(3) == [.ping, .ping, .lost])
        keepAlive.heard()
        #expect(verdicts(1) == [.ping])
        keepAlive.heard()
        #expect(verdicts(3) == [.ping, .ping, .lost])
    }

    private let limits = Outbox.Limits(bytes: 4096, messages: 3)
    private let end = OutboxItem.close(.finished)

    @Test("The outbox keeps order, asks for one flush only, and gives its array back")
    func outboxOrder() {
        var outbox = Outbox()
        let items: [OutboxItem] = [.tell(.registerFailed(.notFound)), .tell(.registerFailed(.busy)), self.end]
        let asked = items.map { outbox.append($0, limits: self.limits) }
        #expect(asked == [true, false, false])
        var taken: [OutboxItem] = []
        outbox.takeAll(into: &taken)
        #expect(taken == items)
        let askedAgain = outbox.append(self.end, limits: self.limits)
        #expect(askedAgain)
    }

    @Test("Too many messages, or too much media, overflow it for good")
    func outboxOverflow() throws {
        var byCount = Outbox()
        let overflowed = (0..<4).map { _ in
            _ = byCount.append(self.end, limits: self.limits)
            return byCount.hasOverflowed
        }
        #expect(overflowed == [false, false, false, true])
        var taken: [OutboxItem] = []
        byCount.takeAll(into: &taken)
        #expect(taken.isEmpty)

        var bySize = Outbox()
        let address = PartyAddress(dialString: try #require(DialString("1")))
        let label = LegLabel(identifier: try #require(CallIdentifier("c")), local: address, remote: address)
        let media = SessionDescription(kind: .offer, members: Array(repeating: 0x20, count: 5000), hasSDP: true)
        _ = bySize.append(.tell(.call(label, .media(media))), limits: self.limits)
        #expect(bySize.hasOverflowed)
    }

    @Test("A postponed flush is asked for again")
    func outboxPostponed() {
        var outbox = Outbox()
        let first = outbox.append(self.end, limits: self.limits)
        outbox.postpone()
        let second = outbox.append(self.end, limits: self.limits)
        #expect(first && second)
    }

    @Test("What arrives while the directory is asked waits, in order and bounded")
    func phaseRegistering() {
        var phase = ConnectionPhase.open
        let before = phase.arrived(.discarded)
        #expect(before == .handle(.discarded))
        phase.beginRegistration()
        let arrivals = (0...ConnectionPhase.waitingLimit).map { _ in phase.arrived(.discarded) }
        #expect(arrivals == Array(repeating: .wait, count: ConnectionPhase.waitingLimit) + [.tooMany])
        let waited = phase.endRegistration()
        #expect(waited?.count == ConnectionPhase.waitingLimit)
        let again = phase.endRegistration()
        #expect(again == nil)
    }

    @Test("A connection closes once, and hears nothing while it does")
    func phaseClosing() {
        for start in [ConnectionPhase.open, .registering(waiting: [.discarded])] {
            var phase = start
            let closes = [phase.beginClose(), phase.beginClose()]
            #expect(closes == [true, false])
            let arrival = phase.arrived(.discarded)
            #expect(arrival == .ignore)
            phase.beginRegistration()
            let waited = phase.endRegistration()
            #expect(waited == nil)
            phase.closed()
            let closesAgain = phase.beginClose()
            #expect(!closesAgain)
        }
    }

    @Test("The ledger counts in all and by address, and forgets addresses that have gone")
    func ledger() {
        let ledger = ConnectionLedger(limits: .init(connections: 3, connectionsPerAddress: 2))
        func arrival(_ address: String) -> ClientOrigin {
            let socketAddress = try? SocketAddress(ipAddress: address, port: 1)
            return ClientOrigin(socketAddress, isProxy: { $0 == IPAddress("192.0.2.99") }, ledger: ledger)
        }
        let first = (0..<3).map { _ in arrival("192.0.2.1") }
        #expect(first.map(\.verdict) == [.admitted, .admitted, .tooManyFromAddress])
        let other = arrival("192.0.2.2")
        #expect(other.verdict == .full)
        other.leave()
        first[2].leave()
        let proxied = arrival("192.0.2.99")
        #expect(proxied.verdict == .admitted)
        if let client = IPAddress("192.0.2.1") { proxied.become(client) }
        #expect(proxied.verdict == .tooManyFromAddress)
        if let client = IPAddress("192.0.2.3") { proxied.become(client) }
        #expect(proxied.verdict == .admitted)
        #expect(proxied.name == "192.0.2.3")
        for origin in [first[0], first[1], proxied] { origin.leave() }
        #expect(ledger.total == 0)
        #expect(arrival("192.0.2.1").verdict == .admitted)
    }
}
