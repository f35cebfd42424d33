package import Logging
import PluginAPI
import Synchronization
package import Telephony

/// Guards the exchange: hands it every event, one at a time, and carries out what it answers.
///
/// Under the lock there is only asking and noting; writing, timers, plugins and logs come after it. So one lock suffices,
/// and nobody waits for a socket or a directory while holding it. Every function may be called on any thread.
package final class Switchboard: Sendable {
    struct State: Sendable {
        var exchange: Exchange
        /// By the index of their port.
        var ports: [(any Port)?] = []
        /// Reused from event to event.
        var actions: [ExchangeAction] = []
        /// Counts what is to be stored, in the order of the decisions.
        var lastChange: UInt64 = 0
        /// Counts what has happened.
        var events: UInt64 = 0
        /// Told that there is news; `nil` when nobody follows.
        var onNews: (@Sendable () -> Void)?
    }

    let state: Mutex<State>
    let clock: @Sendable () -> Moment
    /// Judged anew at each tick, so that a clock set right, or wrong, counts at once and nothing else depends on it.
    let calendar: @Sendable () -> CalendarTime
    private let directory: any DirectoryService
    /// Sends pushes; `nil`: there is nobody who could.
    let notifications: (any NotificationService)?
    /// Writes down what must outlive the process; `nil`: nothing does.
    let keeper: RegistrationKeeper?
    /// Pushes that are sent, and those that wait for their turn.
    let pushes: Mutex<WakeupQueue>
    /// The last pushes, and what became of them.
    package let pushHistory = PushHistory()
    /// For waiting before a push is sent, or sent again.
    let timer: any Clock<Duration>
    let logger: Logger
    /// One moment on both clocks.
    let origin: (moment: Moment, time: CalendarTime)

    package init(
        policy: ExchangePolicy,
        directory: any DirectoryService,
        notifications: (any NotificationService)? = nil,
        keeper: RegistrationKeeper? = nil,
        logger: Logger,
        timer: any Clock<Duration> = ContinuousClock(),
        clock: @escaping @Sendable () -> Moment = { .now },
        calendar: @escaping @Sendable () -> CalendarTime = { .now },
        seed: UInt64 = .random(in: .min ... .max)
    ) {
        self.state = Mutex(State(exchange: Exchange(policy: policy, seed: seed)))
        self.directory = directory
        self.notifications = notifications
        self.keeper = keeper
        self.pushes = Mutex(WakeupQueue())
        self.timer = timer
        self.logger = logger
        self.clock = clock
        self.calendar = calendar
        self.origin = (clock(), calendar())
    }

    // MARK: Sockets

    /// A socket is there.
    package func connect(_ port: any Port, guest: PartyAddress? = nil) -> PortID {
        self.state.withLock { state in
            let id = state.exchange.connected(guest: guest)
            while state.ports.count <= Int(id.index) {
                state.ports.append(nil)
            }
            state.ports[Int(id.index)] = port
            return id
        }
    }

    /// A socket is gone: nothing is told to it from now on.
    package func disconnect(_ port: PortID) {
        var touched: [any Port] = []
        self.perform(touching: &touched) { exchange, now, actions in
            exchange.connectionLost(port, at: now, into: &actions)
        } finally: { state in
            if Int(port.index) < state.ports.count {
                state.ports[Int(port.index)] = nil
            }
        }
        touched.flush()
    }

    /// What a socket found when it came back to something.
    package struct Homecoming: Sendable {
        /// Whose registration it is; `nil` when it is nobody's, or gone.
        package let username: Username?
        /// Whether something was found.
        package let isBack: Bool
        /// The origin of the socket that had to give way, for the log.
        package let takenFrom: String?
    }

    /// A client proved that a registration is its own (§9.5.1), which may be gone meanwhile.
    package func restore(_ identifier: RegistrationIdentifier, on port: PortID) -> Homecoming {
        self.comeHome(port) { $0.restore(identifier, on: port, at: $1, into: &$2) }
    }

    /// A client came with an access token: it may stay until the lease ends, and takes the place of whoever is here by a
    /// token that this one renews (§4.2.2).
    package func admit(_ port: PortID, until lease: Lease) -> Homecoming {
        var generator = SystemRandomNumberGenerator()
        let identifier = RegistrationIdentifier(using: &generator)
        return self.comeHome(port) { exchange, now, actions in
            exchange.admit(port, until: lease, identifier: identifier, at: now, into: &actions)
            return exchange.username(on: port) != nil
        }
    }

    private func comeHome(
        _ port: PortID,
        _ event: (inout Exchange, Moment, inout [ExchangeAction]) -> Bool
    ) -> Homecoming {
        var touched: [any Port] = []
        var replaced: PortID?
        var takenFrom: String?
        let result = self.perform(touching: &touched) { exchange, now, actions in
            let isBack = event(&exchange, now, &actions)
            for case .close(let port, .replaced) in actions {
                replaced = port
            }
            return (isBack: isBack, username: isBack ? exchange.username(on: port) : nil)
        } finally: { state in
            takenFrom = replaced.flatMap { state.port($0)?.peer }
        }
        touched.flush()
        return Homecoming(username: result.username, isBack: result.isBack, takenFrom: takenFrom)
    }

    /// Whether a client may come back with this secret.
    package func canRestore(_ identifier: RegistrationIdentifier) -> Bool {
        let (isKnown, hasSealed) = self.state.withLock { state in
            (state.exchange.canRestore(identifier), state.exchange.hasSealed)
        }
        guard !isKnown, hasSealed else { return isKnown }
        // Of before the last restart: then only the digest is known.
        let digest = identifier.digest
        return self.state.withLock { state in
            state.exchange.unseal(identifier, digest)
            return state.exchange.canRestore(identifier)
        }
    }

    /// Nothing has come from a socket for longer than a ping interval, or something has again.
    package func setSilent(_ port: PortID, _ isSilent: Bool) {
        self.state.withLock { $0.exchange.setSilent(port, isSilent) }
    }

    /// Somebody answers a push (§9.5.2): the token is used up, and its registration is restored by this new identifier.
    package func redeem(_ token: SecretDigest, for identifier: RegistrationIdentifier) -> Bool {
        var touched: [any Port] = []
        let isGood = self.perform(touching: &touched) { exchange, _, actions in
            exchange.redeem(token, for: identifier, into: &actions)
        }
        touched.flush()
        return isGood
    }

    // MARK: Messages

    /// A message about a call. Ports that have something to say are added to `touched`: flush them when convenient, once.
    package func receive(
        _ request: CallRequest,
        for identifier: CallIdentifier,
        from port: PortID,
        touching touched: inout [any Port]
    ) {
        self.perform(touching: &touched) { exchange, now, actions in
            exchange.receive(request, for: identifier, from: port, at: now, into: &actions)
        }
    }

    package func register(_ enrolment: Enrolment, on port: PortID, touching touched: inout [any Port]) {
        self.perform(touching: &touched) { exchange, now, actions in
            exchange.register(enrolment, on: port, at: now, into: &actions)
        }
    }

    package func unregister(_ identifier: String?, from port: PortID, touching touched: inout [any Port]) {
        self.perform(touching: &touched) { exchange, now, actions in
            exchange.unregister(identifier, from: port, at: now, into: &actions)
        }
    }

    /// A client's notification data. Who asks for a confirmation gets it when the data is durable.
    package func keep(
        _ notification: NotificationData?,
        named identifier: String?,
        confirm: Bool,
        from port: PortID,
        touching touched: inout [any Port]
    ) {
        let kept = self.perform(touching: &touched) { exchange, now, actions in
            exchange.keep(notification, named: identifier, from: port, at: now, into: &actions)
        }
        guard confirm, let kept else { return }
        self.confirmStored(kept, to: port, touching: &touched)
    }

    // MARK: Operation

    /// Time has passed. Called several times a second; costs nothing when nothing is due.
    package func advance() {
        var touched: [any Port] = []
        let calendar = self.calendar()
        self.perform(touching: &touched) { exchange, now, actions in
            exchange.advance(to: now, into: &actions)
            exchange.expireLeases(by: calendar, at: now, into: &actions)
        }
        touched.flush()
    }

    /// From now on new calls and registrations are refused with `shutdown`.
    package func beginDrain() {
        self.state.withLock { $0.exchange.beginDrain() }
    }

    /// New calls and registrations are taken again.
    package func endDrain() {
        self.state.withLock { $0.exchange.endDrain() }
    }

    /// Ends every call with `shutdown`.
    package func endAllCalls() {
        var touched: [any Port] = []
        self.perform(touching: &touched) { exchange, now, actions in
            exchange.endAllCalls(.shutdown, at: now, into: &actions)
        }
        touched.flush()
    }

    /// New rules for registrations and calls, from now on.
    package func apply(_ policy: ExchangePolicy) {
        self.state.withLock { $0.exchange.apply(policy) }
    }

    /// Whether a socket's client has a call.
    package func isInCall(_ port: PortID) -> Bool {
        self.state.withLock { $0.exchange.isInCall(port) }
    }

    /// Whether a socket carries a registration or a guest's call.
    package func isInUse(_ port: PortID) -> Bool {
        self.state.withLock { $0.exchange.isInUse(port) }
    }

    /// How many registrations, calls and sockets there are.
    package var census: Census {
        self.state.withLock { $0.exchange.census }
    }

    // MARK: The guard

    /// What is to be done about an event after the lock is released.
    private struct Errands {
        var questions: [(call: CallID, dialString: DialString)] = []
        var wakeups: [Wakeup] = []
        var callOffs: [Wakeup] = []
        var records: [StoredNote] = []

        mutating func runUp(_ action: ExchangeAction, in state: inout State) {
            switch action {
            case .tell, .close: break
            case .resolve(let call, let dialString): self.questions.append((call, dialString))
            case .wake(let wakeup): self.wakeups.append(wakeup)
            case .callOff(let wakeup): self.callOffs.append(wakeup)
            case .store, .unstore, .unstoreWakeup: state.note(action).map { self.records.append($0) }
            }
        }
    }

    /// Hands the exchange one event and carries out what it answers.
    @discardableResult
    func perform<Result: Sendable>(
        touching touched: inout [any Port],
        _ event: (inout Exchange, Moment, inout [ExchangeAction]) -> Result,
        finally: (inout State) -> Void = { _ in }
    ) -> Result {
        let now = self.clock()
        var errands = Errands()
        var onNews: (@Sendable () -> Void)?
        let result = self.state.withLock { state in
            let result = event(&state.exchange, now, &state.actions)
            if !state.actions.isEmpty { state.events &+= 1 }
            for action in state.actions {
                switch action {
                case .tell(let port, let indication):
                    state.note(.tell(indication), for: port, touching: &touched)
                case .close(let port, let cause):
                    state.note(.close(cause), for: port, touching: &touched)
                case .resolve, .wake, .callOff, .store, .unstore, .unstoreWakeup:
                    errands.runUp(action, in: &state)
                }
            }
            state.actions.removeAll(keepingCapacity: true)
            finally(&state)
            if state.exchange.hasOccurrences { onNews = state.onNews }
            return result
        }
        onNews?()
        for question in errands.questions {
            self.resolve(question.call, question.dialString)
        }
        if !errands.records.isEmpty { self.write(errands.records, at: now) }
        for wakeup in errands.wakeups { self.send(wakeup, at: now) }
        for wakeup in errands.callOffs { self.callOff(wakeup) }
        return result
    }

    /// Asks the directory whether a number exists; the answer comes back as an event.
    private func resolve(_ call: CallID, _ dialString: DialString) {
        Task {
            let resolution: Resolution
            do {
                resolution = try await self.directory.entry(forDialString: dialString) == nil ? .unknown : .known
            } catch {
                self.logger.warning(
                    "directory did not answer for a dialled number",
                    metadata: ["call": "\(call)", "error": "\(error)"]
                )
                resolution = .failed
            }
            var touched: [any Port] = []
            self.perform(touching: &touched) { exchange, now, actions in
                exchange.resolved(call, dialString, as: resolution, at: now, into: &actions)
            }
            touched.flush()
        }
    }
}

extension Switchboard.State {
    func note(_ item: OutboxItem, for id: PortID, touching touched: inout [any Port]) {
        guard let port = self.port(id) else { return }
        if port.enqueue(item) {
            touched.append(port)
        }
    }

    func port(_ id: PortID) -> (any Port)? {
        Int(id.index) < self.ports.count ? self.ports[Int(id.index)] : nil
    }
}

extension [any Port] {
    /// Flushes each port once, and forgets them.
    package mutating func flush() {
        for port in self {
            port.flush()
        }
        self.removeAll(keepingCapacity: true)
    }
}
