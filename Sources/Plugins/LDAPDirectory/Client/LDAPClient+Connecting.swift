internal import Logging
internal import PluginAPI

/// Opening connections, one server after the other.
extension LDAPClient {
    /// Opens the connections that are missing, as far as servers may be tried now.
    func connectWhereNeeded() {
        if self.searcher == nil { self.openSearcher(before: nil) }
        // Passwords are tried where the names were found.
        guard let server = self.searcher?.server, self.now() >= self.checkersPauseUntil else { return }
        let wanted = min(self.checks.count, self.settings.bindsAtOnce - self.checkers.count)
        while self.checkersUnderWay < wanted {
            self.checkersUnderWay += 1
            Task { await self.openChecker(server) }
        }
    }

    /// Opens a connection for searches, to a server before this one in order, if one may be tried.
    func openSearcher(before limit: Int?) {
        guard !self.isClosed, self.attempt == nil else { return }
        guard let server = self.servers.next(at: self.now()), server < limit ?? .max else {
            self.noteAttempt()
            return
        }
        let attempt = Attempt(number: self.makeNumber(), server: server, before: limit, begun: self.now())
        self.attempt = attempt
        Task { await self.open(attempt) }
    }

    private func open(_ attempt: Attempt) async {
        let result: Result<LDAPConnection, LDAPFailure>
        do {
            result = .success(try await self.connect(attempt.server, for: .searching))
        } catch {
            result = .failure(error)
        }
        guard !self.isClosed, self.attempt?.number == attempt.number else {
            if case .success(let connection) = result { _ = self.hangUp(connection) }
            return
        }
        self.attempt = nil
        switch result {
        case .success(let connection):
            self.servers.succeeded(attempt.server)
            self.adopt(connection)
        case .failure(let failure):
            self.note(failure, at: attempt.server)
            // The next in order, at once; when none is left, whoever waits hears about it when his time is up.
            self.openSearcher(before: attempt.before)
        }
    }

    /// Gives an attempt up that takes longer than all its steps may: names can take minutes to resolve, and nothing ends that.
    func giveUpAttempt(at now: Duration) {
        let limit = self.settings.connectTimeout + self.settings.bindTimeout + .seconds(1)
        guard let attempt = self.attempt, now - attempt.begun >= limit else { return }
        self.attempt = nil
        self.note(.late("no connection within \(limit)"), at: attempt.server)
        self.openSearcher(before: attempt.before)
    }

    private func adopt(_ connection: LDAPConnection) {
        if let previous = self.searcher {
            // Nothing is lost: what was asked there is answered there.
            if previous.underWay.isEmpty { _ = self.hangUp(previous) } else { self.retiring.append(previous) }
        }
        self.searcher = connection
        self.noteAttempt()
        let isFirst = connection.server == 0
        self.logger.log(
            level: isFirst ? .info : .notice,
            isFirst ? "connected to the directory" : "connected to a directory that stands in for the first",
            metadata: ["url": "\(connection.url)", "encrypted": "\(connection.isEncrypted)"]
        )
        if !connection.isEncrypted, !LDAPURL.isOfThisMachine(connection.url) {
            self.logger.warning(
                "passwords travel to the directory in clear",
                metadata: ["url": "\(connection.url)", "expected": "ldaps:// or StartTLS"]
            )
        }
        self.proceed()
    }

    private func note(_ failure: LDAPFailure, at server: Int) {
        let url = self.settings.urls[server]
        let isNews = !self.servers.problems.contains { $0.url == url && $0.problem == failure.description }
        self.servers.failed(server, failure.description, at: self.now(), chance: .random(in: 0...1))
        guard isNews, !self.isClosed else { return }
        self.logger.warning("directory server can't be used", metadata: ["url": "\(url)", "problem": "\(failure)"])
    }

    private func openChecker(_ server: Int) async {
        defer { self.proceed() }
        do {
            let connection = try await self.connect(server, for: .checking)
            self.checkersUnderWay -= 1
            guard !self.isClosed else {
                _ = self.hangUp(connection)
                return
            }
            self.checkers.append(connection)
        } catch {
            self.checkersUnderWay -= 1
            self.checkersPauseUntil = self.now() + ServerList.firstPause
            self.logger.debug("no connection to check a password on", metadata: ["problem": "\(error)"])
        }
    }

    private func connect(
        _ server: Int,
        for purpose: LDAPConnector.Purpose
    ) async throws(LDAPFailure) -> LDAPConnection {
        let url = self.settings.urls[server]
        let (handle, descriptor) = try await self.connector.connect(to: url, for: purpose)
        let connection = LDAPConnection(handle, descriptor: descriptor, url: url, server: server, at: self.now())
        let number = ObjectIdentifier(connection)
        self.thread.watch(descriptor) { [weak self] in
            self?.assumeIsolated { $0.read(number) }
        }
        return connection
    }

    private func read(_ number: ObjectIdentifier) {
        if let searcher = self.searcher, ObjectIdentifier(searcher) == number {
            self.read(searcher)
        } else if let connection = self.connections.first(where: { ObjectIdentifier($0) == number }) {
            self.read(connection)
        }
    }
}
