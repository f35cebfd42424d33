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

/// Looking at the tables page by page, so that nobody who looks holds up the others for long.
extension Exchange {
    /// Some registrations, beginning at an index of the table, and the index to go on with; `nil` at the end.
    package func registrations(
        from index: Int,
        limit: Int,
        where isWanted: (Registration) -> Bool
    ) -> (elements: [(RegistrationID, Registration)], next: Int?) {
        self.book.page(from: index, limit: limit, where: isWanted)
    }

    /// All registrations of a number, oldest first.
    package func registrations(of dialString: DialString) -> [(RegistrationID, Registration)] {
        self.book.devices(of: dialString).compactMap { id in self.book[id].map { (id, $0) } }
    }

    /// Some calls, beginning at an index of the table, and the index to go on with; `nil` at the end.
    package func calls(from index: Int, limit: Int) -> (elements: [(CallID, Call)], next: Int?) {
        self.calls.page(from: index, limit: limit) { $0.phase != .ended }
    }

    /// How many of some sockets carry a registration, and the index to go on with; `nil` at the end.
    package func registeredPorts(from index: Int, limit: Int) -> (count: Int, next: Int?) {
        self.ports.count(from: index, limit: limit) { $0.registration != nil }
    }

    /// How many of some calls are in a phase, and the index to go on with; `nil` at the end.
    package func calls(in phase: Call.Phase, from index: Int, limit: Int) -> (count: Int, next: Int?) {
        self.calls.count(from: index, limit: limit) { $0.phase == phase }
    }
}
