import Logging
import PluginAPI
import Synchronization
import Telephony
import Testing

@testable import Core

/// Takes its time, so that pushes pile up, and then says that nobody is there.
private actor BusyService: NotificationService {
    private(set) var pushes = 0
    private var isOpen = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func wake(
        _ target: NotificationTarget,
        for notice: WakeupNotice,
        within time: Duration
    ) async -> NotificationOutcome {
        self.pushes += 1
        if !self.isOpen { await withCheckedContinuation { self.waiting.append($0) } }
        return .rejected("off")
    }

    func cancel(_ target: NotificationTarget, for notice: CancelNotice, within time: Duration) async {}

    func open() {
        self.isOpen = true
        for continuation in self.waiting { continuation.resume() }
        self.waiting = []
    }
}

@Suite("Ten thousand calls to sleeping phones at once")
struct WakeupStormTests {
    @Test("So many are sent, so many wait, the oldest of the others fail; every caller is told, and nothing is left")
    func storm() async throws {
        let count = 10_000
        let service = BusyService()
        var policy = ExchangePolicy()
        policy.callsPerRegistration = count
        policy.callStartsPerSecond = count
        // They have been away for long.
        policy.reloadWait = .zero
        // However slow the machine is, nobody gives up before his push is sent.
        policy.wakeupTimeout = .seconds(3600)
        let switchboard = Switchboard(
            policy: policy,
            directory: NobodyDirectory(),
            notifications: service,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        var generator = SystemRandomNumberGenerator()
        var touched: [any Port] = []
        func register(_ number: Int) throws -> (SwitchboardTests.RecordingPort, PortID) {
            let port = SwitchboardTests.RecordingPort()
            let id = switchboard.connect(port)
            let enrolment = Enrolment(
                identifier: RegistrationIdentifier(using: &generator),
                username: Username("user\(number)"),
                address: PartyAddress(dialString: try #require(DialString("\(number)")))
            )
            switchboard.register(enrolment, on: id, touching: &touched)
            return (port, id)
        }
        for number in 0..<count {
            let (_, id) = try register(100_000 + number)
            let data = NotificationData(token: Array("\"\(number)\"".utf8), url: nil)
            switchboard.keep(data, named: nil, confirm: false, from: id, touching: &touched)
            switchboard.disconnect(id)
        }
        let callers = try (1...100).map { try register($0) }
        for (port, _) in callers { _ = port.takeAll() }
        for number in 0..<count {
            let call = try #require(CallIdentifier("c-\(number)"))
            let request = CallRequest.start(to: DialString("\(100_000 + number)"), description: nil)
            switchboard.receive(request, for: call, from: callers[number % 100].1, touching: &touched)
        }
        // Those that had to make room were told at once: they had waited longest.
        let early = callers.flatMap { self.ended($0.0.takeAll()) }
        #expect(Set(early) == Set((128..<(count - 4096)).map { "c-\($0)" }))
        #expect(early.count == count - 128 - 4096)
        #expect(switchboard.census.calls == 128 + 4096)
        await service.open()
        // Beside all other tests, on a slow machine, this takes its time.
        try await withTimeLimit(.seconds(300)) {
            while switchboard.census.calls > 0 { try await Task.sleep(for: .milliseconds(5)) }
        }
        let late = callers.flatMap { self.ended($0.0.takeAll()) }
        #expect(early.count + late.count == count)
        #expect(Set(early).union(late).count == count)
        let pushes = await service.pushes
        #expect(pushes == 128 + 4096)
    }

    private func ended(_ items: [OutboxItem]) -> [String] {
        items.compactMap { item in
            guard case .tell(.call(let label, .status(.terminated, .unavailable))) = item else { return nil }
            return label.identifier.text
        }
    }
}

private struct NobodyDirectory: DirectoryService {
    func entry(forUsername username: Username) async throws -> DirectoryEntry? { nil }
    func entry(forDialString dialString: DialString) async throws -> DirectoryEntry? { nil }
}
