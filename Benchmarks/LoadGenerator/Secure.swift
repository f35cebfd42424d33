import ArgumentParser

/// The whole way in: TCP, TLS, WebSocket handshake with an access token, register, close; and the same without TLS beside it.
struct Secure: Benchmark {
    static let configuration = CommandConfiguration(abstract: "Log-ins a second by token over wss and ws, CPU of each.")

    @OptionGroup var options: Options
    @Option(help: "Clients at a time.") var clients = 50
    @Option(help: "Seconds a round.") var seconds = 3.0
    @Option(help: "Rounds, of each in turns.") var rounds = 5

    func validate() throws {
        guard self.clients > 0, self.seconds > 0, self.rounds > 0 else {
            throw ValidationError("there must be some clients, seconds and rounds")
        }
    }

    private struct Figures {
        var rate: Double
        var server: Double
        var generator: Double
    }

    func measure(into notebook: Notebook) {
        let rounds = self.options.quick ? 1 : self.rounds
        let tokens = (0..<self.clients).map { Token.of($0) }
        let servers = [true, false].map {
            ServerProcess(server: self.options.serverPath, people: self.clients, isSecure: $0)
        }
        var figures: [[Figures]] = [[], []]
        // The first round warms up.
        for round in 0...rounds {
            for (index, server) in servers.enumerated() {
                let result = self.round(server, tokens)
                if round > 0 { figures[index].append(result) }
            }
        }
        var report = Report("secure", "connect, token, register, close; \(self.clients) at a time, wss and ws in turns")
        for (name, results) in zip(["wss", "ws"], figures) {
            report.add("\(name) log-ins/s", results.map(\.rate), digits: 0)
            report.add("\(name) server CPU µs per log-in", results.map(\.server), digits: 1)
            report.add("\(name) generator CPU µs per log-in", results.map(\.generator), digits: 1)
        }
        let shares = zip(figures[0], figures[1]).map { 100 * ($0.server - $1.server) / $0.server }
        report.add("% of the server's CPU that is TLS", shares, digits: 0)
        notebook.add(report)
    }

    private func round(_ server: ServerProcess, _ tokens: [String]) -> Figures {
        let poller = Poller()
        var completed = 0
        var isOver = false
        var present = 0
        func begin(_ index: Int) {
            present += 1
            poller.add(Client(index: index, server: server, query: "?access_token=\(tokens[index])"))
        }
        poller.onOpen = { $0.send(Messages.register($0.index)) }
        poller.onMessage = { client, message in
            switch message.news {
            case .registered: client.send(Messages.unregister, message.identifier, Messages.end)
            case .unregistered: client.sendClose()
            default: fail("a registration went wrong: \(message.text)")
            }
        }
        poller.onEnd = { client in
            completed += 1
            present -= 1
            if !isOver { begin(client.index) }
        }
        for index in 0..<self.clients { begin(index) }
        let seconds = self.options.quick ? 1 : self.seconds
        let window = Window(server)
        let end = now() + UInt64(seconds * 1e9)
        while now() < end { poller.turn() }
        let used = window.end()
        let count = Double(max(1, completed))
        isOver = true
        poller.turn(until: { present == 0 }, orFail: "\(present) clients did not leave")
        return Figures(rate: count / used.seconds, server: used.server / count, generator: used.generator / count)
    }
}
