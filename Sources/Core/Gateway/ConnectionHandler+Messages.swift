import Logging
import NIOCore
import Synchronization
import Telephony

/// From a message to the switchboard, in the order in which messages came.
extension ConnectionHandler {
    func handle(text: ByteBuffer) {
        let message: ClientMessage
        do {
            message = try self.gateway.decoder.decode(text)
        } catch {
            switch error {
            case .notAnObject(let problem): return self.close(.invalidPayload, problem)
            case .version(let problem): return self.close(.protocolError, problem)
            }
        }
        switch self.phase.arrived(message) {
        case .handle(let message): self.handle(message)
        case .wait, .ignore: break
        case .tooMany: self.close(.policyViolation, "too many messages before the answer to a registration")
        }
    }

    private func handle(_ message: ClientMessage) {
        guard let port = self.port else { return }
        switch message {
        case .call(let identifier, let request):
            self.roster.tally.note(request)
            self.gateway.switchboard.receive(request, for: identifier, from: port, touching: &self.touched)
        case .register(let request):
            self.roster.tally.note(request)
            self.handle(request, on: port)
        case .invalidCallIdentifier(let echo):
            self.roster.tally.note(.invalidIdentifier)
            self.answer(.callRefused(identifier: echo, .invalidIdentifier))
        case .discarded:
            self.gateway.counters.discarded.add(1, ordering: .relaxed)
        }
    }

    private func handle(_ request: RegisterRequest, on port: PortID) {
        switch request {
        case .start(let assignment, let description):
            self.register(assignment, description: description, on: port)
        case .status(let identifier, let notification, let confirm):
            self.gateway.switchboard.keep(
                notification,
                named: identifier,
                confirm: confirm,
                from: port,
                touching: &self.touched
            )
        case .terminate(let identifier):
            self.gateway.switchboard.unregister(identifier, from: port, touching: &self.touched)
        case .malformed(.start):
            self.answer(.registerFailed(.invalidMessage))
        case .malformed(let action):
            self.answer(.registerRefused(action, .invalidMessage))
        }
    }

    /// Answers without asking the exchange, in order with what it says.
    private func answer(_ indication: Indication) {
        if self.enqueue(.tell(indication)) {
            self.touched.append(self)
        }
    }

    // MARK: Registering

    private func register(_ assignment: Assignment, description: String?, on port: PortID) {
        guard let identity = self.identity else { return self.answer(.registerFailed(.forbidden)) }
        self.phase.beginRegistration()
        let desk = self.gateway.desk
        Task {
            let decision = await desk.decide(assignment, for: identity)
            self.loop.execute {
                self.registrationDecided(decision, description: description)
            }
        }
    }

    private func registrationDecided(_ decision: RegistrationDesk.Decision, description: String?) {
        guard let waiting = self.phase.endRegistration(), let port = self.port else { return }
        switch decision {
        case .admitted(let username, let address, let directory):
            var generator = SystemRandomNumberGenerator()
            let enrolment = Enrolment(
                identifier: RegistrationIdentifier(using: &generator),
                username: username,
                address: address,
                description: description,
                directory: directory
            )
            self.gateway.switchboard.register(enrolment, on: port, touching: &self.touched)
        case .refused(let reason):
            self.gateway.logger.info(
                "registration refused",
                metadata: ["peer": "\(self.peer)", "reason": "\(reason)"]
            )
            self.answer(.registerFailed(reason))
        }
        for message in waiting {
            if case .handle(let message) = self.phase.arrived(message) {
                self.handle(message)
            }
        }
        self.touched.flush()
    }
}
