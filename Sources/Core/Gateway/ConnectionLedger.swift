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
        var limits: Limits
        var total = 0
        var byAddress: [String: Int] = [:]
    }

    private let state: Mutex<State>

    package init(limits: Limits) {
        self.state = Mutex(State(limits: limits))
    }

    /// Other limits, for those who come from now on.
    package func apply(_ limits: Limits) {
        self.state.withLock { $0.limits = limits }
    }

    /// Counts a socket, over the limit or not: it is there, and ``leave()`` must follow. Whether there is room for it.
    package func arrive() -> Bool {
        self.state.withLock { state in
            state.total += 1
            return state.total <= state.limits.connections
        }
    }

    package func leave() {
        self.state.withLock { $0.total -= 1 }
    }

    /// Counts a socket as one from an address; ``uncount(_:)`` must follow. Whether there is room for it.
    package func count(_ address: String) -> Bool {
        self.state.withLock { state in
            let fromAddress = state.byAddress[address, default: 0] + 1
            state.byAddress[address] = fromAddress
            return fromAddress <= state.limits.connectionsPerAddress
        }
    }

    package func uncount(_ address: String) {
        self.state.withLock { state in
            if let count = state.byAddress[address] {
                state.byAddress[address] = count > 1 ? count - 1 : nil
            }
        }
    }

    package var total: Int { self.state.withLock(\.total) }
}
