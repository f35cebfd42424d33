/// Many clients of one server, connected a few at a time.
final class Fleet {
    let poller = Poller()
    private(set) var clients: [Client] = []
    private var open = 0

    /// Connects so many clients; with `register`, each registers for its own number.
    init(of server: ServerProcess, count: Int, register: Bool) {
        var registered = 0
        self.poller.onOpen = { [unowned self] client in
            self.open += 1
            if register {
                client.send(Messages.register(client.index))
                self.poller.touch(client)
            }
        }
        self.poller.onMessage = { client, message in
            guard message.says("registered") else {
                fatalError("not registered: \(String(decoding: message, as: UTF8.self))")
            }
            client.identifier = message.identifier
            registered += 1
        }
        let isDone = { register ? registered == count : self.open == count }
        while !isDone() {
            while self.clients.count < count, self.clients.count - (register ? registered : self.open) < 256 {
                let client = Client(index: self.clients.count, port: server.port)
                self.clients.append(client)
                self.poller.add(client)
            }
            self.poller.turn(milliseconds: 100)
        }
        self.poller.onOpen = { _ in }
    }

    /// Turns until so many nanoseconds have passed.
    func run(nanoseconds: UInt64) {
        let end = now() + nanoseconds
        while now() < end {
            self.poller.turn(milliseconds: 1)
        }
    }

    func closeAll() {
        self.clients.forEach(self.poller.remove)
    }
}

/// What a server did between two moments, and what it cost.
struct Window {
    private let server: ServerProcess
    private let start = now()
    private let processorStart: UInt64

    init(_ server: ServerProcess) {
        self.server = server
        self.processorStart = server.processorTime
    }

    /// Microseconds of processor time, and seconds of wall time, since the beginning.
    func end() -> (processor: Double, seconds: Double) {
        (Double(self.server.processorTime - self.processorStart) / 1000, Double(now() - self.start) / 1e9)
    }
}
