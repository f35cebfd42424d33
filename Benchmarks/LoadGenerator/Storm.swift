import ArgumentParser
import CLinux

/// All clients lose their sockets at once, and come back to their registrations, while a call of others goes on.
struct Storm: Benchmark {
    static let configuration = CommandConfiguration(
        abstract: "Clients cut at once that restore: time until all are back, and what a call feels of it."
    )

    @OptionGroup var options: Options
    @Option(help: "Clients.") var clients = 10_000
    @Option(help: "Handshakes under way at a time.") var window = 500
    @Option(help: "Rounds, with one server.") var rounds = 3

    func validate() throws {
        guard self.clients > 0, self.window > 0, self.rounds > 0 else {
            throw ValidationError("there must be some clients, handshakes and rounds")
        }
    }

    func measure(into notebook: Notebook) {
        let count = self.options.quick ? min(500, self.clients) : self.clients
        let most = Int(clamping: bench_raise_open_files()) - 200
        guard count <= most else { fail("a process may have \(most) connections here, not \(count)") }
        let server = ServerProcess(server: self.options.serverPath, people: count + 2)
        let fleet = Fleet(of: server, count: count + 2, register: true)
        let call = OngoingCall(fleet)
        let calm = call.latencies(during: { fleet.run(seconds: 1) })
        var results: [(seconds: Double, cpu: Double, latencies: [Double])] = []
        for _ in 0..<(self.options.quick ? 1 : self.rounds) {
            var seconds = 0.0
            let usage = Window(server)
            let latencies = call.latencies { seconds = fleet.storm(sparing: 2, window: self.window, server: server) }
            results.append((seconds, usage.end().server / Double(count), latencies))
        }
        var report = Report("storm", "\(count) clients cut at once restore, \(self.window) handshakes at a time")
        report.add("seconds until all are back", results.map(\.seconds))
        report.add("server CPU µs per client", results.map(\.cpu), digits: 1)
        report.add("call, ms there and back p50", results.map { Statistics($0.latencies).percentile(50) })
        report.add("call, ms there and back p99", results.map { Statistics($0.latencies).percentile(99) })
        report.add("the same in calm p50", [Statistics(calm).percentile(50)])
        report.add("the same in calm p99", [Statistics(calm).percentile(99)])
        notebook.add(report)
    }
}

extension Fleet {
    /// Cuts all clients but the first few at once, and has them restore. Returns the seconds until all are back.
    func storm(sparing spared: Int, window: Int, server: ServerProcess) -> Double {
        let lost = self.clients[spared...]
        let identifiers = lost.map { $0.registration.unmasked }
        for client in lost {
            self.poller.forget(client)
            client.close()
        }
        var back = 0
        let others = self.poller.onMessage
        self.poller.onMessage = { client, message in
            guard client.index >= spared else { return others(client, message) }
            guard message.news == .registered else { fail("not restored: \(message.text)") }
            client.registration = message.identifier
            back += 1
        }
        self.poller.onOpen = { _ in }
        let start = now()
        var begun = 0
        while back < identifiers.count {
            while begun < min(identifiers.count, back + window) {
                let client = Client(
                    index: spared + begun,
                    server: server,
                    query: "?identifier=\(identifiers[begun])"
                )
                self.replace(client)
                self.poller.add(client)
                begun += 1
            }
            self.poller.turn()
            guard now() < start + 60_000_000_000 else { fail("only \(back) of \(identifiers.count) came back in 60 s") }
        }
        let end = now()
        self.poller.onMessage = others
        return Double(end - start) / 1e9
    }
}

/// A call between the first two clients of a fleet, with one media message always on its way.
private final class OngoingCall {
    private let fleet: Fleet
    private var measured: [Double] = []
    private var isMeasuring = false

    init(_ fleet: Fleet) {
        self.fleet = fleet
        let (caller, callee) = (fleet.clients[0], fleet.clients[1])
        var active = 0
        fleet.poller.onMessage = { client, message in
            switch message.news {
            case .start:
                client.call = message.identifier
                client.send(Messages.answer, client.call, Messages.end)
            case .active: active += 1
            case .ringing: break
            default: fail("the call was not established: \(message.text)")
            }
        }
        caller.call = MaskedText("storm-call")
        caller.send(Messages.start, caller.call, Messages.remoteAddress(callee.index))
        caller.flush()
        fleet.poller.turn(until: { active == 2 }, orFail: "the call is not established")
        for client in [caller, callee] {
            let description = Messages.description("offer", bytes: 1500)
            let count = Messages.mediaOffer.bytes.count + client.call.bytes.count + description.bytes.count
            client.frame.appendHead(of: .text, count: count)
            client.frame += Messages.mediaOffer.bytes + client.call.bytes + description.bytes
        }
        fleet.poller.onMessage = { [unowned self] client, message in
            guard message.news == .media else { fail("no media: \(message.text)") }
            if client.index == caller.index {
                self.measured.append(Double(now() - client.startedAt) / 1e6)
                guard self.isMeasuring else { return }
                client.startedAt = now()
            }
            client.sendFrame()
        }
    }

    /// Milliseconds there and back of each message while something is done.
    func latencies(during work: () -> Void) -> [Double] {
        let caller = self.fleet.clients[0]
        self.measured = []
        self.isMeasuring = true
        caller.startedAt = now()
        caller.sendFrame()
        caller.flush()
        work()
        self.isMeasuring = false
        self.fleet.run(seconds: 0.2)
        return self.measured
    }
}
