import ArgumentParser

/// A media message of 2 kB from one client to another, against an echo of the same size by bare NIO, in turns.
///
/// Both are one frame in and one frame out at the server, with as many frames under way and the same generator code.
struct Relay: Benchmark {
    static let configuration = CommandConfiguration(abstract: "CPU per relayed 2 kB message, against NIO's own echo.")

    @OptionGroup var options: Options
    @Option(help: "Pairs in a call; as many clients echo.") var pairs = 50
    @Option(help: "Bytes of a message.") var bytes = 2000
    @Option(help: "Seconds a round and server.") var seconds = 3.0
    @Option(help: "Rounds.") var rounds = 5

    /// What the yardstick's decoder takes unless it is told otherwise.
    private static let mostBytes = 1 << 14

    func validate() throws {
        guard self.pairs > 0, self.bytes >= 300, self.bytes <= Self.mostBytes, self.seconds > 0, self.rounds > 0 else {
            throw ValidationError("there must be some pairs, seconds and rounds, and 300 to \(Self.mostBytes) bytes")
        }
    }

    func measure(into notebook: Notebook) {
        let rounds = self.options.quick ? 2 : self.rounds
        let seconds = self.options.quick ? 0.5 : self.seconds
        let server = ServerProcess(server: self.options.serverPath, people: self.pairs * 2)
        let yardstick = ServerProcess(command: [self.options.echoPath])
        let relay = Volley(relayedBy: server, pairs: self.pairs, bytes: self.bytes)
        let echo = Volley(echoedBy: yardstick, clients: self.pairs, bytes: self.bytes)
        for inFlight in [1, 16] {
            relay.run(seconds: 0.5, inFlight: inFlight)
            echo.run(seconds: 0.5, inFlight: inFlight)
            var relayed: [Volley.Figures] = []
            var echoed: [Volley.Figures] = []
            for _ in 0..<rounds {
                relayed.append(relay.run(seconds: seconds, inFlight: inFlight))
                echoed.append(echo.run(seconds: seconds, inFlight: inFlight))
            }
            let setting = "\(self.bytes) bytes, \(inFlight) in flight in each of \(self.pairs) pairs"
            var report = Report("relay", "\(setting), rounds of \(seconds.text(1)) s in turns")
            report.add("relay CPU µs per message", relayed.map(\.serverCost))
            report.add("echo CPU µs per message", echoed.map(\.serverCost))
            report.add("ratio relay/echo", zip(relayed, echoed).map { $0.serverCost / $1.serverCost })
            report.add("relay messages/s", relayed.map(\.rate), digits: 0)
            report.add("echo messages/s", echoed.map(\.rate), digits: 0)
            report.add("generator CPU µs per relayed message", relayed.map(\.generatorCost))
            report.add("generator CPU µs per echoed message", echoed.map(\.generatorCost))
            notebook.add(report)
        }
    }
}
