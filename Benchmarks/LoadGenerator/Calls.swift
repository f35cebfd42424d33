import ArgumentParser

/// Whole calls: start, ringing, answer, active, offer and answer of 1.5 kB, terminate.
struct Calls: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Calls a second, set-up latency, CPU per call.")

    @OptionGroup var options: Options
    @Option(help: "Pairs of registered clients.") var pairs = 100
    @Option(help: "Calls a second, started whether or not earlier ones are done; 0: as fast as the pairs can.")
    var rate = 0
    @Option(help: "Seconds a round.") var seconds = 4
    @Option(help: "Rounds.") var rounds = 5

    /// Six from the clients, ten to them.
    static let messagesPerCall = 16.0

    func run() throws {
        pinGenerator()
        let server = startServer(self.options.server, people: self.pairs * 2)
        let load = CallLoad(server: server, pairs: self.pairs)
        let rounds = self.options.quick ? 2 : self.rounds
        let seconds = self.options.quick ? 1 : self.seconds
        var rates: [Double] = []
        var costs: [Double] = []
        var latencies: [Double] = []
        load.run(seconds: 1, rate: self.rate)
        for _ in 0..<rounds {
            load.forgetFigures()
            let window = Window(server)
            load.run(seconds: seconds, rate: self.rate)
            let used = window.end()
            rates.append(Double(load.completed) / used.seconds)
            costs.append(used.processor / Double(max(1, load.completed)))
            latencies += load.latencies
        }
        let latency = Statistics(latencies)
        let mode = self.rate == 0 ? "closed loop" : "open loop, \(self.rate) calls/s"
        var report = Report("calls (\(mode), \(self.pairs) pairs)", options: self.options)
        report.add("calls/s", Statistics(rates), digits: 0)
        report.add("messages/s", Statistics(rates.map { $0 * Self.messagesPerCall }), digits: 0)
        report.add("server CPU µs per call", Statistics(costs))
        report.add("server CPU µs per message", Statistics(costs.map { $0 / Self.messagesPerCall }))
        report.add("set-up latency ms p50", latency.percentile(50) / 1000, digits: 3)
        report.add("set-up latency ms p99", latency.percentile(99) / 1000, digits: 3)
        report.add("set-up latency ms p99.9", latency.percentile(99.9) / 1000, digits: 3)
        report.print()
    }
}

/// Pairs of clients that call each other: the even ones the odd ones.
final class CallLoad {
    private(set) var completed = 0
    /// Microseconds from the moment a call was meant to start until it was active at the caller.
    private(set) var latencies: [Double] = []

    private let fleet: Fleet
    private var idle: [Client] = []
    private var isClosedLoop = true
    /// Calls that should have started but found no idle pair: when they should have.
    private var overdue: [UInt64] = []
    private let offer = Messages.media("offer")
    private let mediaAnswer = Messages.media("answer")
    private let description = Messages.description(bytes: 1500)

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

    func forgetFigures() {
        self.completed = 0
        self.latencies = []
    }

    /// Calls for so many seconds, then lets those that are under way come to their end.
    func run(seconds: Int, rate: Int) {
        let start = now()
        let end = start + UInt64(seconds) * 1_000_000_000
        self.isClosedLoop = rate == 0
        let total = self.idle.count
        if self.isClosedLoop {
            while let client = self.idle.popLast() {
                self.call(from: client, meantFor: now())
            }
        }
        var issued = 0
        while now() < end {
            if rate > 0 {
                let due = Int(Double(now() - start) / 1e9 * Double(rate))
                while issued < due {
                    let moment = start + UInt64(Double(issued) / Double(rate) * 1e9)
                    issued += 1
                    if let client = self.idle.popLast() {
                        self.call(from: client, meantFor: moment)
                    } else {
                        self.overdue.append(moment)
                    }
                }
            }
            self.fleet.poller.turn(milliseconds: rate > 0 ? 0 : 1)
        }
        self.isClosedLoop = false
        self.overdue = []
        while self.idle.count < total {
            self.fleet.poller.turn(milliseconds: 1)
        }
    }

    private func call(from client: Client, meantFor moment: UInt64) {
        guard let peer = client.peer else { return }
        client.count += 1
        client.identifier = Array("call-\(client.count)".utf8)
        client.startedAt = moment
        client.send(Messages.startHead, client.identifier, Messages.start(to: peer.index))
        self.fleet.poller.touch(client)
    }

    private func handle(_ message: UnsafeBufferPointer<UInt8>, at client: Client) {
        let isCaller = client.peer != nil
        if message.says("\"media\"") {
            if isCaller {
                client.send(Messages.terminate, client.identifier, Messages.end)
            } else {
                client.send(self.mediaAnswer, client.identifier, self.description)
            }
        } else if message.says("\"action\":\"start\"") {
            client.identifier = message.identifier
            client.send(Messages.accept, client.identifier, Messages.end)
        } else if message.says("\"state\":\"ringing\"") {
            guard !isCaller else { return }
            client.send(Messages.answer, client.identifier, Messages.end)
        } else if message.says("\"state\":\"active\"") {
            guard isCaller else { return }
            self.latencies.append(Double(now() - client.startedAt) / 1000)
            client.send(self.offer, client.identifier, self.description)
        } else if message.says("\"state\":\"terminated\"") {
            guard isCaller else { return }
            guard message.says("\"normal\"") else {
                fatalError("call failed: \(String(decoding: message, as: UTF8.self))")
            }
            self.completed += 1
            if self.isClosedLoop {
                self.call(from: client, meantFor: now())
            } else if self.overdue.isEmpty {
                self.idle.append(client)
            } else {
                self.call(from: client, meantFor: self.overdue.removeFirst())
            }
            return
        } else {
            return
        }
        self.fleet.poller.touch(client)
    }
}
