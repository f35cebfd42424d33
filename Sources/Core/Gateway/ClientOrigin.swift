package import NIOCore

/// From where a connection comes, as limits count it and logs name it. Behind a proxy that becomes known only when the
/// proxy has told.
///
/// - Important: confined to its channel's event loop.
package final class ClientOrigin: @unchecked Sendable {
    private let ledger: ConnectionLedger
    private let isFull: Bool
    private var isAddressFull = false
    private var counted: String?
    /// Of the other end of the socket.
    package let peer: IPAddress?
    /// As limits count it, and logs name it.
    package private(set) var name: String

    /// Counts a connection, over the limits or not; ``leave()`` must follow.
    ///
    /// - Parameter isProxy: The peer speaks for others: it is not counted itself.
    package init(_ address: SocketAddress?, isProxy: (IPAddress) -> Bool, ledger: ConnectionLedger) {
        self.ledger = ledger
        self.peer = IPAddress(address)
        self.name = self.peer?.limitKey ?? "local"
        self.isFull = !ledger.arrive()
        if !(self.peer.map(isProxy) ?? false) {
            self.count()
        }
    }

    /// It is known now who it is.
    package func become(_ address: IPAddress) {
        guard self.counted == nil || self.name != address.limitKey else { return }
        if let counted = self.counted { self.ledger.uncount(counted) }
        self.name = address.limitKey
        self.count()
    }

    private func count() {
        self.counted = self.name
        self.isAddressFull = !self.ledger.count(self.name)
    }

    package func leave() {
        if let counted = self.counted { self.ledger.uncount(counted) }
        self.counted = nil
        self.ledger.leave()
    }

    /// Whether there is room for it.
    package var verdict: ConnectionLedger.Verdict {
        self.isFull ? .full : self.isAddressFull ? .tooManyFromAddress : .admitted
    }
}
