import Core
import Logging
import NIOConcurrencyHelpers
import PluginAPI
import Telephony
import Testing

/// The guard with recorded ports and a clock that is moved by hand.
@Suite("Switchboard")
struct SwitchboardTests {
    /// Notes what it is told; a flush is promised once and then due.
    final class RecordingPort: Port {
        let peer = "192.0.2.1"
        private let items = NIOLockedBox<[OutboxItem]>([])
        private let flushes = NIOLockedBox(0)
        private let isPromised = NIOLockedBox(false)

        func enqueue(_ item: OutboxItem) -> Bool {
            self.items.withLock { $0.append(item) }
            return self.isPromised.withLock { promised in
                defer { promised = true }
                return !promised
            }
        }

        func flush() {
            self.isPromised.withLock { $0 = false }
            self.flushes.withLock { $0 += 1 }
        }

        func takeAll() -> [OutboxItem] {
            self.items.withLock { items in
                defer { items = [] }
                return items
            }
        }

        var flushCount: Int { self.flushes.withLock { $0 } }
    }

    private let now = NIOLockedBox<Int64>(0)

    private func makeSwitchboard(_ directory: any DirectoryService = RegistrationDeskTests.SmallDirectory())
        -> Switchboard
    {
        let now = self.now
        return Switchboard(
            policy: ExchangePolicy(),
            directory: directory,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            clock: { Moment(nanoseconds: now.withLock { $0 }) },
            seed: 1
        )
    }

    private func register(_ name: String, at switchboard: Switchboard) throws -> (port: RecordingPort, id: PortID) {
        let port = RecordingPort()
        let id = switchboard.connect(port)
        let entry = try #require(PeopleDirectory.people.first { $0.username.text == name })
        var generator = SystemRandomNumberGenerator()
        var touched: [any Port] = []
        switchboard.register(
            Enrolment(
                identifier: RegistrationIdentifier(using: &generator),
                username: entry.username,
                address: entry.address(as: entry.dialString)
            ),
            on: id,
            touching: &touched
        )
        #expect(touched.count == 1)
        touched.flush()
        _ = port.takeAll()
        return (port, id)
    }

    /// The statuses among what a port was told: state and reason.
    private func statuses(_ items: [OutboxItem]) -> [String] {
        items.compactMap { item in
            guard case .tell(.call(_, .status(let state, let reason))) = item else { return nil }
            return reason.map { "\(state)/\($0)" } ?? "\(state)"
        }
    }

    @Test("Each port that has something to say is to be flushed once, whatever happened to it")
    func touchedOnce() throws {
        let switchboard = self.makeSwitchboard()
        let (alice, bob) = (try self.register("alice", at: switchboard), try self.register("bob", at: switchboard))
        var touched: [any Port] = []
        let call = try #require(CallIdentifier("c-1"))
        let offer = SessionDescription(kind: .offer, members: [], hasSDP: true)
        let number = DialString(Numbers.bob)
        switchboard.receive(.start(to: number, description: nil), for: call, from: alice.id, touching: &touched)
        switchboard.receive(.media(offer), for: call, from: alice.id, touching: &touched)
        switchboard.receive(.terminate(nil), for: call, from: alice.id, touching: &touched)
        #expect(touched.count == 2)
        touched.flush()
        #expect(touched.isEmpty)
        #expect(bob.port.takeAll().count == 3)
        #expect(self.statuses(alice.port.takeAll()) == ["terminating", "terminated/cancelled"])
        #expect(switchboard.census.calls == 0)
    }

    @Test(
        "The directory says why a number cannot be reached; its answer comes as an event",
        arguments: [
            (Numbers.carol, "terminated/unavailable"), ("110", "terminated/notFound"),
            ("666", "terminated/directoryUnavailable"),
        ]
    )
    func resolution(number: String, status: String) async throws {
        let switchboard = self.makeSwitchboard()
        let alice = try self.register("alice", at: switchboard)
        var touched: [any Port] = []
        let call = try #require(CallIdentifier("c-1"))
        switchboard.receive(
            .start(to: DialString(number), description: nil),
            for: call,
            from: alice.id,
            touching: &touched
        )
        #expect(touched.isEmpty)
        try await withTimeLimit {
            while alice.port.flushCount < 2 {
                await Task.yield()
            }
        }
        #expect(self.statuses(alice.port.takeAll()) == [status])
    }

    @Test("Time moves only with the clock: a call rings until the ring time-out")
    func ringTimeout() throws {
        let switchboard = self.makeSwitchboard()
        let (alice, bob) = (try self.register("alice", at: switchboard), try self.register("bob", at: switchboard))
        var touched: [any Port] = []
        let call = try #require(CallIdentifier("c-1"))
        let number = DialString(Numbers.bob)
        switchboard.receive(.start(to: number, description: nil), for: call, from: alice.id, touching: &touched)
        touched.flush()
        self.now.withLock { $0 = 59_999_000_000 }
        switchboard.advance()
        #expect(alice.port.takeAll().isEmpty)
        self.now.withLock { $0 = 60_000_000_000 }
        switchboard.advance()
        #expect(self.statuses(alice.port.takeAll()) == ["terminated/noAnswer"])
        #expect(self.statuses(bob.port.takeAll()) == ["terminated/noAnswer"])
    }

    @Test("Only who gives way to somebody who comes back is named; not who was replaced by another log-in before")
    func takenFrom() throws {
        let switchboard = self.makeSwitchboard()
        var policy = ExchangePolicy()
        policy.devices = .replace
        switchboard.apply(policy)
        var generator = SystemRandomNumberGenerator()
        var touched: [any Port] = []
        func enrol(_ name: String) throws -> (identifier: RegistrationIdentifier, port: PortID) {
            let entry = try #require(PeopleDirectory.people.first { $0.username.text == name })
            let identifier = RegistrationIdentifier(using: &generator)
            let port = switchboard.connect(RecordingPort())
            let enrolment = Enrolment(
                identifier: identifier,
                username: entry.username,
                address: entry.address(as: entry.dialString)
            )
            switchboard.register(enrolment, on: port, touching: &touched)
            return (identifier, port)
        }
        _ = try enrol("bob")
        _ = try enrol("bob")
        let alice = try enrol("alice")
        switchboard.disconnect(alice.port)
        let back = switchboard.restore(alice.identifier, on: switchboard.connect(RecordingPort()))
        #expect(back.isBack)
        #expect(back.takenFrom == nil)
        let thief = switchboard.restore(alice.identifier, on: switchboard.connect(RecordingPort()))
        #expect(thief.takenFrom == "192.0.2.1")
    }

    @Test("Nothing is told to a port that is gone, and its place may be another's")
    func goneport() throws {
        let switchboard = self.makeSwitchboard()
        let alice = try self.register("alice", at: switchboard)
        switchboard.disconnect(alice.id)
        let newcomer = RecordingPort()
        let id = switchboard.connect(newcomer)
        #expect(id != alice.id)
        var touched: [any Port] = []
        let call = try #require(CallIdentifier("c-1"))
        switchboard.receive(.hold, for: call, from: alice.id, touching: &touched)
        #expect(touched.isEmpty)
        #expect(newcomer.takeAll().isEmpty)
        #expect(switchboard.census.registrations == 1)
    }

    @Test("Many threads at once: every call ends on both sides, and nothing is left behind")
    func concurrency() async throws {
        let switchboard = self.makeSwitchboard()
        // The clock stands still, since threads read it before they wait for their turn; nobody must come too fast by it.
        var policy = ExchangePolicy()
        policy.callStartsPerSecond = 10000
        switchboard.apply(policy)
        let (alice, bob) = (try self.register("alice", at: switchboard), try self.register("bob", at: switchboard))
        await withTaskGroup(of: Void.self) { group in
            for worker in 0..<4 {
                group.addTask {
                    for index in 0..<200 {
                        guard let call = CallIdentifier("c-\(worker)-\(index)") else { return }
                        var touched: [any Port] = []
                        let (from, number) = worker % 2 == 0 ? (alice.id, Numbers.bob) : (bob.id, Numbers.alice)
                        let start = CallRequest.start(to: DialString(number), description: nil)
                        switchboard.receive(start, for: call, from: from, touching: &touched)
                        switchboard.receive(.terminate(nil), for: call, from: from, touching: &touched)
                        touched.flush()
                    }
                }
            }
        }
        #expect(switchboard.census.calls == 0)
        let ends = self.statuses(alice.port.takeAll() + bob.port.takeAll()).filter { $0 == "terminated/cancelled" }
        #expect(ends.count == 4 * 200 * 2)
    }
}
