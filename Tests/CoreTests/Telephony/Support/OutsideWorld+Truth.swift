@testable import Telephony

/// What has to be true after every event, whatever it was.
extension OutsideWorld {
    func checkTruth() throws {
        let legs = try self.checkCalls()
        var entries = 0
        for id in self.exchange.book.all {
            entries += try self.checkRegistration(id)
        }
        let records = self.exchange.book.all.count { self.exchange.book[$0]?.record != nil }
        guard records == self.stored.count else { throw Senseless("\(self.stored.count) stored, not \(records)") }
        guard legs == entries else { throw Senseless("\(entries) calls in the book, and \(legs) legs") }
        for client in self.clients {
            try self.checkView(of: client)
        }
    }

    /// Calls have the parties that their phase needs, and each leg is in the book of its registration. How many there are.
    private func checkCalls() throws -> Int {
        var legs = 0
        for id in self.exchange.calls.handles {
            guard let call = self.exchange.calls[id] else { throw Senseless("a call without a name") }
            let isComplete =
                switch call.phase {
                case .routing: call.callees.isEmpty && self.questions.contains { $0.call == id }
                case .offering: !call.callees.isEmpty
                case .connected: call.callees.count == 1
                case .ended: false
                }
            guard isComplete else { throw Senseless("call \(id) is \(call.phase) with \(call.callees.count) callees") }
            if call.pendingRedirect != nil, !self.questions.contains(where: { $0.call == id }) {
                throw Senseless("call \(id) waits for a directory that was not asked")
            }
            try self.checkLeg(call.caller, of: id)
            for leg in call.callees {
                try self.checkLeg(leg, of: id)
            }
            legs += 1 + call.callees.count
        }
        return legs
    }

    private func checkLeg(_ leg: Leg, of id: CallID) throws {
        guard let registration = self.exchange.book[leg.registration],
            let entry = registration.entry(for: leg.label.identifier), entry.call == id, entry.seat == leg.seat
        else { throw Senseless("call \(id), \(leg.seat): nobody's leg") }
        guard registration.address == leg.label.local else {
            throw Senseless("call \(id), \(leg.seat): shown a wrong address of its own")
        }
        guard leg.isPresent == (registration.port != nil) else {
            throw Senseless("call \(id), \(leg.seat): does not know whether its client is there")
        }
        guard leg.progress != .parked || !leg.isPresent else {
            throw Senseless("call \(id), \(leg.seat): waits for somebody who is there")
        }
    }

    /// A registration is where its socket says it is. How many calls it has: each has a leg of its own, as was counted.
    private func checkRegistration(_ id: RegistrationID) throws -> Int {
        guard let registration = self.exchange.book[id] else { throw Senseless("a registration without a name") }
        if let port = registration.port {
            guard self.exchange.ports[port]?.registration == id, self.exchange.isOpen(port) else {
                throw Senseless("registration \(id) is on a socket that knows nothing of it")
            }
        }
        if let record = registration.record {
            guard let stored = self.stored[record], stored.notification == registration.notification,
                stored.quarantinedSince == registration.quarantinedSince, stored.identifier == registration.identifier,
                (stored.port == nil) == (registration.port == nil)
            else { throw Senseless("registration \(id) is not stored as it is") }
        }
        if registration.isGuest, registration.calls.isEmpty {
            throw Senseless("a guest without a call is still in the book")
        }
        return registration.calls.count
    }

    /// A client that is there knows each of its calls, no other, and its true state.
    private func checkView(of client: TestClient) throws {
        guard let socket = client.socket else { return }
        guard let id = self.exchange.ports[socket]?.registration, let registration = self.exchange.book[id] else {
            guard client.calls.isEmpty else { throw Senseless("\(client.name) has calls and no registration") }
            return
        }
        guard registration.isGuest || registration.identifier == client.secret else {
            throw Senseless("\(client.name) has the wrong registration")
        }
        guard client.calls.count == registration.calls.count else {
            throw Senseless("\(client.name) knows of \(client.calls.count) calls and has \(registration.calls.count)")
        }
        for entry in registration.calls {
            guard let call = self.exchange.calls[entry.call], let leg = call.leg(entry.seat),
                let view = client.calls[entry.identifier]
            else { throw Senseless("\(client.name) does not know of \(entry.identifier)") }
            guard view.state == call.state(of: entry.seat) else {
                throw Senseless("\(client.name) takes \(view.state) for \(call.state(of: entry.seat))")
            }
            if let label = view.label, label != leg.label {
                throw Senseless("\(client.name) talks to somebody else than it was told")
            }
        }
    }

    /// Where a client's call stands, in truth.
    func truth(of client: TestClient, _ identifier: CallIdentifier) -> (call: CallID, seat: Seat)? {
        guard let socket = client.socket, let id = self.exchange.ports[socket]?.registration else { return nil }
        return self.exchange.book[id]?.entry(for: identifier).map { ($0.call, $0.seat) }
    }

    /// Nothing is left of anything.
    func checkNothingIsLeft() throws {
        guard self.exchange.calls.count == 0 else { throw Senseless("\(self.exchange.calls.count) calls left behind") }
        for id in self.exchange.book.all where self.exchange.book[id]?.calls.isEmpty == false {
            throw Senseless("registration \(id) still has a leg")
        }
        for client in self.clients where client.socket != nil && !client.calls.isEmpty {
            throw Senseless("\(client.name) was not told that its call is over")
        }
    }
}
