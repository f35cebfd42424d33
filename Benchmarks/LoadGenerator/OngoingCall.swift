/// A call between the first two clients of a fleet, with a media message every few milliseconds.
///
/// The messages leave at their time whatever became of earlier ones, and how long one took counts from then: one that waited
/// for others is late, and so are those behind it.
final class OngoingCall {
    /// Nanoseconds from one message to the next.
    private static let interval: UInt64 = 2_000_000
    private static let bytes = 1500

    private let poller: Poller
    private let caller: Client
    /// When those that are not back yet were meant to leave.
    private var underWay = Queue<UInt64>()
    /// When the next is to leave, while it is measured.
    private var next: UInt64?
    private var latencies: [Double] = []

    init(_ fleet: Fleet) {
        self.poller = fleet.poller
        self.caller = fleet.clients[0]
        let callee = fleet.clients[1]
        var active = 0
        self.poller.onMessage = { client, message in
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
        self.poller.turn(until: { active == 2 }, orFail: "the call is not established")
        for client in [self.caller, callee] {
            let description = Messages.description("offer", bytes: Self.bytes)
            let count = Messages.mediaOffer.bytes.count + client.call.bytes.count + description.bytes.count
            client.frame.appendHead(of: .text, count: count)
            client.frame += Messages.mediaOffer.bytes + client.call.bytes + description.bytes
        }
        self.poller.onMessage = { [unowned self] client, message in
            guard message.news == .media else { fail("no media: \(message.text)") }
            guard client === self.caller else { return client.sendFrame() }
            guard let moment = self.underWay.popFirst() else { fail("a message came back twice") }
            self.latencies.append(Double(now() - moment) / 1e6)
        }
        self.poller.onTurn = { [unowned self] in self.keepTime() }
        // An idle generator must not be late itself.
        self.poller.patience = 50000
    }

    /// Milliseconds there and back of each message while something is done.
    func latencies(during work: () -> Void) -> [Double] {
        self.latencies = []
        self.next = now()
        work()
        self.next = nil
        self.poller.turn(until: { self.underWay.count == 0 }, orFail: "messages of the call are missing")
        return self.latencies
    }

    private func keepTime() {
        guard var next = self.next, next <= now() else { return }
        while next <= now() {
            self.underWay.append(next)
            self.caller.sendFrame()
            next += Self.interval
        }
        self.next = next
        self.caller.flush()
    }
}
