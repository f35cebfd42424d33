extension Fleet {
    /// How the clients came back.
    struct Homecoming {
        /// From the cut until the last was back.
        var seconds = 0.0
        /// Handshakes answered with 429 or 503; each was repeated.
        var refusals = 0
    }

    /// Resets the connections of all clients at once, and has them restore their registrations.
    ///
    /// - Parameter window: how many handshakes may be under way.
    func storm(window: Int, server: ServerProcess) -> Homecoming {
        let identifiers = self.clients.map { $0.registration.unmasked }
        let start = now()
        for client in self.clients {
            self.poller.forget(client)
            client.cut()
        }
        var result = Homecoming()
        var (back, underWay) = (0, 0)
        var waiting = Queue<Int>()
        self.clients.indices.forEach { waiting.append($0) }
        var later = Calendar()
        let (messages, ends) = (self.poller.onMessage, self.poller.onEnd)
        self.poller.onOpen = { _ in }
        self.poller.onMessage = { client, message in
            guard message.news == .registered else { fail("not restored: \(message.text)") }
            client.registration = message.identifier
            back += 1
            underWay -= 1
        }
        self.poller.onEnd = { client in
            guard let seconds = client.retryAfter else { fail("client \(client.index) was not restored") }
            result.refusals += 1
            underWay -= 1
            later.add(client.index, at: now() + seconds * 1_000_000_000)
        }
        while back < identifiers.count {
            later.takeDue(at: now()) { waiting.append($0) }
            while underWay < window, let index = waiting.popFirst() {
                let query = "?identifier=\(identifiers[index])"
                let client = Client(index: index, server: server, query: query, mayBeRefused: true)
                self.replace(client)
                self.poller.add(client)
                underWay += 1
            }
            self.poller.turn()
            guard now() < start + Self.patience else { fail("only \(back) of \(identifiers.count) are back") }
        }
        result.seconds = Double(now() - start) / 1e9
        self.poller.onMessage = messages
        self.poller.onEnd = ends
        return result
    }

    /// Nanoseconds. Registrations end when their clients are gone for a minute.
    private static let patience: UInt64 = 60_000_000_000
}

/// Who is to come again, and when: to a tenth of a second.
private struct Calendar {
    private static let interval: UInt64 = 100_000_000
    private var entries: [UInt64: [Int]] = [:]
    /// What comes before it has been taken.
    private var next = now() / Self.interval

    mutating func add(_ index: Int, at moment: UInt64) {
        // Not too early.
        self.entries[moment / Self.interval + 1, default: []].append(index)
    }

    mutating func takeDue(at moment: UInt64, _ take: (Int) -> Void) {
        while self.next <= moment / Self.interval {
            self.entries.removeValue(forKey: self.next)?.forEach(take)
            self.next += 1
        }
    }
}
