import ArgumentParser

/// A media message of 2 kB from one client to another, against an echo of the same size by bare NIO, in turns.
struct Relay: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "CPU per relayed 2 kB message, against NIO's own echo.")

    @OptionGroup var options: Options
    @Option(help: "Pairs in a call; as many clients echo.") var pairs = 50
    @Option(help: "Seconds a round and server.") var seconds = 3
    @Option(help: "Rounds.") var rounds = 5

    func run() throws {
        pinGenerator()
        let rounds = self.options.quick ? 2 : self.rounds
        let seconds = UInt64(self.options.quick ? 1 : self.seconds)
        let server = startServer(self.options.server, people: self.pairs * 2)
        let echo = ServerProcess(name: "echo", command: [self.options.echo], core: 0)
        for inFlight in [1, 16] {
            let relayLoad = RelayLoad(server: server, pairs: self.pairs, inFlight: inFlight)
            let echoLoad = EchoLoad(server: echo, clients: self.pairs, inFlight: inFlight, size: relayLoad.messageSize)
            var relayCosts: [Double] = []
            var echoCosts: [Double] = []
            var ratios: [Double] = []
            _ = relayLoad.run(nanoseconds: 500_000_000)
            _ = echoLoad.run(nanoseconds: 500_000_000)
            for _ in 0..<rounds {
                relayCosts.append(relayLoad.run(nanoseconds: seconds * 1_000_000_000))
                echoCosts.append(echoLoad.run(nanoseconds: seconds * 1_000_000_000))
                ratios.append((relayCosts.last ?? 0) / (echoCosts.last ?? 1))
            }
            var report = Report("relay (2 kB, \(inFlight) in flight, \(self.pairs) pairs)", options: self.options)
            report.add("relay CPU µs per message", Statistics(relayCosts))
            report.add("echo CPU µs per message", Statistics(echoCosts))
            report.add("ratio", Statistics(ratios))
            report.print()
            relayLoad.close()
            echoLoad.close()
        }
    }
}

/// Pairs in a call who throw a media message to and fro.
final class RelayLoad {
    let messageSize: Int
    private let server: ServerProcess
    private let fleet: Fleet
    private let head = Messages.media("offer")
    private let description = Messages.description(bytes: 1930)
    private var relayed = 0
    private var isRunning = false
    private let inFlight: Int

    init(server: ServerProcess, pairs: Int, inFlight: Int) {
        self.server = server
        self.inFlight = inFlight
        self.messageSize = self.head.count + 36 + self.description.count
        self.fleet = Fleet(of: server, count: pairs * 2, register: true)
        self.establish()
    }

    private func establish() {
        let identifier = Array("relay-0000-0000-0000-0000-0000000000".utf8)
        var active = 0
        self.fleet.poller.onMessage = { [unowned self] client, message in
            if message.says("\"action\":\"start\"") {
                client.identifier = message.identifier
                client.send(Messages.answer, client.identifier, Messages.end)
                self.fleet.poller.touch(client)
            } else if message.says("\"state\":\"active\"") {
                active += 1
            }
        }
        for index in stride(from: 0, to: self.fleet.clients.count, by: 2) {
            let client = self.fleet.clients[index]
            client.identifier = identifier
            client.send(Messages.startHead, identifier, Messages.start(to: index + 1))
            self.fleet.poller.touch(client)
        }
        while active < self.fleet.clients.count {
            self.fleet.poller.turn(milliseconds: 10)
        }
        self.fleet.poller.onMessage = { [unowned self] client, message in
            self.relayed += 1
            guard self.isRunning, message.says("\"media\"") else { return }
            self.send(client)
        }
    }

    private func send(_ client: Client) {
        client.send(self.head, client.identifier, self.description)
        self.fleet.poller.touch(client)
    }

    /// Microseconds of the server's CPU for each message relayed.
    func run(nanoseconds: UInt64) -> Double {
        self.isRunning = true
        for index in stride(from: 0, to: self.fleet.clients.count, by: 2) {
            for _ in 0..<self.inFlight {
                self.send(self.fleet.clients[index])
            }
        }
        self.fleet.run(nanoseconds: 100_000_000)
        self.relayed = 0
        let window = Window(self.server)
        self.fleet.run(nanoseconds: nanoseconds)
        let cost = window.end().processor / Double(max(1, self.relayed))
        self.isRunning = false
        self.fleet.run(nanoseconds: 100_000_000)
        return cost
    }

    func close() {
        self.fleet.closeAll()
    }
}

/// Clients that get back what they send.
final class EchoLoad {
    private let server: ServerProcess
    private let fleet: Fleet
    private let message: [UInt8]
    private let inFlight: Int
    private var echoed = 0
    private var isRunning = false

    init(server: ServerProcess, clients: Int, inFlight: Int, size: Int) {
        self.server = server
        self.inFlight = inFlight
        self.message = Array(repeating: UInt8(ascii: "x"), count: size)
        self.fleet = Fleet(of: server, count: clients, register: false)
        self.fleet.poller.onMessage = { [unowned self] client, _ in
            self.echoed += 1
            guard self.isRunning else { return }
            self.send(client)
        }
    }

    private func send(_ client: Client) {
        client.send(self.message)
        self.fleet.poller.touch(client)
    }

    /// Microseconds of the server's CPU for each message echoed.
    func run(nanoseconds: UInt64) -> Double {
        self.isRunning = true
        for client in self.fleet.clients {
            for _ in 0..<self.inFlight {
                self.send(client)
            }
        }
        self.fleet.run(nanoseconds: 100_000_000)
        self.echoed = 0
        let window = Window(self.server)
        self.fleet.run(nanoseconds: nanoseconds)
        let cost = window.end().processor / Double(max(1, self.echoed))
        self.isRunning = false
        self.fleet.run(nanoseconds: 100_000_000)
        return cost
    }

    func close() {
        self.fleet.closeAll()
    }
}
