internal import Glibc
internal import NIOConcurrencyHelpers
internal import NIOCore
internal import NIOPosix
internal import NIOSSL

/// One TCP connection to the simulator.
final class SimulatorConnection: Sendable {
    /// Counted from 1.
    let number: Int
    let channel: any Channel

    init(number: Int, channel: any Channel) {
        self.number = number
        self.channel = channel
    }

    /// Ends it as a machine does that loses power: a TCP reset, without TLS's or HTTP's farewell.
    func reset() {
        let channel = self.channel
        channel.eventLoop.execute {
            guard let socket = channel as? any SocketOptionProvider else { return }
            socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in
                // From TLS outwards: TLS itself would say goodbye first.
                let operations = channel.pipeline.syncOperations
                if let tls = try? operations.context(handlerType: NIOSSLServerHandler.self) {
                    tls.close(mode: .all, promise: nil)
                } else {
                    channel.close(promise: nil)
                }
            }
        }
    }
}

/// The connections that are open.
final class ConnectionList: Sendable {
    private let state = NIOLockedValueBox((last: 0, open: [Int: SimulatorConnection]()))

    /// How many there were, closed ones included.
    var count: Int { self.state.withLockedValue { $0.last } }

    var open: [SimulatorConnection] { self.state.withLockedValue { Array($0.open.values) } }

    func add(_ channel: any Channel) -> SimulatorConnection {
        let connection = self.state.withLockedValue { state in
            state.last += 1
            let connection = SimulatorConnection(number: state.last, channel: channel)
            state.open[connection.number] = connection
            return connection
        }
        channel.closeFuture.whenComplete { [self] _ in
            self.state.withLockedValue { $0.open[connection.number] = nil }
        }
        return connection
    }
}
