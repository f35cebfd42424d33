/// Many clients of one server, connected a few at a time.
final class Fleet {
    let poller = Poller()
    private(set) var clients: [Client] = []
    private let areRegistered: Bool

    /// Connects so many clients; with `register`, each registers for its own number.
    ///
    /// - Parameters:
    ///   - first: the place of the first one in the directory.
    ///   - mostPerAddress: how many come from one address, where that matters; otherwise all of them.
    init(of server: ServerProcess, from first: Int = 0, count: Int, register: Bool, mostPerAddress: Int? = nil) {
        self.areRegistered = register
        var ready = 0
        self.poller.onOpen = { client in
            if register {
                client.send(Messages.register(client.index))
            } else {
                ready += 1
            }
        }
        self.poller.onMessage = { client, message in
            guard message.news == .registered else { fail("not registered: \(message.text)") }
            client.registration = message.identifier
            ready += 1
        }
        while ready < count {
            let before = ready
            // No more under way than a listener's backlog takes.
            while self.clients.count < min(count, ready + 256) {
                let index = first + self.clients.count
                let client = Client(index: index, server: server, from: mostPerAddress.map { index / $0 })
                self.clients.append(client)
                self.poller.add(client)
            }
            self.poller.turn(until: { ready > before }, orFail: "only \(ready) of \(count) clients are connected")
        }
        self.poller.onMessage = { _, _ in }
    }

    /// Takes the place of a client that was lost.
    func replace(_ client: Client) {
        self.clients[client.index] = client
    }

    /// Turns until so many seconds have passed.
    func run(seconds: Double) {
        let end = now() + UInt64(seconds * 1e9)
        while now() < end {
            self.poller.turn()
        }
    }

    /// Ends all registrations, then all connections, so that nothing of these clients is left at the server.
    func leave() {
        var left = 0
        self.poller.onMessage = { client, message in
            guard message.news == .unregistered else { return }
            client.sendClose()
        }
        self.poller.onEnd = { _ in left += 1 }
        for client in self.clients {
            if self.areRegistered {
                client.send(Messages.unregister, client.registration, Messages.end)
            } else {
                client.sendClose()
            }
            client.flush()
        }
        self.poller.turn(until: { left == self.clients.count }, orFail: "not all clients could leave")
        self.clients = []
    }
}
