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
        let cycles = Cycles(server, clients: self.clients, users: self.clients)
        // The first round warms up.
        _ = cycles.round(of: seconds)
        let results = (0..<rounds).map { _ in cycles.round(of: seconds) }
        var report = Report("register", "\(self.clients) at a time, rounds of \(seconds.text(0)) s")
        report.add("cycles/s", results.map { $0.cycles / $0.seconds }, digits: 0)
        report.add("server CPU µs per cycle", results.map { $0.server / $0.cycles }, digits: 1)
        report.add("generator CPU µs per cycle", results.map { $0.generator / $0.cycles }, digits: 1)
        notebook.add(report)
    }
}

/// Clients that come, register and go, each followed by another.
final class Cycles {
    typealias Figures = (cycles: Double, server: Double, generator: Double, seconds: Double)

    private let server: ServerProcess
    private let poller = Poller()
    private let users: Int
    private var nextUser: Int
    private var completed = 0

    /// - Parameters:
    ///   - clients: How many there are at a time.
    ///   - users: How many take turns.
    init(_ server: ServerProcess, clients: Int, users: Int) {
        self.server = server
        self.users = users
        self.nextUser = clients
        self.poller.onOpen = { client in
            client.send(Messages.register(client.index))
        }
        self.poller.onMessage = { client, message in
            switch message.news {
            case .registered: client.send(Messages.unregister, message.identifier, Messages.end)
            case .unregistered: client.sendClose()
            default: fail("a registration went wrong: \(message.text)")
            }
        }
        self.poller.onEnd = { [unowned self] client in
            self.completed += 1
            self.poller.add(Client(index: self.nextUser % self.users, server: server))
            self.nextUser += 1
        }
        for index in 0..<clients {
            self.poller.add(Client(index: index, server: server))
        }
    }

    /// So many seconds of it.
    func round(of seconds: Double) -> Figures {
        self.completed = 0
        let window = Window(self.server)
        let end = now() + UInt64(seconds * 1e9)
        while now() < end {
            self.poller.turn()
        }
        let used = window.end()
        return (Double(max(1, self.completed)), used.server, used.generator, used.seconds)
    }
}
