import ArgumentParser

/// Connect, handshake, register, terminate, close: over and over.
struct Register: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Log-ins a second, CPU of each.")

    @OptionGroup var options: Options
    @Option(help: "Clients at a time.") var clients = 50
    @Option(help: "Seconds a round.") var seconds = 3
    @Option(help: "Rounds.") var rounds = 5

    func run() throws {
        pinGenerator()
        let server = startServer(self.options.server, people: self.clients)
        let poller = Poller()
        var completed = 0
        var isRunning = true
        poller.onOpen = { client in
            client.send(Messages.register(client.index))
            poller.touch(client)
        }
        poller.onMessage = { client, message in
            if message.says("\"registered\"") {
                client.send(Messages.unregister)
                poller.touch(client)
            } else {
                completed += 1
                poller.remove(client)
            }
        }
        poller.onClose = { client in
            guard isRunning else { return }
            poller.add(Client(index: client.index, port: server.port))
        }
        for index in 0..<self.clients {
            poller.add(Client(index: index, port: server.port))
        }
        var rates: [Double] = []
        var costs: [Double] = []
        for round in 0...(self.options.quick ? 2 : self.rounds) {
            completed = 0
            let window = Window(server)
            let end = now() + UInt64(self.options.quick ? 1 : self.seconds) * 1_000_000_000
            while now() < end {
                poller.turn(milliseconds: 1)
            }
            let used = window.end()
            // The first round warms up.
            if round > 0 {
                rates.append(Double(completed) / used.seconds)
                costs.append(used.processor / Double(max(1, completed)))
            }
        }
        isRunning = false
        var report = Report("register (\(self.clients) at a time)", options: self.options)
        report.add("cycles/s", Statistics(rates), digits: 0)
        report.add("server CPU µs per cycle", Statistics(costs), digits: 1)
        report.print()
    }
}
