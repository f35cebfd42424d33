import Core

@testable import Telephony

/// What people do with their telephones. Calls are named as in ``TestClient/describe(_:)``: by the identifier that the
/// client chose, or `in-1` for the first that came in.
extension TestClient {
    func identifier(_ call: String) throws -> CallIdentifier {
        if call.hasPrefix("in-"), let number = Int(call.dropFirst(3)) {
            guard (1...max(1, self.incoming.count)).contains(number), !self.incoming.isEmpty else {
                throw Senseless("\(self.name) has no call \(call)")
            }
            return self.incoming[number - 1]
        }
        guard let identifier = CallIdentifier(call) else { throw Senseless("\(call) names no call") }
        return identifier
    }

    func dials(_ number: String, _ call: String = "c-1", description: String? = nil) throws {
        try self.send(.start(to: DialString(number), description: description), try self.identifier(call))
    }

    func accepts(_ call: String = "in-1") throws { try self.send(.accept, try self.identifier(call)) }
    func answers(_ call: String = "in-1") throws { try self.send(.answer, try self.identifier(call)) }
    func holds(_ call: String) throws { try self.send(.hold, try self.identifier(call)) }
    func retrieves(_ call: String) throws { try self.send(.retrieve, try self.identifier(call)) }

    func terminates(_ call: String, _ reason: Reason? = nil) throws {
        try self.send(.terminate(reason), try self.identifier(call))
    }

    func transfers(_ call: String, to other: String) throws {
        try self.send(.transfer(to: try self.identifier(other)), try self.identifier(call))
    }

    func redirects(_ call: String, to number: String) throws {
        try self.send(.redirect(to: DialString(number)), try self.identifier(call))
    }

    func sends(_ message: SessionDescription, _ call: String) throws {
        try self.send(.media(message), try self.identifier(call))
    }

    // MARK: Coming and going

    /// Registers; opens a socket if there is none, and then knows nothing of what was before.
    func registers(description: String? = nil) throws {
        if self.socket == nil {
            self.secret = nil
            self.forgetCalls()
        }
        let socket = self.socket ?? self.world.connect(self)
        self.socket = socket
        let enrolment = Enrolment(
            identifier: self.world.newSecret(),
            username: self.username,
            address: self.address,
            description: description ?? "program of \(self.name)"
        )
        try self.world.happens { $0.register(enrolment, on: socket, at: $1, into: &$2) }
        try self.world.checkTruth()
    }

    /// Opens a socket on which calls may be placed without a registration.
    func connectsAsGuest() {
        self.socket = self.world.connect(self, guest: self.address)
    }

    func connects() {
        self.socket = self.world.connect(self)
    }

    /// Comes with an access token that is good for so long; tokens of one nonce renew each other.
    func connects(for time: Duration, nonce: UInt64? = nil, mayCall: Bool = false) throws {
        let socket = self.world.connect(self, guest: mayCall ? self.address : nil)
        self.socket = socket
        let lease = Lease(key: nonce.map { RenewalKey($0, 0, 0, 0) }, end: self.world.calendar + time)
        self.beginReturn()
        try self.world.happens { $0.admit(socket, until: lease, at: $1, into: &$2) }
        self.endReturn()
        try self.world.checkTruth()
    }

    /// A push is sent to it. Returns the token in it.
    func isSentPush(goodFor time: Duration = .seconds(60)) throws -> WakeupToken {
        guard let secret = self.secret else { throw Senseless("\(self.name) is not registered") }
        let (token, book) = (self.world.newWakeupToken(), self.world.exchange.book)
        guard let id = book.registration(for: secret) else { throw Senseless("\(self.name) is not in the book") }
        self.world.exchange.wakeups.note(token.digest, .init(registration: id, wakeup: nil))
        self.world.exchange.timers.remind(of: .wakeup(token.digest), at: self.world.now + time)
        return token
    }

    /// Answers a push. `false` when it is too late.
    @discardableResult
    func wakes(by token: WakeupToken) throws -> Bool {
        let secret = self.world.newSecret()
        guard try self.world.happens({ $0.redeem(token.digest, for: secret, into: &$2) }) else { return false }
        self.secret = secret
        return try self.returns()
    }

    func losesSocket() throws {
        guard let socket = self.socket else { throw Senseless("\(self.name) has no socket to lose") }
        self.socket = nil
        try self.world.disconnect(socket)
        try self.world.checkTruth()
    }

    /// Comes back on a new socket, also when the old one is still there. `false` when it is too late.
    @discardableResult
    func returns() throws -> Bool {
        guard let secret = self.secret else { throw Senseless("\(self.name) has nothing to come back to") }
        let socket = self.world.connect(self)
        self.socket = socket
        self.beginReturn()
        let isBack = try self.world.happens { $0.restore(secret, on: socket, at: $1, into: &$2) }
        self.endReturn()
        if !isBack {
            self.secret = nil
            self.socket = nil
            try self.world.disconnect(socket)
        }
        try self.world.checkTruth()
        return isBack
    }

    func unregisters(_ identifier: String? = nil) throws {
        guard let socket = self.socket else { throw Senseless("\(self.name) has no socket to ask on") }
        try self.world.happens { $0.unregister(identifier, from: socket, at: $1, into: &$2) }
        try self.world.checkTruth()
    }

    @discardableResult
    func canBeWoken(_ token: String = "token", named identifier: String? = nil) throws -> Bool {
        guard let socket = self.socket else { throw Senseless("\(self.name) has no socket to ask on") }
        let data = NotificationData(token: Array(token.utf8), url: nil)
        return try self.world.happens { exchange, now, actions in
            exchange.keep(data, named: identifier, from: socket, at: now, into: &actions)
        } != nil
    }

    /// The registration ends for a reason from outside.
    func isEnded(because departure: Departure) throws {
        guard let secret = self.secret, let id = self.world.exchange.book.registration(for: secret) else {
            throw Senseless("\(self.name) is not registered")
        }
        try self.world.happens { $0.end(id, because: departure, at: $1, into: &$2) }
        try self.world.checkTruth()
    }
}
