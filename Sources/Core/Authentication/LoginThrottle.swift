internal import Synchronization
package import Telephony

/// Slows down those who guess: by address, and by the name they guess at. May be asked on any thread.
///
/// Failures leak away at the rate that is allowed. Who reaches the limit is shut out for a minute, and twice as long each
/// further time; already before that, answers to failures take longer and longer.
package final class LoginThrottle: Sendable {
    package struct Limits: Sendable, Hashable {
        /// Failed log-ins a minute, from one address and for one name.
        package var logins: Int
        /// Unknown identifiers, tickets and wakeup tokens a minute from one address. They can't be guessed, and a whole
        /// office comes back with void ones after a restart; hence more generous.
        package var secrets: Int

        package init(logins: Int = 10, secrets: Int = 100) {
            self.logins = logins
            self.secrets = secrets
        }
    }

    /// What was tried.
    package enum Attempt: Sendable, Hashable {
        /// A password or an access token, for this user where there is a name.
        case login(Username?)
        /// A secret of ours.
        case secret
    }

    fileprivate enum Key: Hashable {
        case logins(from: String)
        case secrets(from: String)
        case guesses(at: Username)
    }

    fileprivate struct Acquaintance: Hashable {
        let username: Username
        let address: String
    }

    fileprivate struct State {
        var records: [Key: FailureRecord] = [:]
        /// From where somebody logged in with success: guesses of others don't lock him out there.
        var acquaintances: Set<Acquaintance> = []
    }

    private let limits: Limits
    /// How many addresses and names are remembered at once.
    private let capacity: Int
    private let state = Mutex(State())

    package init(limits: Limits, capacity: Int = 50000) {
        self.limits = limits
        self.capacity = capacity
    }

    /// How long an attempt must wait before it is even looked at; `nil` when it need not.
    package func wait(of attempt: Attempt, from address: String, at now: Moment) -> Duration? {
        self.state.withLock { state in
            let waits = self.keys(attempt, address, state).compactMap { state.records[$0]?.wait(at: now) }
            return waits.max()
        }
    }

    /// What follows from a failure.
    package struct Consequence: Sendable, Hashable {
        /// How long to hold the answer back.
        package var delay: Duration
        /// Whether nobody will be listened to from now on: worth a line in the log.
        package var isShutOut: Bool
    }

    /// An attempt failed.
    package func failed(_ attempt: Attempt, from address: String, at now: Moment) -> Consequence {
        self.state.withLock { state in
            state.makeRoom(self.capacity, at: now)
            var consequence = Consequence(delay: .zero, isShutOut: false)
            for key in self.keys(attempt, address, state) {
                var record = state.records[key, default: FailureRecord()]
                consequence.delay = max(consequence.delay, record.note(at: now, perMinute: self.limit(of: key)))
                consequence.isShutOut = consequence.isShutOut || record.wait(at: now) != nil
                state.records[key] = record
            }
            return consequence
        }
    }

    /// Somebody logged in.
    package func succeeded(_ username: Username, from address: String) {
        self.state.withLock { state in
            if state.acquaintances.count >= self.capacity {
                state.acquaintances.removeAll()
            }
            state.acquaintances.insert(Acquaintance(username: username, address: address))
        }
    }

    /// How many addresses and names are remembered.
    package var count: Int { self.state.withLock { $0.records.count } }

    private func keys(_ attempt: Attempt, _ address: String, _ state: State) -> [Key] {
        switch attempt {
        case .secret:
            return [.secrets(from: address)]
        case .login(nil):
            return [.logins(from: address)]
        case .login(let username?):
            let isAcquainted = state.acquaintances.contains(Acquaintance(username: username, address: address))
            return isAcquainted ? [.logins(from: address)] : [.logins(from: address), .guesses(at: username)]
        }
    }

    private func limit(of key: Key) -> Int {
        switch key {
        case .logins, .guesses: self.limits.logins
        case .secrets: self.limits.secrets
        }
    }
}

extension LoginThrottle.State {
    /// Forgets those who have been quiet; when that isn't enough, everybody who is not shut out.
    fileprivate mutating func makeRoom(_ capacity: Int, at now: Moment) {
        guard self.records.count + 2 > capacity else { return }
        self.records = self.records.filter { !$0.value.isForgettable(at: now) }
        guard self.records.count + 2 > capacity else { return }
        self.records = self.records.filter { $0.value.wait(at: now) != nil }
        guard self.records.count + 2 > capacity else { return }
        self.records.removeAll()
    }
}

/// The failures of one address, or for one name: a leaky bucket and its overflows.
package struct FailureRecord: Sendable, Hashable {
    private static let shortestBan = Duration.seconds(60)
    private static let longestBan = Duration.seconds(900)

    /// In thousandths of a failure.
    private var level: Int64 = 0
    private var last = Moment(nanoseconds: 0)
    private var bans = 0
    private var bannedUntil: Moment?

    package init() {}

    /// How long it is still shut out.
    package func wait(at now: Moment) -> Duration? {
        guard let bannedUntil, now < bannedUntil else { return nil }
        return .nanoseconds(bannedUntil.nanoseconds - now.nanoseconds)
    }

    /// One more failure. Returns how long to hold the answer back.
    package mutating func note(at now: Moment, perMinute limit: Int) -> Duration {
        let passed = max(0, now.nanoseconds - self.last.nanoseconds) / 1_000_000
        self.level = max(0, self.level - min(passed, 3_600_000) * Int64(limit) / 60) + 1000
        self.last = now
        if let bannedUntil, bannedUntil + .seconds(3600) < now {
            self.bans = 0
        }
        guard self.level > Int64(limit - 1) * 1000 else {
            let beyond = self.level / 1000 - Int64(limit) / 2
            return beyond > 0 ? .milliseconds(min(100 << min(beyond, 5), 2000)) : .zero
        }
        let ban = min(Self.shortestBan * (1 << min(self.bans, 8)), Self.longestBan)
        self.bans += 1
        self.bannedUntil = now + ban
        self.level = 0
        return .seconds(2)
    }

    /// Whether nothing is lost by forgetting it.
    func isForgettable(at now: Moment) -> Bool {
        self.wait(at: now) == nil && self.last + .seconds(120) < now
            && (self.bannedUntil ?? self.last) + .seconds(3600) < now
    }
}
