import Glibc
import Synchronization

/// A call with a media message every few milliseconds, on a thread of its own: what other clients cost the generator
/// does not make it late.
///
/// The messages leave at their time whatever became of earlier ones, and how long one took counts from then: one that
/// waited for others is late, and so are those behind it.
final class OngoingCall {
    private let line: Line
    private var thread = pthread_t()

    /// Establishes the call.
    ///
    /// - Parameter first: the place of the caller in the directory; the callee has the next one.
    init(at server: ServerProcess, from first: Int) {
        self.line = Line(server: server, first: first)
        let line = Unmanaged.passRetained(self.line).toOpaque()
        let status = pthread_create(
            &self.thread,
            nil,
            { line in
                guard let line else { return nil }
                OngoingCallLoop(Unmanaged<Line>.fromOpaque(line).takeRetainedValue()).run()
                return nil
            },
            line
        )
        guard status == 0 else { fail("no thread for the call") }
        self.wait(for: .calm)
    }

    /// Milliseconds there and back of each message while something is done.
    func latencies(during work: () -> Void) -> [Double] {
        self.line.state.withLock { $0.phase = .measuring }
        work()
        self.line.state.withLock { $0.phase = .ending }
        self.wait(for: .calm)
        return self.line.state.withLock(\.latencies)
    }

    /// To be called before the server ends.
    func hangUp() {
        self.line.state.withLock { $0.phase = .over }
        pthread_join(self.thread, nil)
    }

    private func wait(for phase: Line.Phase) {
        let deadline = now() + 30_000_000_000
        while self.line.state.withLock(\.phase) != phase {
            usleep(1000)
            guard now() < deadline else { fail("the call is not established, or its messages are missing") }
        }
    }
}

/// What the two threads share.
private final class Line {
    enum Phase {
        case establishing, calm, measuring, ending, over
    }

    struct State {
        var phase = Phase.establishing
        var latencies: [Double] = []
    }

    let server: ServerProcess
    let first: Int
    let state = Mutex(State())

    init(server: ServerProcess, first: Int) {
        self.server = server
        self.first = first
    }
}

/// The thread of the call, with a poller that has nothing else to do.
private final class OngoingCallLoop {
    /// Nanoseconds from one message to the next.
    private static let interval: UInt64 = 2_000_000
    private static let bytes = 1500

    private let line: Line
    private let fleet: Fleet
    private let caller: Client
    /// When those that are not back yet were meant to leave.
    private var underWay = Queue<UInt64>()
    private var latencies: [Double] = []

    init(_ line: Line) {
        self.line = line
        self.fleet = Fleet(of: line.server, from: line.first, count: 2, register: true)
        self.caller = self.fleet.clients[0]
        self.establish(to: self.fleet.clients[1])
        self.fleet.poller.onMessage = { [unowned self] client, message in
            guard message.news == .media else { fail("no media: \(message.text)") }
            guard client === self.caller else { return client.sendFrame() }
            guard let moment = self.underWay.popFirst() else { fail("a message came back twice") }
            self.latencies.append(Double(now() - moment) / 1e6)
        }
    }

    private func establish(to callee: Client) {
        var active = 0
        self.fleet.poller.onMessage = { client, message in
            switch message.news {
            case .start:
                client.call = message.identifier
                client.send(Messages.answer, client.call, Messages.end)
            case .active: active += 1
            case .ringing: break
            default: fail("the call was not established: \(message.text)")
            }
        }
        self.caller.call = MaskedText("storm-call")
        self.caller.send(Messages.start, self.caller.call, Messages.remoteAddress(callee.index))
        self.caller.flush()
        self.fleet.poller.turn(until: { active == 2 }, orFail: "the call is not established")
        for client in [self.caller, callee] {
            let description = Messages.description("offer", bytes: Self.bytes)
            let count = Messages.mediaOffer.bytes.count + client.call.bytes.count + description.bytes.count
            client.frame.appendHead(of: .text, count: count)
            client.frame += Messages.mediaOffer.bytes + client.call.bytes + description.bytes
        }
    }

    func run() {
        self.line.state.withLock { $0.phase = .calm }
        var next: UInt64?
        while true {
            switch self.line.state.withLock(\.phase) {
            case .measuring:
                next = self.sendDue(from: next ?? now())
            case .ending where self.underWay.count == 0:
                self.line.state.withLock { state in
                    state.phase = .calm
                    state.latencies = self.latencies
                }
                self.latencies = []
                next = nil
            case .over: return
            case .establishing, .calm, .ending: next = nil
            }
            let moment = now()
            self.fleet.poller.turn(nanoseconds: next.map { $0 > moment ? $0 - moment : 0 } ?? Self.interval)
        }
    }

    /// Sends all messages that should have left by now. Returns when the next one should.
    private func sendDue(from first: UInt64) -> UInt64 {
        var next = first
        while next <= now() {
            self.underWay.append(next)
            self.caller.sendFrame()
            next += Self.interval
        }
        self.caller.flush()
        return next
    }
}
