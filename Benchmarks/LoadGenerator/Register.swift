import ArgumentParser

/// Connect, handshake, register, terminate, close: over and over.
struct Register: Benchmark {
    static let configuration = CommandConfiguration(abstract: "Log-ins a second, CPU of each.")

    @OptionGroup var options: Options
    @Option(help: "Clients at a time.") var clients = 50
    @Option(help: "Seconds a round.") var seconds = 3.0
    @Option(help: "Rounds.") var rounds = 5

    func validate() throws {
        guard self.clients > 0, self.seconds > 0, self.rounds > 0 else {
            throw ValidationError("there must be some clients, seconds and rounds")
        }
    }

    func measure(into notebook: Notebook) {
        let rounds = self.options.quick ? 2 : self.rounds
        let seconds = self.options.quick ? 1 : self.seconds
        let server = ServerProcess(server: self.options.serverPath, people: self.clients)
        let poller = Poller()
        var completed = 0
        poller.onOpen = { client in
            client.send(Messages.register(client.index))
        }
        poller.onMessage = { client, message in
            switch message.news {
            case .registered: client.send(Messages.unregister, message.identifier, Messages.end)
            case .unregistered: client.sendClose()
            default: fail("a registration went wrong: \(message.text)")
            }
        }
        poller.onEnd = { [unowned poller] client in
            completed += 1
            poller.add(Client(index: client.index, server: server))
        }
        for index in 0..<self.clients {
            poller.add(Client(index: index, server: server))
        }
        var results: [(cycles: Double, server: Double, generator: Double, seconds: Double)] = []
        // The first round warms up.
        for _ in 0...rounds {
            completed = 0
            let window = Window(server)
            let end = now() + UInt64(seconds * 1e9)
            while now() < end {
                poller.turn()
            }
            let used = window.end()
            results.append((Double(max(1, completed)), used.server, used.generator, used.seconds))
        }
        results.removeFirst()
        var report = Report("register", "\(self.clients) at a time, rounds of \(seconds.text(0)) s")
        report.add("cycles/s", results.map { $0.cycles / $0.seconds }, digits: 0)
        report.add("server CPU µs per cycle", results.map { $0.server / $0.cycles }, digits: 1)
        report.add("generator CPU µs per cycle", results.map { $0.generator / $0.cycles }, digits: 1)
        notebook.add(report)
    }
}
