internal import NIOCore
internal import Synchronization

/// What the sockets of a listener meet that are accepted: it may be changed while the listener is open. On any thread.
final class Doorway: Sendable {
    struct Fitting: Sendable {
        let configuration: ListenerConfiguration
        let door: FrontDoor
        let identities: TLSIdentities?
    }

    private let state: Mutex<Fitting>
    /// How many sockets that came in here are open.
    private let connections = Atomic<Int>(0)

    init(_ fitting: Fitting) {
        self.state = Mutex(fitting)
    }

    var fitting: Fitting { self.state.withLock { $0 } }

    /// From now on everybody meets this.
    func refit(_ fitting: Fitting) {
        self.state.withLock { $0 = fitting }
    }

    func arrived() { self.connections.add(1, ordering: .relaxed) }
    func left() { self.connections.subtract(1, ordering: .relaxed) }
    var connectionCount: Int { self.connections.load(ordering: .relaxed) }
}

/// A listener that is open.
struct OpenListener: Sendable {
    let endpoint: SignalingServer.Endpoint
    let channel: any Channel
    let entrance: Doorway

    /// Lets those in who knock: a listener that is being opened has them wait until all is ready.
    func admit() {
        // Fails only for one that was closed meanwhile.
        self.channel.setOption(.autoRead, value: true).whenSuccess { self.channel.read() }
    }
}
