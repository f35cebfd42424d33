import CLinux
import Glibc

/// One thread, one epoll, any number of sockets: what drives all clients of a benchmark.
final class Poller {
    private let epoll = bench_epoll()
    private var clients: [Int32: Client] = [:]
    private var ready = [Int32](repeating: 0, count: 1024)
    private var dirty: [Client] = []
    /// Called with each text message; the bytes are lent.
    var onMessage: (Client, UnsafeBufferPointer<UInt8>) -> Void = { _, _ in }
    var onOpen: (Client) -> Void = { _ in }
    var onClose: (Client) -> Void = { _ in }

    func add(_ client: Client) {
        self.clients[client.socket] = client
        bench_watch(self.epoll, client.socket)
    }

    func remove(_ client: Client) {
        guard self.clients.removeValue(forKey: client.socket) != nil else { return }
        close(client.socket)
        client.isClosed = true
        self.onClose(client)
    }

    /// Something was put into a client's outgoing buffer: it is written at the end of the turn.
    func touch(_ client: Client) {
        guard !client.isDirty else { return }
        client.isDirty = true
        self.dirty.append(client)
    }

    /// Waits for events at most so long, and lets all clients react.
    func turn(milliseconds: Int32) {
        self.flush()
        let count = bench_wait(self.epoll, &self.ready, Int32(self.ready.count), milliseconds)
        for index in 0..<max(0, Int(count)) {
            guard let client = self.clients[self.ready[index]] else { continue }
            client.write()
            self.read(client)
        }
        self.flush()
    }

    private func flush() {
        while !self.dirty.isEmpty {
            let clients = self.dirty
            self.dirty.removeAll(keepingCapacity: true)
            for client in clients {
                client.isDirty = false
                client.write()
            }
        }
    }

    private func read(_ client: Client) {
        while !client.isClosed {
            switch client.read() {
            case .nothing: return
            case .closed: return self.remove(client)
            case .bytes:
                if client.parseHandshake() {
                    self.onOpen(client)
                }
                client.parseFrames { self.onMessage(client, $0) }
            }
        }
    }
}
