internal import Logging
internal import NIOCore
package import PluginAPI
package import StrictJSON
internal import Synchronization
package import Telephony

/// Another configuration while the server is at work: everything that can fail is done first, then all of it is in force at
/// once. No socket that is open is touched.
extension SignalingServer {
    /// Another configuration, ready to be in force: ``adopt(_:notificationConfiguration:)`` it, or ``drop(_:)`` it.
    package struct Prepared: Sendable {
        let configuration: ServerConfiguration
        let tokens: TokenVerifier?
        /// Those that were opened for it; they let nobody in yet.
        let opened: [OpenListener]
        /// Certificates and pages for listeners that stay open.
        let refitted: [String: Refit]
    }

    /// A listener that stays open, with what it is to have behind it.
    struct Refit: Sendable {
        let listener: OpenListener
        let fitting: Doorway.Fitting
    }

    /// Reads certificates, keys and pages, and opens listeners that are not open yet.
    package func prepare(_ configuration: ServerConfiguration) async throws(ConfigurationProblems) -> Prepared {
        let setup = self.setup
        var tokens = setup.tokens
        if configuration.authentication.token != setup.configuration.authentication.token {
            tokens = try configuration.authentication.token.map { settings throws(ConfigurationProblems) in
                try TokenVerifier(settings, logger: self.logger)
            }
        }
        // Only to have its parts made; the one that will be in force is made last, when nothing can fail any more.
        let trial = ServerSetup(configuration, tokens: tokens, notificationConfiguration: nil, self.services)
        let present = self.state.withLock(\.listeners)
        var opened: [OpenListener] = []
        var refitted: [String: Refit] = [:]
        var problems: [ConfigurationProblem] = []
        for (index, listener) in configuration.listeners.enumerated() {
            do throws(ListenError) {
                if let open = present.first(where: { $0.isAt(listener) }) {
                    let fitting = try self.fitting(of: listener, for: trial, keeping: open.entrance.fitting)
                    refitted[listener.name] = Refit(listener: open, fitting: fitting)
                } else {
                    opened.append(try await self.open(listener, for: trial))
                }
            } catch {
                problems.append(ConfigurationProblem(pointer: "/listeners/\(index)", problem: "\(error)"))
            }
        }
        let prepared = Prepared(configuration: configuration, tokens: tokens, opened: opened, refitted: refitted)
        guard problems.isEmpty else {
            await self.drop(prepared)
            throw ConfigurationProblems(problems)
        }
        return prepared
    }

    /// Forgets a configuration that is not to be in force.
    package func drop(_ prepared: Prepared) async {
        await Self.close(prepared.opened)
        for refit in prepared.refitted.values {
            let identities = refit.fitting.identities
            if identities !== refit.listener.entrance.fitting.identities { identities?.stop() }
        }
    }

    /// Puts a configuration in force, for everybody who comes from now on; rules for calls and registrations count for all.
    ///
    /// - Parameter notificationConfiguration: What clients are told about messaging services.
    package func adopt(_ prepared: Prepared, notificationConfiguration: JSONValue?) async {
        let configuration = prepared.configuration
        let former = self.setup
        let setup = ServerSetup(
            configuration,
            tokens: prepared.tokens,
            notificationConfiguration: notificationConfiguration,
            self.services,
            after: former
        )
        let listeners = configuration.listeners.compactMap { listener in
            prepared.refitted[listener.name]?.listener
                ?? prepared.opened.first { $0.endpoint.name == listener.name }
        }
        let closed = self.state.withLock { state in
            let closed = state.listeners.filter { old in !listeners.contains { $0.entrance === old.entrance } }
            state.setup = setup
            state.listeners = listeners
            return closed
        }
        self.ledger.apply(ConnectionLedger.Limits(configuration))
        self.switchboard.apply(ExchangePolicy(configuration))
        for listener in prepared.opened { listener.refit(for: setup, listener.entrance.fitting) }
        for refit in prepared.refitted.values {
            let old = refit.listener.entrance.fitting.identities
            refit.listener.refit(for: setup, refit.fitting)
            if old !== refit.fitting.identities { old?.stop() }
        }
        for listener in prepared.opened { listener.admit() }
        if setup.gateway.settings.pingInterval != former.gateway.settings.pingInterval {
            self.restartRounds(setup)
        }
        await Self.close(closed)
        if prepared.tokens !== former.tokens { await prepared.tokens?.reloadKeys() }
        self.watchKeys()
    }

    private func restartRounds(_ setup: ServerSetup) {
        for roster in self.rosters.values {
            let (interval, now) = (setup.gateway.settings.pingInterval, setup.gateway.now)
            roster.loop.execute {
                roster.stop()
                roster.start(pingInterval: interval, now: now)
            }
        }
    }

    /// Where it listens, and how many sockets are open there.
    package var listeners: [(endpoint: Endpoint, connections: Int)] {
        self.state.withLock(\.listeners).map { ($0.endpoint, $0.entrance.connectionCount) }
    }
}

extension OpenListener {
    /// Whether it can go on as this listener: its socket is the one that is wanted.
    fileprivate func isAt(_ listener: ListenerConfiguration) -> Bool {
        let present = self.entrance.fitting.configuration
        return present.name == listener.name && present.host == listener.host && present.port == listener.port
            && present.scheme == listener.scheme
    }

    fileprivate func refit(for setup: ServerSetup, _ fitting: Doorway.Fitting) {
        let door = fitting.door.moved(to: setup)
        self.entrance.refit(.init(configuration: fitting.configuration, door: door, identities: fitting.identities))
    }
}

extension SignalingServer {
    /// What the log-in desk would make of an access token: whose it is, and why it is refused, if it is.
    package func judge(token: Secret) async -> (username: Username?, reason: String?) {
        guard let tokens = self.setup.tokens else { return (nil, "no issuer of access tokens is configured") }
        let text = token.withText { $0 }
        var verdict = tokens.verify(text)
        if verdict == .unknownKey { verdict = await tokens.verifyAfterReloadingKeys(text) }
        switch verdict {
        case .accepted(let token): return (token.username, nil)
        case .refused(let fault): return (nil, fault.description)
        case .unknownKey, .unavailable: return (nil, "no key of its issuer is known, because it can't be fetched")
        }
    }
}
