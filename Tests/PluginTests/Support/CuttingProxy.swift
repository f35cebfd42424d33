import Foundation
import Synchronization

/// Stands between a client and a server of this machine, and does to their bytes what a bad network does.
///
/// Everything happens on threads of its own, in blocking calls: it must not need what it disturbs.
final class CuttingProxy: Sendable {
    enum Behaviour: Sendable, Equatable {
        /// Hands on what comes.
        case honest
        /// Hands on what comes, each piece so much later.
        case slow(Duration)
        /// Hands nothing on until it behaves otherwise; new connections are accepted.
        case paused
        /// Accepts connections, reads what comes, answers nothing, and never changes its mind about these.
        case silent
        /// Accepts connections and resets them.
        case resetting
        /// Closes each connection when so many bytes of answers went through it.
        case cut(after: Int)
    }

    private struct State {
        var behaviour: Behaviour
        var isOver = false
        var accepted = 0
        var answered = 0
        var requests: [UInt8] = []
        var relays: [Relay] = []
    }

    let port: Int
    private let target: Int
    private let listener: Int32
    private let state: Mutex<State>

    /// Listens at once.
    init(to target: Int, _ behaviour: Behaviour = .honest) throws {
        var bound: (port: Int, descriptor: Int32)?
        while bound == nil {
            let port = LoopbackPort.free()
            bound = LoopbackPort.bind(port).map { (port, $0) }
        }
        guard let bound, listen(bound.descriptor, 128) == 0 else { throw POSIXError(.EADDRINUSE) }
        self.port = bound.port
        self.listener = bound.descriptor
        self.target = target
        self.state = Mutex(State(behaviour: behaviour))
        Thread.detachNewThread { self.accept() }
    }

    var behaviour: Behaviour {
        get { self.state.withLock(\.behaviour) }
        set { self.state.withLock { $0.behaviour = newValue } }
    }

    /// How many connections it has accepted.
    var accepted: Int { self.state.withLock(\.accepted) }
    /// How many bytes of answers went through it.
    var answered: Int { self.state.withLock(\.answered) }
    /// All that clients have sent, whether it was handed on or not.
    var requests: [UInt8] { self.state.withLock(\.requests) }
    /// How many connections are open.
    var open: Int { self.state.withLock { $0.relays.count { !$0.isOver } } }

    /// Ends all connections.
    func cutAll() {
        self.state.withLock(\.relays).forEach { $0.end() }
    }

    /// Ends all connections and listens no more.
    func stop() {
        let isFirst = self.state.withLock { state in
            defer { state.isOver = true }
            return !state.isOver
        }
        guard isFirst else { return }
        self.cutAll()
        // Wakes the thread that accepts; it closes the socket, so that nobody else's is closed.
        shutdown(self.listener, Int32(SHUT_RDWR))
    }

    private func accept() {
        while true {
            let client = Foundation.accept(self.listener, nil, nil)
            let (behaviour, isOver) = self.state.withLock { ($0.behaviour, $0.isOver) }
            if isOver {
                if client >= 0 { close(client) }
                break
            }
            guard client >= 0 else { continue }
            self.state.withLock { $0.accepted += 1 }
            var server: Int32?
            if behaviour != .resetting && behaviour != .silent { server = LoopbackPort.connect(self.target) }
            if behaviour != .silent && server == nil {
                Self.reset(client)
                continue
            }
            let relay = Relay(client: client, server: server)
            self.state.withLock { $0.relays.append(relay) }
            Thread.detachNewThread { self.pump(relay, isAnswer: false) }
            if server != nil { Thread.detachNewThread { self.pump(relay, isAnswer: true) } }
        }
        close(self.listener)
    }

    private static func reset(_ descriptor: Int32) {
        var linger = Foundation.linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        close(descriptor)
    }

    private func pump(_ relay: Relay, isAnswer: Bool) {
        defer { relay.leave() }
        guard let source = isAnswer ? relay.server : relay.client else { return }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        var answered = 0
        while true {
            let count = recv(source, &buffer, buffer.count, 0)
            guard count > 0 else { return }
            if !isAnswer { self.state.withLock { $0.requests += buffer[..<count] } }
            guard let target = isAnswer ? relay.client : relay.server else { continue }
            var piece = buffer[..<count]
            while self.behaviour == .paused, !relay.isOver { usleep(2000) }
            if case .slow(let delay) = self.behaviour {
                usleep(UInt32(clamping: Int64(delay / .microseconds(1))))
            }
            var isLast = false
            if isAnswer, case .cut(let limit) = self.behaviour {
                isLast = answered + count >= limit
                piece = piece.prefix(max(0, limit - answered))
            }
            answered += isAnswer ? piece.count : 0
            // Counted first, since the client may have read the piece, and the test asked, before this thread runs again.
            if isAnswer { self.state.withLock { $0.answered += piece.count } }
            let isSent = piece.withUnsafeBytes { Self.send(target, $0) }
            guard isSent, !isLast else { return }
        }
    }

    private static func send(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest)
            let count = Foundation.send(descriptor, part.baseAddress, part.count, Int32(MSG_NOSIGNAL))
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Two sockets that end together, closed by the last thread that uses them.
    private final class Relay: Sendable {
        let client: Int32
        let server: Int32?
        private let users: Mutex<Int>
        private let ended = Mutex(false)

        var isOver: Bool { self.ended.withLock { $0 } }

        init(client: Int32, server: Int32?) {
            self.client = client
            self.server = server
            self.users = Mutex(server == nil ? 1 : 2)
        }

        func end() {
            self.users.withLock { users in
                self.ended.withLock { $0 = true }
                guard users > 0 else { return }
                shutdown(self.client, Int32(SHUT_RDWR))
                if let server = self.server { shutdown(server, Int32(SHUT_RDWR)) }
            }
        }

        func leave() {
            self.end()
            self.users.withLock { users in
                users -= 1
                guard users == 0 else { return }
                close(self.client)
                if let server = self.server { close(server) }
            }
        }
    }
}
