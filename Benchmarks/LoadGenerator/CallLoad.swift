/// Pairs of clients that call each other: the even ones the odd ones.
final class CallLoad {
    struct Figures {
        var completed = 0
        /// In both directions.
        var messages = 0
        /// Microseconds from the moment a call was meant to start until it was active at the caller.
        var latencies: [Double] = []
        /// Calls of an open loop that no pair became free for.
        var unstarted = 0
    }

    /// Six from the clients, ten to them. Counted all the same: a server that says less is not a faster one.
    static let messagesPerCall = 16
    /// How long an open loop that has fallen behind may go on after its time.
    static let overtime: UInt64 = 10_000_000_000

    private let fleet: Fleet
    private var figures = Figures()
    private var idle = Queue<Client>()
    /// Calls that should have started but found no idle pair: when they should have.
    private var overdue = Queue<UInt64>()
    private var isClosedLoop = true
    private let offer = Messages.description("offer", bytes: 1500)
    private let answer = Messages.description("answer", bytes: 1500)

    init(server: ServerProcess, pairs: Int) {
        self.fleet = Fleet(of: server, count: pairs * 2, register: true)
        for index in stride(from: 0, to: pairs * 2, by: 2) {
            self.fleet.clients[index].peer = self.fleet.clients[index + 1]
            self.idle.append(self.fleet.clients[index])
        }
        self.fleet.poller.onMessage = { [unowned self] client, message in
            self.handle(message, at: client)
        }
    }

    /// Calls for so many seconds, then lets those that are under way come to their end.
    ///
    /// - Parameter rate: calls a second, each begun at its time or, when no pair is free then, as soon as one is; its
    ///   latency counts from its time either way. 0: each pair begins a call when its last one has ended.
    @discardableResult
    func run(seconds: Double, rate: Int) -> Figures {
        self.figures = Figures()
        self.isClosedLoop = rate == 0
        let pairs = self.idle.count
        if self.isClosedLoop {
            let end = now() + UInt64(seconds * 1e9)
            while let client = self.idle.popFirst() {
                self.call(from: client, meantFor: now())
                client.flush()
            }
            while now() < end {
                self.fleet.poller.turn()
            }
            self.isClosedLoop = false
        } else {
            self.keepTime(count: Int(seconds * Double(rate)), interval: 1e9 / Double(rate))
        }
        self.fleet.poller.turn(until: { self.idle.count == pairs }, orFail: "calls are still under way")
        self.fleet.poller.turn(
            until: { self.figures.messages >= self.figures.completed * Self.messagesPerCall },
            orFail: "\(self.figures.completed) calls took \(self.figures.messages) messages, which is too few,"
        )
        guard self.figures.messages == self.figures.completed * Self.messagesPerCall else {
            fail("\(self.figures.completed) calls took \(self.figures.messages) messages, which is too many")
        }
        return self.figures
    }

    /// Begins so many calls, one every so many nanoseconds.
    private func keepTime(count: Int, interval: Double) {
        let start = now()
        var issued = 0
        while issued < count {
            let due = start + UInt64(Double(issued) * interval)
            let moment = now()
            if due > moment {
                self.fleet.poller.turn(nanoseconds: due - moment)
                continue
            }
            issued += 1
            if let client = self.idle.popFirst() {
                self.call(from: client, meantFor: due)
                client.flush()
            } else {
                self.overdue.append(due)
                // With no pair free, reading is all that helps.
                self.fleet.poller.turn(nanoseconds: 0)
            }
        }
        let deadline = now() + Self.overtime
        while self.overdue.count > 0, now() < deadline {
            self.fleet.poller.turn()
        }
        self.figures.unstarted = self.overdue.count
        self.overdue = Queue()
    }

    private func call(from client: Client, meantFor moment: UInt64) {
        guard let peer = client.peer else { return }
        client.calls += 1
        client.call = MaskedText("call-\(client.calls)")
        client.startedAt = moment
        self.send(Messages.start, Messages.remoteAddress(peer.index), from: client)
    }

    private func send(_ head: MaskedText, _ tail: MaskedText, from client: Client) {
        client.send(head, client.call, tail)
        self.figures.messages += 1
    }

    private func handle(_ message: IncomingMessage, at client: Client) {
        self.figures.messages += 1
        let isCaller = client.peer != nil
        switch (message.news, isCaller) {
        case (.start, false):
            client.call = message.identifier
            self.send(Messages.accept, Messages.end, from: client)
        case (.ringing, false):
            self.send(Messages.answer, Messages.end, from: client)
        case (.active, true):
            self.figures.latencies.append(Double(now() - client.startedAt) / 1000)
            self.send(Messages.mediaOffer, self.offer, from: client)
        case (.media, false) where message.count > self.offer.bytes.count:
            self.send(Messages.mediaAnswer, self.answer, from: client)
        case (.media, true) where message.count > self.answer.bytes.count:
            self.send(Messages.terminate, Messages.end, from: client)
        case (.terminated, true) where message.says("\"reason\":\"normal\""):
            self.completed(by: client)
        case (.terminated, false) where message.says("\"reason\":\"normal\""): break
        case (.ringing, true), (.active, false), (.terminating, true): break
        default: fail("a call went wrong: \(message.text)")
        }
    }

    private func completed(by client: Client) {
        self.figures.completed += 1
        if self.isClosedLoop {
            self.call(from: client, meantFor: now())
        } else if let moment = self.overdue.popFirst() {
            self.call(from: client, meantFor: moment)
        } else {
            self.idle.append(client)
        }
    }
}
