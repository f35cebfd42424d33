internal import PluginAPI
internal import StrictJSON
import Synchronization
package import Telephony

/// What operators see and do. Nothing here holds the lock for longer than a message would.
extension Switchboard {
    /// So many are looked at while the lock is held.
    private static let page = 256

    // MARK: Registrations

    /// A registration as an operator sees it.
    package struct RegistrationView: Sendable {
        package let id: RegistrationID
        package let registration: Registration
        /// The address of its socket, if it has one.
        package let peer: String?
    }

    /// The wanted ones among the registrations, beginning at an index of the table, and the index to go on with; `nil` at the end.
    ///
    /// Whoever is there all the time is seen exactly once, whatever else comes and goes.
    package func registrations(
        from start: Int,
        limit: Int,
        where isWanted: (Registration) -> Bool
    ) -> (views: [RegistrationView], next: Int?) {
        var views: [RegistrationView] = []
        var next: Int? = start
        while let index = next, views.count < limit {
            // Not more than there is room for, or some would be seen and not told.
            let size = min(Self.page, limit - views.count)
            let (page, following) = self.state.withLock { state in
                let (page, next) = state.exchange.registrations(from: index, limit: size) {
                    !$0.isGuest && isWanted($0)
                }
                return (page.map { state.view($0, $1) }, next)
            }
            views += page
            next = following
        }
        return (views, next)
    }

    /// All registrations of a number, oldest first.
    package func registrations(of dialString: DialString) -> [RegistrationView] {
        self.state.withLock { state in
            state.exchange.registrations(of: dialString).map { state.view($0, $1) }
        }
    }

    package func registration(_ id: RegistrationID) -> RegistrationView? {
        self.state.withLock { state in state.exchange.registration(id).map { state.view(id, $0) } }
    }

    /// Ends a registration and its calls. `false` when there is none of that name.
    package func endRegistration(_ id: RegistrationID) -> Bool {
        self.act { exchange, now, actions in
            guard exchange.registration(id) != nil else { return false }
            exchange.end(id, because: .administrator, at: now, into: &actions)
            return true
        }
    }

    /// Closes a registration's socket and nothing else. `nil` when there is no such registration, `false` when it has no socket.
    package func disconnect(_ id: RegistrationID) -> Bool? {
        self.act { exchange, _, actions in
            guard exchange.registration(id) != nil else { return nil }
            return exchange.disconnect(id, into: &actions)
        }
    }

    // MARK: Calls

    /// A call as an operator sees it.
    package struct CallView: Sendable {
        package let id: CallID
        package let call: Call
        package let trace: CallTrace?
    }

    /// Some of the live calls, beginning at an index of the table, and the index to go on with; `nil` at the end.
    package func calls(from start: Int, limit: Int, where isWanted: (Call) -> Bool) -> (views: [CallView], next: Int?) {
        var views: [CallView] = []
        var next: Int? = start
        while let index = next, views.count < limit {
            let size = min(Self.page, limit - views.count)
            let (page, following) = self.state.withLock { state in
                let (page, next) = state.exchange.calls(from: index, limit: size)
                return (page.map { CallView(id: $0, call: $1, trace: state.exchange.chronicle.trace(of: $0)) }, next)
            }
            views += page.filter { isWanted($0.call) }
            next = following
        }
        return (views, next)
    }

    package func call(_ id: CallID) -> CallView? {
        self.state.withLock { state in
            guard let call = state.exchange.calls[id], call.phase != .ended else { return nil }
            return CallView(id: id, call: call, trace: state.exchange.chronicle.trace(of: id))
        }
    }

    /// Ends a call. `false` when there is none of that name.
    package func endCall(_ id: CallID) -> Bool {
        self.act { exchange, now, actions in
            guard let call = exchange.calls[id], call.phase != .ended else { return false }
            exchange.endCall(id, reason: .administrator, at: now, into: &actions)
            return true
        }
    }

    /// The story of a call that is live or remembered.
    package func trace(of call: CallID) -> CallTrace? {
        self.state.withLock { $0.exchange.chronicle.trace(of: call) }
    }

    /// The calls that are remembered, the last one first.
    package var endedCalls: [CallTrace] {
        // Under the lock only a reference is taken; the work is done after it.
        self.state.withLock { $0.exchange.chronicle.history }.newestFirst
    }

    package var liveTraces: [CallTrace] { self.state.withLock { $0.exchange.chronicle.liveCalls } }

    // MARK: Figures

    package var statistics: ExchangeStatistics { self.state.withLock { $0.exchange.chronicle.statistics } }

    /// How many registrations have a socket.
    package var connectedRegistrations: Int {
        self.sum { exchange, index in exchange.registeredPorts(from: index, limit: 16 * Self.page) }
    }

    /// How many calls are in a phase.
    package func calls(in phase: Call.Phase) -> Int {
        self.sum { exchange, index in exchange.calls(in: phase, from: index, limit: 16 * Self.page) }
    }

    private func sum(_ page: (borrowing Exchange, Int) -> (count: Int, next: Int?)) -> Int {
        var (total, next): (Int, Int?) = (0, 0)
        while let index = next {
            let (count, following) = self.state.withLock { page($0.exchange, index) }
            (total, next) = (total + count, following)
        }
        return total
    }

    /// Pushes that wait for their turn, and those under way.
    package var pushLoad: (waiting: Int, inFlight: Int) { self.pushes.withLock { ($0.waiting, $0.underWay) } }

    /// What is to be written down and is not yet.
    package var unstoredChanges: Int { self.keeper?.unstoredChanges ?? 0 }

    // MARK: News

    /// Has somebody told, on whatever thread, that there is news to be taken; at most one at a time.
    package func follow(_ onNews: (@Sendable () -> Void)?) {
        self.state.withLock { state in
            state.onNews = onNews
            state.exchange.follow(onNews != nil)
        }
    }

    /// What has happened since the last time, and how much was lost for want of room.
    package func takeOccurrences() -> (occurrences: [Occurrence], lost: Int) {
        self.state.withLock { $0.exchange.takeOccurrences() }
    }

    /// When a moment was, by the calendar as it stood when the server was started: the same whenever it is asked.
    package func time(of moment: Moment) -> CalendarTime {
        let (difference, _) = moment.nanoseconds.subtractingReportingOverflow(self.origin.moment.nanoseconds)
        return self.origin.time + .nanoseconds(difference)
    }

    // MARK: Trial pushes

    /// What became of a push that an operator had sent.
    package enum TrialPush: Sendable {
        case noRegistration
        /// It is there already.
        case connected
        /// It has left nothing that it could be woken with.
        case noToken
        case sent(PushRecord)
    }

    /// Sends a push to a registration, for no call: it may come back with the push's token, as for a call.
    package func wake(_ id: RegistrationID, within time: Duration) async -> TrialPush {
        guard let view = self.registration(id) else { return .noRegistration }
        guard view.registration.port == nil else { return .connected }
        var generator = SystemRandomNumberGenerator()
        let token = WakeupToken(using: &generator)
        let digest = token.digest
        let (noted, life) = self.state.withLock { state in
            let now = self.clock()
            return (state.exchange.noteTrialWakeup(digest, of: id, at: now), state.exchange.policy.wakeupTokenLife)
        }
        guard let noted, let notifications = self.notifications, let target = NotificationTarget(noted.notification)
        else { return .noToken }
        self.write(digest, of: noted.record, until: self.calendar() + life)
        let notice = WakeupNotice(
            caller: view.registration.address.dialString,
            url: noted.notification.url,
            wakeupToken: Secret(token.secretText)
        )
        let begun = self.clock()
        let outcome = await notifications.wake(target, for: notice, within: time)
        return .sent(self.remember(.test, outcome, of: id, for: nil, target, since: begun))
    }

    @discardableResult
    func remember(
        _ kind: PushRecord.Kind,
        _ outcome: NotificationOutcome,
        of id: RegistrationID,
        for call: CallID?,
        _ target: NotificationTarget,
        since begun: Moment?
    ) -> PushRecord {
        let now = self.clock()
        let record = PushRecord(
            moment: now,
            registration: id,
            dialString: self.state.withLock { $0.exchange.registration(id)?.address.dialString },
            plugin: self.notifications?.notifier(for: target),
            call: call,
            kind: kind,
            outcome: outcome.word,
            problem: outcome.problem,
            latency: begun.map { now.since($0) }
        )
        self.pushHistory.note(record)
        return record
    }

    private func act<Result: Sendable>(
        _ event: (inout Exchange, Moment, inout [ExchangeAction]) -> Result
    ) -> Result {
        var touched: [any Port] = []
        let result = self.perform(touching: &touched, event)
        touched.flush()
        return result
    }
}

extension Switchboard.State {
    fileprivate func view(_ id: RegistrationID, _ registration: Registration) -> Switchboard.RegistrationView {
        .init(id: id, registration: registration, peer: registration.port.flatMap { self.port($0)?.peer })
    }
}

extension NotificationOutcome {
    fileprivate var word: PushRecord.Outcome {
        switch self {
        case .waiting: .accepted
        case .rejected: .rejected
        case .failed: .failed
        case .gone: .gone
        case .throttled: .throttled
        case .misconfigured: .misconfigured
        }
    }

    fileprivate var problem: String? {
        switch self {
        case .waiting: nil
        case .rejected(let problem), .failed(let problem, _), .gone(let problem, _), .misconfigured(let problem):
            problem
        case .throttled(.client, _): "too many pushes for this client"
        case .throttled(.everybody, _): "too many pushes"
        }
    }
}
