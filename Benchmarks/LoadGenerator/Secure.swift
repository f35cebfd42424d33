import ArgumentParser

/// The whole way in: TCP, TLS, WebSocket handshake with an access token, register, close; the same with TLS sessions
/// resumed, and the same without TLS beside it.
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

    /// How clients come in.
    private enum Door: String, CaseIterable {
        case secure = "wss"
        case resumed = "wss resumed"
        case plain = "ws"
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
        var figures: [Door: [Figures]] = [:]
        // The first round warms up.
        for round in 0...rounds {
            for door in Door.allCases {
                // A first session has to come from somewhere: from the round before.
                let result = self.round(servers[door == .plain ? 1 : 0], tokens, resumes: door == .resumed)
                if round > 0 { figures[door, default: []].append(result) }
            }
        }
        var report = Report("secure", "connect, token, register, close; \(self.clients) at a time, in turns")
        for door in Door.allCases {
            let results = figures[door] ?? []
            report.add("\(door.rawValue) log-ins/s", results.map(\.rate), digits: 0)
            report.add("\(door.rawValue) server CPU µs per log-in", results.map(\.server), digits: 1)
            report.add("\(door.rawValue) generator CPU µs per log-in", results.map(\.generator), digits: 1)
        }
        for door in [Door.secure, .resumed] {
            let shares = zip(figures[door] ?? [], figures[.plain] ?? []).map {
                100 * ($0.server - $1.server) / $0.server
            }
            report.add("\(door.rawValue): % of the server's CPU that is TLS", shares, digits: 0)
        }
        notebook.add(report)
    }

    private func round(_ server: ServerProcess, _ tokens: [String], resumes: Bool) -> Figures {
        let poller = Poller()
        // It holds what begins the next client, which holds it: the server would go on behind the next benchmarks.
        defer { poller.onEnd = { _ in } }
        var completed = 0
        var isOver = false
        var present = 0
        func begin(_ index: Int) {
            present += 1
            let query = "?access_token=\(tokens[index])"
            poller.add(Client(index: index, server: server, query: query, resumes: resumes))
        }
        poller.onOpen = { client in
            guard client.isResumed == resumes else { fail("a TLS session was \(resumes ? "not " : "")resumed") }
            client.send(Messages.register(client.index))
        }
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
