import Synchronization

/// How many sockets there are, in all and from each address. May be asked on any thread.
package final class ConnectionLedger: Sendable {
    package struct Limits: Sendable, Hashable {
        package var connections: Int
        package var connectionsPerAddress: Int

        package init(connections: Int, connectionsPerAddress: Int) {
            self.connections = connections
            self.connectionsPerAddress = connectionsPerAddress
        }
    }

    package enum Verdict: Sendable, Hashable {
        case admitted
        /// The server has as many as it takes: 503.
        case full
        /// This address has as many as it may: 429.
        case tooManyFromAddress
    }

    private struct State {
        var total = 0
        var byAddress: [String: Int] = [:]
    }

    private let limits: Limits
    private let state = Mutex(State())

    package init(limits: Limits) {
        self.limits = limits
    }

    /// Counts a socket, over the limit or not: it is there, and ``leave(_:)`` must follow.
    package func enter(_ address: String) -> Verdict {
        self.state.withLock { state in
            state.total += 1
            let fromAddress = state.byAddress[address, default: 0] + 1
            state.byAddress[address] = fromAddress
            if state.total > self.limits.connections { return .full }
            return fromAddress > self.limits.connectionsPerAddress ? .tooManyFromAddress : .admitted
        }
    }

    package func leave(_ address: String) {
        self.state.withLock { state in
            state.total -= 1
            if let count = state.byAddress[address] {
                state.byAddress[address] = count > 1 ? count - 1 : nil
            }
        }
    }

    package var total: Int { self.state.withLock(\.total) }
}
