@testable import Telephony

/// Clients that do whatever comes to mind, in an order that only the seed decides.
struct RandomWalk {
    private let world: OutsideWorld
    private var random: SequentialRandom
    private var messages = 0
    /// In which call each message was sent, by its content.
    private let origins = Origins()
    /// What was done, in words that nobody has asked for yet.
    private var steps: [() -> String] = []

    /// Shared with what the clients do when they hear media.
    private final class Origins {
        var calls: [[UInt8]: CallID] = [:]
        var delivered: Set<[UInt8]> = []
    }

    init(seed: UInt64) {
        self.random = SequentialRandom(seed: seed)
        self.world = OutsideWorld { policy in
            policy.devices = ExchangePolicy.Devices.allCases[Int(seed % 3)]
            policy.devicesPerNumber = 3
            policy.callsPerRegistration = 4
            policy.callStartsPerSecond = 20
        }
        self.world.isTakingNotes = false
        for name in ["100-a", "100-b", "100-c", "200-a", "200-b", "300", "400", "500"] {
            self.listen(to: self.world.client(name, number: String(name.prefix(3)), user: String(name.prefix(3))))
        }
        for name in ["guest-1", "guest-2"] {
            self.listen(to: self.world.client(name, number: "anonymous"))
        }
    }

    /// What a client hears was said in its call, and once only, unless it came back.
    private func listen(to client: TestClient) {
        let (world, origins) = (self.world, self.origins)
        client.onMedia = { [unowned client] identifier, message in
            // A leg whose call has just ended in the same event can't hear anything.
            guard let truth = world.truth(of: client, identifier), truth.call == origins.calls[message.members] else {
                throw Senseless("\(client.name) hears \(message.inWords) of another call")
            }
            let hearing = message.members + Array("\(client.name) \(identifier)".utf8)
            guard origins.delivered.insert(hearing).inserted || client.isReturning else {
                throw Senseless("\(client.name) hears \(message.inWords) twice")
            }
        }
    }

    /// The last steps, and how many there were.
    var story: String {
        "step \(self.steps.count)\n" + self.steps.suffix(25).map { $0() }.joined(separator: "\n")
    }

    private mutating func note(_ step: @autoclosure @escaping () -> String) {
        self.steps.append(step)
    }

    // MARK: Walking

    mutating func walk(_ count: Int) throws {
        for _ in 0..<count {
            try self.step()
        }
    }

    private mutating func step() throws {
        let client = self.any(self.world.clients) ?? self.world.clients[0]
        switch self.number(below: 100) {
        case 0..<10: try self.comeOrGo(client)
        case 10..<34: try self.dial(client)
        case 34..<80: try self.request(client)
        case 80..<83: try self.requestAmiss(client)
        case 83..<88: try self.letTimePass()
        case 88..<95: try self.askDirectory()
        case 95..<98: try self.registerOperation(client)
        default: try self.operate(client)
        }
        try self.push()
        if self.world.exchange.isDraining, self.number(below: 5) == 0 {
            self.world.exchange.endDrain()
        }
    }

    /// Pushes are sent, sooner or later, services answer, and some clients come.
    private mutating func push() throws {
        guard !self.world.wakeups.isEmpty, self.number(below: 3) > 0, let token = try self.world.sendsPush() else {
            return
        }
        let result = self.any([PushResult.accepted, .accepted, .accepted, .failed, .gone]) ?? .failed
        let wakeup = self.world.sent.last?.wakeup
        let client = self.world.clients.first { client in
            client.secret.flatMap { self.world.exchange.book.registration(for: $0) } == wakeup?.registration
        }
        // Some are faster than the service's answer.
        if self.number(below: 4) == 0, let client {
            self.note("\(client.name) answers a push at once")
            if try !client.wakes(by: token) { client.forgetCalls() }
        }
        self.note("a push to \(client?.name ?? "nobody") is \(result)")
        try self.world.serviceSays(result, to: token)
        guard result == .accepted, let client, self.number(below: 2) == 0 else { return }
        self.note("\(client.name) answers a push")
        _ = try client.wakes(by: token)
    }

    private mutating func comeOrGo(_ client: TestClient) throws {
        if client.name.hasPrefix("guest") {
            if client.socket == nil {
                self.note("\(client.name) comes")
                client.connectsAsGuest()
            } else if self.number(below: 4) == 0 {
                self.note("\(client.name) goes")
                client.forgetCalls()
                try client.losesSocket()
            }
        } else if client.secret == nil {
            self.note("\(client.name) registers")
            try client.registers()
        } else if client.socket == nil || self.number(below: 3) == 0 {
            self.note("\(client.name) returns")
            if try !client.returns() { client.forgetCalls() }
        } else {
            self.note("\(client.name) loses its socket")
            try client.losesSocket()
            guard self.number(below: 2) == 0 else { return }
            self.note("\(client.name) returns soon")
            try self.world.passes(.seconds(1))
            if try !client.returns() { client.forgetCalls() }
        }
        if self.number(below: 2) == 0 { try self.world.closeWhatIsClosing() }
    }

    private mutating func dial(_ client: TestClient) throws {
        let isStranger = client.secret == nil && !client.name.hasPrefix("guest")
        guard client.socket != nil, !isStranger || self.number(below: 5) == 0 else {
            return try self.comeOrGo(client)
        }
        let number = self.any(["100", "100", "200", "200", "300", "400", "500", "600", "no number"]) ?? ""
        let call = "c-\(self.number(below: 6))"
        self.note("\(client.name) dials \(number) as \(call)")
        let isLive = try client.calls[client.identifier(call)] != nil
        let before = self.world.exchange.calls.count
        try client.dials(number, call)
        if isLive, self.world.exchange.calls.count != before { throw Senseless("a call made of a duplicate") }
        // Most calls come to something.
        let callees = self.world.clients.filter { $0.socket != nil && $0.address.dialString == DialString(number) }
        guard self.number(below: 3) > 0, let callee = self.any(callees), let leg = callee.incoming.last,
            callee.calls[leg]?.state == .ringing
        else { return }
        self.note("\(callee.name) answers at once")
        try callee.send(.answer, leg)
    }

    private mutating func request(_ client: TestClient) throws {
        guard let identifier = self.any(client.calls.keys.sorted { $0.text < $1.text }), client.socket != nil else {
            return
        }
        try self.send(try self.anyRequest(of: client), identifier, by: client)
    }

    private mutating func send(_ request: CallRequest, _ identifier: CallIdentifier, by client: TestClient) throws {
        self.note("\(client.name) asks \(identifier): \(request)")
        if case .media(let message) = request, let truth = self.world.truth(of: client, identifier) {
            self.origins.calls[message.members] = truth.call
        }
        try client.send(request, identifier)
    }

    private mutating func anyRequest(of client: TestClient) throws -> CallRequest {
        switch self.number(below: 30) {
        case 0...1: return .accept
        case 2...4: return .answer
        case 5...6: return .terminate(self.any([nil, .normal, .busy, .rejected, .internal]) ?? nil)
        case 7...9: return .hold
        case 10...12: return .retrieve
        case 13: return .transfer(to: try client.identifier("c-\(self.number(below: 6))"))
        case 14...18:
            let connected = client.calls.filter { $0.value.state != .ringing }.keys.sorted { $0.text < $1.text }
            return .transfer(to: try self.any(connected) ?? client.identifier("c-1"))
        case 19...20: return .redirect(to: DialString(self.any(["100", "200", "300", "600", "no number"]) ?? ""))
        case 21: return .malformed
        default:
            self.messages += 1
            let text = "m\(self.messages)"
            return .media(self.any([.offer(text), .answer(text), .candidate(text), .candidate(text)]) ?? .offer(text))
        }
    }

    /// Somebody else's identifier, or nobody's: the sender alone hears of it.
    private mutating func requestAmiss(_ client: TestClient) throws {
        let others = self.world.clients.filter { $0 !== client }.flatMap { $0.calls.keys }
        let identifiers = others.sorted { $0.text < $1.text }.filter { client.calls[$0] == nil }
        guard let identifier = self.any(identifiers), client.socket != nil else { return }
        self.world.isTakingNotes = true
        defer { self.world.isTakingNotes = false }
        try self.send(try self.anyRequest(of: client), identifier, by: client)
        let told = self.world.told()
        guard told.count == 1, told[client.name]?.count == 1 else { throw Senseless("somebody heard of it: \(told)") }
    }

    private mutating func letTimePass() throws {
        let short: [Duration] = [.milliseconds(1), .milliseconds(200), .seconds(1), .seconds(4), .seconds(9)]
        let duration: Duration =
            switch self.number(below: 100) {
            case 0: .seconds(31 * 86_400)
            case 1..<15: .seconds(61)
            default: self.any(short) ?? .zero
            }
        self.note("\(duration) pass")
        try self.world.passes(duration)
    }

    private mutating func askDirectory() throws {
        guard !self.world.questions.isEmpty else { return }
        let index = self.number(below: self.world.questions.count)
        let resolution = self.any([Resolution.known, .unknown, .failed]) ?? .failed
        let question = self.world.questions[index]
        self.note("the directory says \(resolution) to \(question)")
        try self.world.directoryAnswers(resolution, toQuestion: index)
    }

    private mutating func registerOperation(_ client: TestClient) throws {
        guard client.socket != nil else { return }
        switch self.number(below: 8) {
        case 0:
            self.note("\(client.name) unregisters")
            try client.unregisters()
        case 1:
            self.note("\(client.name) unregisters with a foreign secret")
            let foreign = self.any(self.world.clients.filter { $0 !== client })?.secret?.secretText
            let isRegistered = client.secret != nil
            try client.unregisters(foreign ?? "nonsense")
            if isRegistered, client.secret == nil { throw Senseless("a foreign secret did it") }
        case 2...4:
            self.note("\(client.name) can be woken")
            try client.canBeWoken()
        default:
            guard !client.name.hasPrefix("guest") else { return }
            self.note("\(client.name) registers again")
            try client.registers()
        }
    }

    private mutating func operate(_ client: TestClient) throws {
        switch self.number(below: 8) {
        case 0:
            guard let secret = client.secret, self.world.exchange.book.registration(for: secret) != nil else { return }
            let departure = self.any(Departure.allCases) ?? .administrator
            self.note("\(client.name) is ended: \(departure)")
            try client.isEnded(because: departure)
            if client.socket == nil { client.secret = nil }
        case 1:
            guard let call = self.any(self.world.exchange.calls.handles) else { return }
            self.note("call \(call) is ended")
            try self.world.happens { $0.endCall(call, reason: .administrator, at: $1, into: &$2) }
            try self.world.checkTruth()
        case 2:
            self.note("drain on or off")
            self.world.exchange.isDraining ? self.world.exchange.endDrain() : self.world.exchange.beginDrain()
        case 3:
            var policy = self.world.exchange.policy
            policy.devices = self.any(ExchangePolicy.Devices.allCases) ?? .fork
            policy.reconnectGrace = .seconds(10 + self.number(below: 100))
            policy.devicesPerNumber = 1 + self.number(below: 3)
            self.note("\(policy.devices), \(policy.reconnectGrace), \(policy.devicesPerNumber) devices")
            self.world.exchange.apply(policy)
        case 4:
            // Too late, from a socket that is to be closed.
            guard let port = self.any(self.world.closing) else { return }
            self.note("something comes too late from \(port)")
            try self.world.happens { exchange, now, actions in
                exchange.receive(
                    .start(to: DialString("100"), description: nil),
                    for: .init(uuidFrom: 1, 2),
                    from: port,
                    at: now,
                    into: &actions
                )
                exchange.unregister(nil, from: port, at: now, into: &actions)
                guard actions.isEmpty else { return }
            }
        default:
            try self.world.closeWhatIsClosing()
        }
    }

    // MARK: The end

    /// Everything ends, one way or the other, and nothing is left.
    mutating func end() throws {
        self.world.exchange.endDrain()
        if self.number(below: 2) == 0 {
            self.note("all calls are ended")
            try self.world.happens { $0.endAllCalls(.shutdown, at: $1, into: &$2) }
            try self.world.checkTruth()
            try self.world.checkNothingIsLeft()
        }
        self.note("everybody loses his socket")
        for client in self.world.clients where client.socket != nil {
            try client.losesSocket()
        }
        try self.world.closeWhatIsClosing()
        try self.world.passes(.seconds(120))
        try self.world.checkNothingIsLeft()
        try self.world.passes(.seconds(31 * 86_400))
        let census = self.world.exchange.census
        guard census == Census(), self.world.exchange.timers.count == 0 else { throw Senseless("left: \(census)") }
    }

    // MARK: Chance

    private mutating func number(below bound: Int) -> Int {
        Int(self.random.next() % UInt64(bound))
    }

    private mutating func any<Elements: RandomAccessCollection>(_ elements: Elements) -> Elements.Element? {
        guard !elements.isEmpty else { return nil }
        return elements[elements.index(elements.startIndex, offsetBy: self.number(below: elements.count))]
    }
}
