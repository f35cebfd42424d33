package import Logging
internal import PluginAPI
internal import Synchronization
package import Telephony

/// Where every proof that a handshake brings is judged, whatever its kind. One for the whole server; on any thread.
package final class LoginDesk: Sendable {
    /// What becomes of a handshake.
    package enum Outcome: Sendable {
        case admitted(Admission)
        /// `isStale`: the proof was right, but its nonce can't be used (again). `delay`: how long to hold the answer back.
        case refused(Handshake.FailedProof, isStale: Bool, delay: Duration)
        /// Too many have failed: not even looked at.
        case throttled(Duration)
        /// Nobody can say now.
        case unavailable
    }

    package let counters: LoginCounters
    package let nonces: DigestNonces
    private let authentication: any AuthenticationService
    private let tokens: TokenVerifier?
    private let switchboard: Switchboard
    let tickets: Tickets
    let throttle: LoginThrottle
    private let logger: Logger
    private let now: @Sendable () -> Moment

    package init(
        authentication: any AuthenticationService,
        tokens: TokenVerifier?,
        switchboard: Switchboard,
        nonces: DigestNonces,
        tickets: Tickets,
        throttle: LoginThrottle,
        counters: LoginCounters = LoginCounters(),
        logger: Logger,
        now: @escaping @Sendable () -> Moment
    ) {
        self.authentication = authentication
        self.tokens = tokens
        self.switchboard = switchboard
        self.nonces = nonces
        self.tickets = tickets
        self.throttle = throttle
        self.counters = counters
        self.logger = logger
        self.now = now
    }

    // MARK: Judging

    /// Judges what can be judged at once; `nil` when somebody has to be asked: then call ``judge(_:from:)``.
    package func judgeNow(_ proof: Handshake.Proof, from address: String) -> Outcome? {
        switch proof {
        case .anonymous:
            return .admitted(.identity(.anonymous))
        case .registration(let identifier):
            return self.switchboard.canRestore(identifier)
                ? self.admitted(.registration(identifier)) : self.refused(.registration, proof, address)
        case .wakeup(let token):
            var generator = SystemRandomNumberGenerator()
            let identifier = RegistrationIdentifier(using: &generator)
            return self.switchboard.redeem(token.digest, for: identifier)
                ? self.admitted(.registration(identifier)) : self.refused(.wakeup, proof, address)
        case .ticket(let ticket):
            return self.tickets.redeem(ticket, at: self.now()).map(self.admitted)
                ?? self.refused(.ticket, proof, address)
        case .token(let text):
            guard let tokens = self.tokens else { return self.refused(.token, proof, address) }
            return self.outcome(of: tokens.verify(text), proof, address)
        case .password, .digest:
            // Passwords can be guessed, and cost something to check; all else is let in when it is right, whoever else
            // is at the same address.
            return self.throttled(proof, address)
        }
    }

    /// Whether too many have failed there.
    private func throttled(_ proof: Handshake.Proof, _ address: String) -> Outcome? {
        guard let attempt = proof.attempt,
            let wait = self.throttle.wait(of: attempt, from: address, at: self.now())
        else { return nil }
        self.counters.throttled.add(1, ordering: .relaxed)
        return .throttled(wait)
    }

    /// Judges a proof for which an authenticator, or an issuer's key server, has to be asked.
    package func judge(_ proof: Handshake.Proof, from address: String) async -> Outcome {
        switch proof {
        case .password(let credential):
            let decision = await self.authentication.authenticate(credential)
            return self.outcome(of: decision, proof, address)
        case .digest(let authorization):
            let decision = await self.authentication.authenticate(authorization.credential)
            return self.outcome(of: decision, authorization, proof, address)
        case .token(let text):
            guard let tokens = self.tokens else { return self.refused(.token, proof, address) }
            let verdict = await tokens.verifyAfterReloadingKeys(text)
            return self.outcome(of: verdict, proof, address) ?? self.refused(.token, proof, address)
        case .anonymous, .registration, .wakeup, .ticket:
            return self.judgeNow(proof, from: address) ?? self.refused(.login, proof, address)
        }
    }

    private func outcome(
        of decision: AuthenticationDecision,
        _ proof: Handshake.Proof,
        _ address: String
    ) -> Outcome {
        switch decision {
        case .accepted(let username):
            self.throttle.succeeded(username, from: address)
            return self.admitted(.identity(.user(username)))
        case .refused:
            return self.refused(.login, proof, address)
        case .unavailable:
            self.counters.unavailable.add(1, ordering: .relaxed)
            return .unavailable
        }
    }

    /// Only a right response uses up its nonce's count, and only a right one learns that the nonce is too old.
    private func outcome(
        of decision: AuthenticationDecision,
        _ authorization: DigestAuthorization,
        _ proof: Handshake.Proof,
        _ address: String
    ) -> Outcome {
        if case .accepted = decision,
            !self.nonces.spend(authorization.question.nonce, count: authorization.count, at: self.now())
        {
            self.counters.refused.add(1, ordering: .relaxed)
            return .refused(.login, isStale: true, delay: .zero)
        }
        return self.outcome(of: decision, proof, address)
    }

    private func outcome(of verdict: TokenVerdict, _ proof: Handshake.Proof, _ address: String) -> Outcome? {
        switch verdict {
        case .accepted(let token):
            return self.admitted(.token(TokenLogin(token)))
        case .refused(let fault):
            self.logger.info("access token refused", metadata: ["peer": "\(address)", "fault": "\(fault)"])
            return self.refused(.token, proof, address)
        case .unknownKey:
            return nil
        case .unavailable:
            self.counters.unavailable.add(1, ordering: .relaxed)
            return .unavailable
        }
    }

    private func admitted(_ admission: Admission) -> Outcome {
        self.counters.admitted.add(1, ordering: .relaxed)
        return .admitted(admission)
    }

    private func refused(_ failed: Handshake.FailedProof, _ proof: Handshake.Proof, _ address: String) -> Outcome {
        if let outcome = self.throttled(proof, address) { return outcome }
        self.counters.refused.add(1, ordering: .relaxed)
        self.logger.info("log-in refused", metadata: ["peer": "\(address)", "proof": "\(failed)"])
        guard let attempt = proof.attempt else { return .refused(failed, isStale: false, delay: .zero) }
        let consequence = self.throttle.failed(attempt, from: address, at: self.now())
        if consequence.isShutOut {
            self.logger.warning("log-ins shut out after too many failures", metadata: ["peer": "\(address)"])
        }
        return .refused(failed, isStale: false, delay: consequence.delay)
    }

    // MARK: Tickets

    /// A ticket for somebody who has just logged in.
    package func issueTicket(_ admission: Admission) -> (ticket: Ticket, lifetime: Duration) {
        var generator = SystemRandomNumberGenerator()
        return (self.tickets.issue(admission, at: self.now(), using: &generator), self.tickets.lifetime)
    }

    /// The `nonce` of a new challenge.
    package func makeNonce() -> String {
        var generator = SystemRandomNumberGenerator()
        return self.nonces.make(at: self.now(), using: &generator)
    }
}

extension Handshake.Proof {
    /// As what a failure counts; nobody fails at being nobody.
    fileprivate var attempt: LoginThrottle.Attempt? {
        switch self {
        case .anonymous: nil
        case .registration, .wakeup, .ticket: .secret
        case .token: .login(nil)
        case .digest(let authorization): .login(authorization.username)
        case .password(.password(let username, _)): .login(username)
        case .password(.digest(let response)): .login(response.username)
        }
    }
}
