import CLinux
import Glibc

/// One thread, one epoll, any number of sockets: what drives all clients of a benchmark.
final class Poller {
    /// Called with each message.
    var onMessage: (Client, IncomingMessage) -> Void = { _, _ in }
    /// Called when a client's handshake is done.
    var onOpen: (Client) -> Void = { _ in }
    /// Called when the server has ended a connection as it was asked to.
    var onEnd: (Client) -> Void = { _ in }

    private let epoll = bench_epoll()
    /// By the number of their socket.
    private var clients: [Client?] = []
    private var events = [bench_event](repeating: bench_event(), count: 1024)
    private let scratch = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 1 << 18)

    deinit {
        for case let client? in self.clients {
            client.close()
        }
        close(self.epoll)
        self.scratch.deallocate()
    }

    func add(_ client: Client) {
        let descriptor = Int(client.socket)
        while self.clients.count <= descriptor {
            self.clients.append(nil)
        }
        self.clients[descriptor] = client
        guard bench_watch(self.epoll, client.socket) == 0 else { fail("can't watch a socket") }
    }

    /// Looks no more at a client that is about to be closed.
    func forget(_ client: Client) {
        self.clients[Int(client.socket)] = nil
    }

    /// Waits for events at most so long, and lets all clients react.
    func turn(nanoseconds: UInt64 = 1_000_000) {
        let count = bench_wait(self.epoll, &self.events, Int32(self.events.count), Int64(nanoseconds))
        for index in 0..<max(0, Int(count)) {
            let event = self.events[index]
            guard let client = self.clients[Int(event.descriptor)] else { continue }
            self.read(client, toItsEnd: event.has_ended)
        }
        // Not one by one as they were read: then each answer would wake the server of its own.
        for index in 0..<max(0, Int(count)) {
            self.clients[Int(self.events[index].descriptor)]?.flush()
        }
    }

    /// Turns until something is so.
    func turn(until isDone: () -> Bool, orFail complaint: String, after seconds: UInt64 = 30) {
        let deadline = now() + seconds * 1_000_000_000
        while !isDone() {
            self.turn()
            guard now() < deadline else { fail("\(complaint) after \(seconds) s") }
        }
    }

    /// Reads once when that empties the socket, as it nearly always does.
    private func read(_ client: Client, toItsEnd: Bool) {
        while true {
            let count = client.read(into: self.scratch)
            guard count > 0 else {
                return count < 0 && errno == EAGAIN ? () : self.end(client)
            }
            client.receive(
                UnsafeBufferPointer(rebasing: self.scratch[..<count]),
                onOpen: self.onOpen,
                onMessage: self.onMessage
            )
            guard toItsEnd || client.mayHoldMore || count == self.scratch.count else { return }
        }
    }

    private func end(_ client: Client) {
        guard client.isLeaving else { fail("client \(client.index) lost its connection") }
        self.clients[Int(client.socket)] = nil
        client.close()
        self.onEnd(client)
    }
}
