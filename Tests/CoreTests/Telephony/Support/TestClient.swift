@testable import Telephony

/// A client as its user sees it: a socket perhaps, the secret to come back with, and calls by identifier.
///
/// It believes what it is told, and throws when that makes no sense.
final class TestClient {
    /// A call as this client knows it.
    struct View {
        var state = CallState.ringing
        /// What it was last told of the other side; `nil` as long as it was told nothing.
        var label: LegLabel?
        /// Whether it has heard of the call since it came back.
        var isConfirmed = true
    }

    let name: String
    let address: PartyAddress
    let username: Username?
    unowned let world: OutsideWorld

    var socket: PortID?
    var secret: RegistrationIdentifier?
    private(set) var calls: [CallIdentifier: View] = [:]
    /// How the calls that ended did, in that order.
    private(set) var endings: [(identifier: CallIdentifier, reason: Reason)] = []
    /// The calls that came in, oldest first: `in-1`, `in-2` and so on in what ``describe(_:)`` says.
    private(set) var incoming: [CallIdentifier] = []
    /// A `start` of our own that has not been answered.
    private var isStarting: CallIdentifier?
    /// The identifiers of the request that is being carried out: only these may be echoed.
    private var named: [String] = []
    var isReturning = false
    /// Told of each media message that comes.
    var onMedia: ((CallIdentifier, SessionDescription) throws -> Void)?

    init(name: String, number: String, user: String, in world: OutsideWorld) {
        self.name = name
        self.address = PartyAddress(dialString: DialString(number) ?? .anonymous, displayName: "Name of \(number)")
        self.username = Username(user)
        self.world = world
    }

    /// All that it was ever told, to the last detail. Filled only while the world takes notes.
    private(set) var everythingHeard: [String] = []

    // MARK: Asking

    func send(_ request: CallRequest, _ identifier: CallIdentifier) throws {
        guard let socket = self.socket else { throw Senseless("\(self.name) has no socket to ask on") }
        self.named = [identifier.text]
        if case .transfer(let other) = request {
            self.named.append(other.text)
            self.world.isTransferring = true
        }
        if case .start = request, self.calls[identifier] == nil {
            self.calls[identifier] = View()
            self.isStarting = identifier
        }
        defer {
            self.named = []
            self.isStarting = nil
            self.world.isTransferring = false
        }
        try self.world.happens { $0.receive(request, for: identifier, from: socket, at: $1, into: &$2) }
        try self.world.checkTruth()
    }

    /// Forgets what it knew of its calls: what is still true will be told.
    func beginReturn() {
        self.isReturning = true
        for identifier in self.calls.keys {
            self.calls[identifier]?.isConfirmed = false
        }
    }

    func endReturn() {
        self.isReturning = false
        self.calls = self.calls.filter { $0.value.isConfirmed }
    }

    func forgetCalls() {
        self.calls = [:]
    }

    // MARK: Hearing

    func hear(_ indication: Indication) throws {
        if self.world.isTakingNotes {
            var text = ""
            dump(indication, to: &text)
            self.everythingHeard.append(text)
        }
        switch indication {
        case .call(let label, let indication):
            try self.hear(indication, of: label)
        case .callRefused(let echo, let reason):
            guard let echo, self.named.contains(echo) else {
                throw self.senseless("refused a call that it did not name: \(echo ?? "nil")")
            }
            guard let identifier = CallIdentifier(echo), self.calls[identifier] != nil else { return }
            guard identifier == self.isStarting else { throw self.senseless("refused \(echo), which it has") }
            self.end(identifier, reason)
        case .registered(let label):
            guard self.secret == nil || self.secret == label.identifier else {
                throw self.senseless("a foreign secret")
            }
            guard label.address == self.address else { throw self.senseless("a foreign address") }
            self.secret = label.identifier
        case .registrationEnded(let identifier, _):
            guard self.secret == identifier else { throw self.senseless("the end of a foreign registration") }
            guard self.calls.isEmpty else { throw self.senseless("the end of a registration before that of its calls") }
            self.secret = nil
        case .notificationStored(let identifier):
            guard self.secret == identifier else { throw self.senseless("a foreign secret") }
        case .registerFailed, .registerRefused:
            break
        }
    }

    private func hear(_ indication: CallIndication, of label: LegLabel) throws {
        let identifier = label.identifier
        guard label.local == self.address else { throw self.senseless("a foreign local address") }
        if case .start = indication, self.calls[identifier] == nil {
            guard !self.endings.contains(where: { $0.identifier == identifier }) else {
                throw self.senseless("a call again that is over")
            }
            self.incoming.append(identifier)
            self.calls[identifier] = View(state: .ringing, label: label)
            return
        }
        guard let view = self.calls[identifier] else {
            throw self.senseless("\(indication) of a call it does not have")
        }
        self.calls[identifier]?.label = label
        self.calls[identifier]?.isConfirmed = true
        switch indication {
        case .start:
            guard self.isReturning, view.state == .ringing, self.incoming.contains(identifier) else {
                throw self.senseless("the start of a call it has")
            }
        case .status(.terminated, let reason):
            guard let reason else { throw self.senseless("an end without a reason") }
            self.end(identifier, reason)
        case .status(let state, let reason):
            if view.state == .terminating { throw self.senseless("\(state) after terminating") }
            // A side that holds hears of the other's hold and retrieve as well.
            let isAllowed = self.isReturning || self.world.isTransferring || state == .ringing || state == .held
            if !isAllowed, reason == nil, state == view.state {
                throw self.senseless("\(state), which it knows")
            }
            self.calls[identifier]?.state = state
        case .media(let message):
            try self.onMedia?(identifier, message)
        case .offerRequest:
            guard view.state != .ringing else { throw self.senseless("a request for an offer before the answer") }
        }
    }

    func heardClose(of port: PortID) {
        guard self.socket == port else { return }
        self.socket = nil
    }

    private func end(_ identifier: CallIdentifier, _ reason: Reason) {
        self.calls[identifier] = nil
        self.endings.append((identifier, reason))
    }

    private func senseless(_ problem: String) -> Senseless {
        Senseless("\(self.name) is told \(problem)")
    }

    // MARK: In words

    func describe(_ indication: Indication) -> String {
        switch indication {
        case .call(let label, .start): "\(self.alias(label.identifier)) start from \(label.remote.dialString)"
        case .call(let label, .status(let state, let reason)):
            ([self.alias(label.identifier), state.rawValue] + (reason.map { [$0.rawValue] } ?? [])).joined(
                separator: " "
            )
        case .call(let label, .media(let message)): "\(self.alias(label.identifier)) \(message.inWords)"
        case .call(let label, .offerRequest): "\(self.alias(label.identifier)) offer?"
        case .callRefused(let echo, let reason): "\(echo ?? "-") refused \(reason)"
        case .registered(let label): "registered \(label.address.dialString)"
        case .registerFailed(let reason): "register failed \(reason)"
        case .registrationEnded(_, let reason): "registration ended \(reason)"
        case .registerRefused(let action, let reason): "\(action) refused \(reason)"
        case .notificationStored: "notification stored"
        }
    }

    private func alias(_ identifier: CallIdentifier) -> String {
        self.incoming.firstIndex(of: identifier).map { "in-\($0 + 1)" } ?? identifier.text
    }
}

extension SessionDescription {
    /// A message with that content.
    static func offer(_ text: String) -> Self { .init(kind: .offer, members: Array(text.utf8), hasSDP: true) }
    static func answer(_ text: String) -> Self { .init(kind: .answer, members: Array(text.utf8), hasSDP: true) }
    /// A candidate that trickles in.
    static func candidate(_ text: String) -> Self { .init(kind: .offer, members: Array(text.utf8), hasSDP: false) }

    var inWords: String {
        "\(self.hasSDP ? self.kind.rawValue : "candidate") \(String(decoding: self.members, as: UTF8.self))"
    }
}
