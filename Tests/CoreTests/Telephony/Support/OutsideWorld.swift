import Core

@testable import Telephony

/// Something that must not happen to anybody.
struct Senseless: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Everything around the exchange, as far as calls are concerned: clients, their sockets, the directory and the clock.
///
/// It hands events to an `Exchange`, carries out what the exchange wants, and after each event compares what the clients
/// were told with what is true (`OutsideWorld+Truth`). Whatever makes no sense is thrown.
final class OutsideWorld {
    var exchange: Exchange
    private(set) var now = Moment(nanoseconds: 0)
    /// What the system's clock shows: it goes with ``now``, unless somebody sets it.
    var calendar = CalendarTime(milliseconds: 1_800_000_000_000)
    private(set) var clients: [TestClient] = []
    /// Who is, or was until it was told to close, on a socket.
    private var owners: [PortID: TestClient] = [:]
    /// Sockets that were told to close and are still there.
    private(set) var closing: [PortID] = []
    /// What the directory was asked and has not answered.
    private(set) var questions: [(call: CallID, dialString: DialString)] = []
    /// Pushes that were asked for and not sent.
    private(set) var wakeups: [Wakeup] = []
    /// Pushes that were sent and not called off, by their token.
    private(set) var sent: [(token: WakeupToken, wakeup: Wakeup)] = []
    /// What was called off.
    private(set) var calledOff: [Wakeup] = []
    /// The store: registrations as they were last written down.
    private(set) var stored: [Int64: Registration] = [:]
    /// Tokens that the store was told to forget.
    private(set) var forgotten: [SecretDigest] = []
    /// What everybody was told since ``told()`` was last asked.
    private var news: [String: [String]] = [:]
    /// Whether the event is a transfer, after which parties are told of an active call though it was active before.
    var isTransferring = false
    /// Off for long walks, where nobody reads it.
    var isTakingNotes = true
    private var secrets = SequentialRandom(seed: 0x5EC2E7)
    private var actions: [ExchangeAction] = []

    init(_ policy: ExchangePolicy = ExchangePolicy()) {
        self.exchange = Exchange(policy: policy, seed: 1)
    }

    convenience init(_ adjust: (inout ExchangePolicy) -> Void) {
        var policy = ExchangePolicy()
        adjust(&policy)
        self.init(policy)
    }

    // MARK: Who is there

    /// A client without a socket.
    func client(_ name: String, number: String? = nil, user: String? = nil) -> TestClient {
        let client = TestClient(name: name, number: number ?? name, user: user ?? name, in: self)
        self.clients.append(client)
        return client
    }

    /// A client that has registered. Its name is its number, unless there is another.
    func registered(_ name: String, number: String? = nil) throws -> TestClient {
        let client = self.client(name, number: number, user: number)
        try client.registers()
        _ = self.told()
        return client
    }

    func newSecret() -> RegistrationIdentifier {
        RegistrationIdentifier(using: &self.secrets)
    }

    func newWakeupToken() -> WakeupToken {
        WakeupToken(using: &self.secrets)
    }

    // MARK: What happens

    /// Hands one event to the exchange and carries out what comes of it.
    @discardableResult
    func happens<Result>(_ event: (inout Exchange, Moment, inout [ExchangeAction]) -> Result) throws -> Result {
        let result = event(&self.exchange, self.now, &self.actions)
        defer { self.actions.removeAll(keepingCapacity: true) }
        for action in self.actions {
            try self.carryOut(action)
        }
        return result
    }

    func connect(_ client: TestClient, guest: PartyAddress? = nil) -> PortID {
        let port = self.exchange.connected(guest: guest)
        self.owners[port] = client
        return port
    }

    /// A socket is gone; nothing can be told to it any more.
    func disconnect(_ port: PortID) throws {
        self.owners[port] = nil
        self.closing.removeAll { $0 == port }
        try self.happens { $0.connectionLost(port, at: $1, into: &$2) }
    }

    /// Sockets that were told to close are gone.
    func closeWhatIsClosing() throws {
        for port in self.closing {
            try self.disconnect(port)
        }
    }

    /// Time passes, and every reminder comes when it is due.
    func passes(_ duration: Duration) throws {
        let end = self.now + duration
        while let due = self.exchange.nextReminder, due <= end {
            self.now = max(due, self.now)
            try self.happens { $0.advance(to: $1, into: &$2) }
            try self.checkTruth()
            if let next = self.exchange.nextReminder, next <= due {
                throw Senseless("a reminder was due and was not carried out")
            }
        }
        self.now = end
        self.calendar = self.calendar + duration
        try self.happens { $0.advance(to: $1, into: &$2) }
        try self.looksAtCalendar()
        try self.checkTruth()
    }

    /// As the switchboard does at each tick.
    func looksAtCalendar() throws {
        let calendar = self.calendar
        try self.happens { $0.expireLeases(by: calendar, at: $1, into: &$2) }
        try self.checkTruth()
    }

    /// The directory answers the oldest question, or the one about that number.
    func directoryAnswers(_ resolution: Resolution, about number: String? = nil) throws {
        let index = self.questions.firstIndex { number == nil || $0.dialString == number.flatMap(DialString.init) }
        guard let index else { throw Senseless("the directory was not asked") }
        try self.directoryAnswers(resolution, toQuestion: index)
    }

    func directoryAnswers(_ resolution: Resolution, toQuestion index: Int) throws {
        let question = self.questions.remove(at: index)
        try self.happens { $0.resolved(question.call, question.dialString, as: resolution, at: $1, into: &$2) }
        try self.checkTruth()
    }

    // MARK: What comes of it

    private func carryOut(_ action: ExchangeAction) throws {
        switch action {
        case .tell(let port, let indication):
            guard let client = self.owners[port] else {
                throw Senseless("told to a socket that is gone: \(indication)")
            }
            guard !self.closing.contains(port) else {
                throw Senseless("told to \(client.name) after the socket was to be closed: \(indication)")
            }
            guard client.socket == port else { throw Senseless("told to an old socket of \(client.name)") }
            try client.hear(indication)
            self.note(client) { client.describe(indication) }
        case .close(let port, let cause):
            guard let client = self.owners[port] else { throw Senseless("closes a socket that is gone") }
            guard !self.closing.contains(port) else { throw Senseless("closes a socket twice") }
            self.closing.append(port)
            client.heardClose(of: port)
            self.note(client) { "closed \(cause)" }
        case .resolve(let call, let dialString):
            if self.questions.contains(where: { $0.call == call }) {
                throw Senseless("asks the directory twice about one call")
            }
            self.questions.append((call, dialString))
        case .wake(let wakeup):
            if self.wakeups.contains(where: { $0.call == wakeup.call && $0.registration == wakeup.registration }) {
                throw Senseless("wakes a client twice for one call")
            }
            self.wakeups.append(wakeup)
        case .callOff(let wakeup):
            guard !self.calledOff.contains(where: { $0.call == wakeup.call && $0.registration == wakeup.registration })
            else { throw Senseless("calls one call off twice") }
            self.calledOff.append(wakeup)
        case .store(let id):
            guard let registration = self.exchange.book[id], let record = registration.record else {
                throw Senseless("stores what is not to be stored")
            }
            self.stored[record] = registration
        case .unstore(let record):
            guard self.stored.removeValue(forKey: record) != nil else { throw Senseless("strikes what is not stored") }
        case .unstoreWakeup(let token):
            self.forgotten.append(token)
        }
    }

    // MARK: Pushes

    /// The oldest push that was asked for is about to be sent. `nil` when it is not wanted any more.
    func sendsPush() throws -> WakeupToken? {
        guard !self.wakeups.isEmpty else { throw Senseless("nobody is to be woken") }
        let wakeup = self.wakeups.removeFirst()
        let token = self.newWakeupToken()
        let now = self.now
        guard self.exchange.noteWakeup(token.digest, for: wakeup, at: now) else { return nil }
        self.sent.append((token, wakeup))
        try self.checkTruth()
        return token
    }

    /// The messaging service says what it made of a push.
    func serviceSays(_ result: PushResult, to token: WakeupToken) throws {
        guard let wakeup = self.sent.first(where: { $0.token == token })?.wakeup else {
            throw Senseless("no such push")
        }
        try self.happens { $0.pushed(token.digest, for: wakeup, result, at: $1, into: &$2) }
        try self.checkTruth()
    }

    private func note(_ client: TestClient, _ line: () -> String) {
        guard self.isTakingNotes else { return }
        self.news[client.name, default: []].append(line())
    }

    /// What everybody was told since this was last asked, by the name of the client. Who was told nothing is not in it.
    func told() -> [String: [String]] {
        defer { self.news = [:] }
        return self.news
    }
}
