internal import CLDAP
internal import Logging
internal import PluginAPI

/// Speaks with a directory: one connection for all searches, a few for trying passwords, all on one thread.
///
/// Whoever asks while there is no connection waits for one until his time is up. Connections are opened, watched, replaced
/// and closed here, and nowhere else.
actor LDAPClient {
    nonisolated let thread: PollingThread
    nonisolated var unownedExecutor: UnownedSerialExecutor { self.thread.asUnownedSerialExecutor() }

    let settings: LDAPConnectionSettings
    let connector: LDAPConnector
    let logger: Logger
    let clock: any Clock<Duration>
    /// The time since this client was made.
    let now: @Sendable () -> Duration

    var servers: ServerList
    /// What searches go through.
    var searcher: LDAPConnection?
    /// The connection for searches that is being opened.
    var attempt: Attempt?
    /// Those for passwords, one at a time each.
    var checkers: [LDAPConnection] = []
    var checkersUnderWay = 0
    /// No further one is opened before, since the last could not be.
    var checkersPauseUntil = Duration.zero
    /// Gone from ``searcher``, but with answers to come.
    var retiring: [LDAPConnection] = []
    /// Those who wait for a place on a connection.
    var searches: [LDAPRequest] = []
    var checks: [LDAPRequest] = []
    var isClosed = false
    var upkeep: Task<Void, Never>?
    private var nextNumber = 0
    /// Those who want to know how the first attempt to connect went.
    private var firstAttempt: [CheckedContinuation<Void, Never>] = []
    var hasTried = false

    init(_ settings: LDAPConnectionSettings, name: String, logger: Logger, clock: any Clock<Duration>)
        throws(PluginError)
    {
        self.thread = try PollingThread(name: "ldap.\(name)")
        self.settings = settings
        self.connector = LDAPConnector(settings: settings)
        self.logger = logger
        self.clock = clock
        self.now = clock.stopwatch()
        self.servers = ServerList(settings.urls)
    }

    struct Attempt {
        let number: Int
        let server: Int
        /// Only servers before this one in order are of use.
        let before: Int?
        let begun: Duration
    }

    // MARK: Life

    /// Begins to connect, and waits until that has gone well or badly.
    func open() async {
        guard !self.isClosed, self.upkeep == nil else { return }
        // Weak, so that a client nobody closed does not live for its upkeep.
        self.upkeep = Task { [weak self, clock] in
            while let pause = await self?.keepUp() {
                do {
                    try await clock.sleep(for: pause)
                } catch {
                    return
                }
            }
        }
        await withCheckedContinuation { continuation in
            // Looked at in here, since the attempt may be over by the time this runs.
            if self.hasTried { continuation.resume() } else { self.firstAttempt.append(continuation) }
        }
    }

    /// Gives everybody who waits his refusal, and closes all connections.
    func close() {
        self.isClosed = true
        self.upkeep?.cancel()
        self.noteAttempt()
        let connections = [self.searcher].compactMap { $0 } + self.checkers + self.retiring
        self.searcher = nil
        self.checkers = []
        self.retiring = []
        let waiting = self.searches + self.checks + connections.flatMap { self.hangUp($0) }
        self.searches = []
        self.checks = []
        for request in waiting { request.fail(.late("the plugin is stopped")) }
    }

    /// The first attempt is over, however it went.
    func noteAttempt() {
        self.hasTried = true
        let waiting = self.firstAttempt
        self.firstAttempt = []
        waiting.forEach { $0.resume() }
    }

    // MARK: Questions

    /// Searches. Which results count as an answer is for the caller to say.
    ///
    /// - Throws: ``LDAPFailure`` when there is no answer in time; `CancellationError`.
    func search(_ search: LDAPSearch) async throws -> LDAPAnswer {
        try await self.perform(.search(search), within: self.settings.searchTimeout)
    }

    /// Whether this password belongs to this entry: the result of a bind (RFC 4511 §4.2).
    func check(_ password: Secret, of name: String) async throws -> LDAPAnswer {
        try await self.perform(.bind(name: name, password: password), within: self.settings.bindTimeout)
    }

    private func perform(_ operation: LDAPRequest.Operation, within limit: Duration) async throws -> LDAPAnswer {
        try Task.checkCancellation()
        guard !self.isClosed else { throw LDAPFailure.late("the plugin is stopped") }
        let number = self.makeNumber()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                // Asked once more: on the way here others may have had their turn, such as the end of all this.
                if Task.isCancelled { return continuation.resume(throwing: CancellationError()) }
                if self.isClosed { return continuation.resume(throwing: LDAPFailure.late("the plugin is stopped")) }
                let request = LDAPRequest(
                    number: number,
                    operation: operation,
                    begun: self.now(),
                    limit: limit,
                    continuation: continuation
                )
                switch operation {
                case .search(let search):
                    // Who makes the list of all numbers spares all others a search each, and has one under way at a time.
                    if search.page == nil {
                        self.searches.append(request)
                    } else {
                        self.searches.insert(request, at: 0)
                    }
                case .bind: self.checks.append(request)
                }
                self.proceed()
            }
        } onCancel: {
            Task { await self.giveUp(number) }
        }
    }

    func makeNumber() -> Int {
        self.nextNumber += 1
        return self.nextNumber
    }

    private func giveUp(_ number: Int) {
        self.remove { $0.number == number }.forEach { $0.cancel() }
        self.proceed()
    }

    /// Takes requests out, wherever they are; answers to those that were sent will not be missed.
    func remove(where isMeant: (LDAPRequest) -> Bool) -> [LDAPRequest] {
        var removed = self.searches.filter(isMeant) + self.checks.filter(isMeant)
        self.searches.removeAll(where: isMeant)
        self.checks.removeAll(where: isMeant)
        for connection in self.connections {
            for (number, request) in connection.underWay where isMeant(request) {
                connection.abandon(number)
                removed.append(request)
            }
        }
        return removed
    }

    var connections: [LDAPConnection] {
        self.retiring + self.checkers + (self.searcher.map { [$0] } ?? [])
    }

    // MARK: Moving on

    /// Sends what can be sent, and connects where that takes another connection.
    func proceed() {
        guard !self.isClosed else { return }
        while let searcher = self.searcher, searcher.underWay.count < self.settings.searchesAtOnce,
            !self.searches.isEmpty
        {
            guard self.send(self.searches[0], on: searcher) else { break }
            self.searches.removeFirst()
        }
        while !self.checks.isEmpty, let idle = self.checkers.first(where: { $0.underWay.isEmpty && !$0.isSpent }) {
            guard self.send(self.checks[0], on: idle) else { break }
            self.checks.removeFirst()
        }
        self.connectWhereNeeded()
    }

    /// - Returns: Whether the request need not wait here any longer.
    private func send(_ request: LDAPRequest, on connection: LDAPConnection) -> Bool {
        do {
            try connection.send(request, at: self.now())
            return true
        } catch {
            switch error.code {
            case LDAP_BUSY:
                // The socket takes no more at the moment.
                return false
            case LDAP_SERVER_DOWN:
                self.drop(connection, error)
                return false
            default:
                // A question that can't be asked at all, such as one with a malformed name.
                request.fail(error)
                return true
            }
        }
    }

    /// Reads all that has come.
    func read(_ connection: LDAPConnection) {
        guard self.connections.contains(where: { $0 === connection }) else { return }
        do {
            // Also when nothing is owed, since it may be the end that can be read.
            repeat {
                guard let (request, answer) = try connection.takeAnswer(at: self.now()) else { break }
                request?.succeed(answer)
            } while !connection.underWay.isEmpty
        } catch {
            self.lose(connection, error)
            return
        }
        if connection.underWay.isEmpty, self.retiring.contains(where: { $0 === connection }) {
            self.retiring.removeAll { $0 === connection }
            _ = self.hangUp(connection)
        }
        self.proceed()
    }

    /// A connection has gone. What it owed is asked again elsewhere, once.
    func lose(_ connection: LDAPConnection, _ failure: LDAPFailure, isSilent: Bool = false) {
        self.drop(connection, failure, isSilent: isSilent)
        self.proceed()
    }

    private func drop(_ connection: LDAPConnection, _ failure: LDAPFailure, isSilent: Bool = false) {
        let wasSearcher = connection === self.searcher
        if wasSearcher { self.searcher = nil }
        self.checkers.removeAll { $0 === connection }
        self.retiring.removeAll { $0 === connection }
        let owed = self.hangUp(connection)
        if wasSearcher {
            self.logger.warning(
                "connection to the directory lost",
                metadata: ["url": "\(connection.url)", "problem": "\(failure)"]
            )
            // Servers close connections that have been idle for long; such a one may be tried again at once.
            if isSilent || self.now() - connection.opened < ServerList.trial {
                self.servers.failed(connection.server, failure.description, at: self.now(), chance: .random(in: 0...1))
            }
        }
        for request in owed.sorted(by: { $0.number > $1.number }) {
            switch request.again() {
            case .some(let again):
                switch again.operation {
                case .search: self.searches.insert(again, at: 0)
                case .bind: self.checks.insert(again, at: 0)
                }
            case .none:
                request.fail(failure)
            }
        }
    }

    /// Closes a connection.
    ///
    /// - Returns: Whoever waited for an answer from it.
    func hangUp(_ connection: LDAPConnection) -> [LDAPRequest] {
        self.thread.unwatch(connection.descriptor)
        return connection.close()
    }
}
