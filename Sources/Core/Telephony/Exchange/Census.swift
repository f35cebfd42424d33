/// How much there is of everything.
package struct Census: Sendable, Hashable {
    package var ports = 0
    package var registrations = 0
    package var calls = 0

    package init() {}
}

extension Exchange {
    package var census: Census {
        var census = Census()
        census.ports = self.ports.count
        census.registrations = self.book.count
        census.calls = self.calls.count
        return census
    }

    /// Whether the client on a socket has a call.
    package func isInCall(_ port: PortID) -> Bool {
        guard let id = self.ports[port]?.registration else { return false }
        return self.book[id]?.calls.isEmpty == false
    }

    /// Whether a socket carries a registration or a guest's call.
    package func isInUse(_ port: PortID) -> Bool {
        self.ports[port]?.registration != nil
    }

    /// Who registered on a socket.
    package func username(on port: PortID) -> Username? {
        guard let id = self.ports[port]?.registration else { return nil }
        return self.book[id]?.username
    }

    /// Whether anybody is registered for a number.
    package func hasRegistration(for dialString: DialString) -> Bool {
        self.book.hasDevices(of: dialString)
    }
}
