internal import CLDAP
internal import PluginAPI

/// What is due now and then: questions whose time is up, servers that have fallen silent, those that may be tried again.
extension LDAPClient {
    /// How exact deadlines are while somebody waits.
    private static let busyPause = Duration.milliseconds(50)
    private static let idlePause = Duration.milliseconds(500)
    /// For the first attempt to connect: the start of the plugin goes on without it then.
    private static let patience = Duration.seconds(5)

    /// Does what is due.
    ///
    /// - Returns: When to come back; `nil`: not at all.
    func keepUp() -> Duration? {
        guard !self.isClosed else { return nil }
        let now = self.now()
        if now >= Self.patience { self.noteAttempt() }
        for connection in self.connections {
            // Also writes what did not fit into the socket before.
            self.read(connection)
        }
        self.giveUpAttempt(at: now)
        self.dropSilent(at: now)
        self.refuseLate(at: now)
        self.closeIdle(at: now)
        self.pingIdle(at: now)
        if let searcher = self.searcher, searcher.server > 0 { self.openSearcher(before: searcher.server) }
        self.proceed()
        let isBusy =
            !self.searches.isEmpty || !self.checks.isEmpty || self.connections.contains { !$0.underWay.isEmpty }
        return isBusy ? Self.busyPause : Self.idlePause
    }

    /// Lets go of connections on which nothing came for as long as a question may take; and for half as long, where
    /// another server can be asked in the time that remains. One that is merely busy says so when it is pinged.
    private func dropSilent(at now: Duration) {
        for connection in self.connections {
            guard let since = connection.silentSince, let limit = connection.underWay.values.map(\.limit).max()
            else { continue }
            let hasAlternative = self.servers.hasAlternative(to: connection.server, at: now)
            if now - since >= limit / (hasAlternative ? 2 : 1) {
                self.lose(connection, .late("no sign of life within \(now - since)"), isSilent: true)
            } else if connection === self.searcher, !connection.isPinged, now - since >= limit / 4 {
                self.ping(connection, at: now)
            }
        }
    }

    private func refuseLate(at now: Duration) {
        for request in self.remove(where: { now - $0.begun >= $0.limit }) {
            let problems = self.servers.problems.map { "\($0.url): \($0.problem)" }.joined(separator: "; ")
            request.fail(.late("no answer within \(request.limit)\(problems.isEmpty ? "" : "; \(problems)")"))
        }
    }

    private func closeIdle(at now: Duration) {
        let idle = self.checkers.filter { checker in
            guard checker.underWay.isEmpty else { return false }
            return checker.isSpent || now - checker.used >= self.settings.keepAlive
                || checker.server != self.searcher?.server
        }
        for checker in idle {
            self.checkers.removeAll { $0 === checker }
            _ = self.hangUp(checker)
        }
    }

    private func pingIdle(at now: Duration) {
        guard let searcher = self.searcher, searcher.underWay.isEmpty, now - searcher.used >= self.settings.keepAlive
        else { return }
        self.ping(searcher, at: now)
    }

    /// Asks for nothing but a sign of life.
    private func ping(_ connection: LDAPConnection, at now: Duration) {
        connection.isPinged = true
        let ping = LDAPRequest(
            number: 0,
            operation: .search(.ping),
            begun: now,
            limit: self.settings.searchTimeout,
            continuation: nil
        )
        do {
            try connection.send(ping, at: now)
        } catch {
            // One that takes no more at the moment will be told by its silence.
            if error.code != LDAP_BUSY { self.lose(connection, error) }
        }
    }

    // MARK: Health

    /// How the servers are.
    var health: PluginHealth {
        let problems = self.servers.problems.map { "\($0.url): \($0.problem)" }.joined(separator: "; ")
        guard let searcher = self.searcher else {
            return .failed(problems.isEmpty ? "not connected yet" : "no directory server can be used: \(problems)")
        }
        guard searcher.server > 0 else { return .ok }
        return .degraded("\(searcher.url) stands in: \(problems)")
    }
}
