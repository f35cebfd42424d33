/// Messages thrown to and fro through a server: who gets one sends one.
final class Volley {
    struct Figures {
        /// Microseconds of the server's processor time for each message.
        let serverCost: Double
        let generatorCost: Double
        /// Messages a second.
        let rate: Double
    }

    private let server: ServerProcess
    private let fleet: Fleet
    /// Those who throw first.
    private let throwers: [Client]
    private let bytes: Int
    private var caught = 0
    private var inTheAir = 0
    private var isOn = false

    /// Media messages between the two sides of each of so many calls.
    init(relayedBy server: ServerProcess, pairs: Int, bytes: Int) {
        self.server = server
        self.bytes = bytes
        self.fleet = Fleet(of: server, count: pairs * 2, register: true)
        self.throwers = stride(from: 0, to: pairs * 2, by: 2).map { [fleet] in fleet.clients[$0] }
        self.establishCalls()
        for client in self.fleet.clients {
            let around = Messages.mediaOffer.bytes.count + client.call.bytes.count
            let description = Messages.description("offer", bytes: bytes - around)
            client.frame.appendHead(of: .text, count: around + description.bytes.count)
            client.frame += Messages.mediaOffer.bytes + client.call.bytes + description.bytes
        }
        self.fleet.poller.onMessage = { [unowned self] client, message in
            guard message.news == .media else { fail("no media: \(message.text)") }
            self.catch(message, by: client)
        }
    }

    /// Messages that come back to those who sent them.
    init(echoedBy server: ServerProcess, clients count: Int, bytes: Int) {
        self.server = server
        self.bytes = bytes
        self.fleet = Fleet(of: server, count: count, register: false)
        self.throwers = self.fleet.clients
        for client in self.fleet.clients {
            client.frame.appendHead(of: .text, count: bytes)
            client.frame += MaskedText(String(repeating: "x", count: bytes)).bytes
        }
        self.fleet.poller.onMessage = { [unowned self] client, message in
            self.catch(message, by: client)
        }
    }

    private func establishCalls() {
        var active = 0
        self.fleet.poller.onMessage = { client, message in
            switch message.news {
            case .start:
                client.call = message.identifier
                client.send(Messages.answer, client.call, Messages.end)
            case .active: active += 1
            case .ringing: break
            default: fail("a call was not established: \(message.text)")
            }
        }
        for client in self.throwers {
            // As long as those that the server makes, so that all messages have one length.
            client.call = MaskedText("relay-00-0000-0000-0000-000000000000")
            client.send(Messages.start, client.call, Messages.remoteAddress(client.index + 1))
            client.flush()
        }
        let all = self.fleet.clients.count
        self.fleet.poller.turn(until: { active == all }, orFail: "not all calls are established")
    }

    private func `catch`(_ message: IncomingMessage, by client: Client) {
        guard message.count == self.bytes else { fail("\(message.count) bytes came instead of \(self.bytes)") }
        self.caught += 1
        if self.isOn {
            client.sendFrame()
        } else {
            self.inTheAir -= 1
        }
    }

    /// Measures for so many seconds with so many messages under way for each thrower.
    @discardableResult
    func run(seconds: Double, inFlight: Int) -> Figures {
        self.isOn = true
        for client in self.throwers {
            for _ in 0..<inFlight {
                client.sendFrame()
                self.inTheAir += 1
            }
            client.flush()
        }
        // Until they no longer fly in step.
        self.fleet.run(seconds: 0.1)
        self.caught = 0
        let window = Window(self.server)
        self.fleet.run(seconds: seconds)
        let used = window.end()
        let count = Double(max(1, self.caught))
        self.isOn = false
        self.fleet.poller.turn(until: { self.inTheAir == 0 }, orFail: "\(self.inTheAir) messages were lost")
        return Figures(
            serverCost: used.server / count,
            generatorCost: used.generator / count,
            rate: count / used.seconds
        )
    }
}
