import Logging
internal import PluginAPI
internal import StrictJSON
import Synchronization
import Telephony

/// Having sleeping clients woken: pushes are sent one by one through the notifiers, and what becomes of them is an event
/// like any other. No message waits for a push.
extension Switchboard {
    /// A client is to be woken: now, or when its last push is a second old.
    func send(_ wakeup: Wakeup, at now: Moment) {
        guard self.notifications != nil else { return self.pushed(nil, for: wakeup, .failed) }
        guard wakeup.earliest > now else { return self.enqueue(wakeup) }
        let pause = Duration.nanoseconds(wakeup.earliest.nanoseconds - now.nanoseconds)
        Task {
            try? await self.timer.sleep(for: pause)
            self.enqueue(wakeup)
        }
    }

    private func enqueue(_ wakeup: Wakeup) {
        switch self.pushes.withLock({ $0.add(wakeup) }) {
        case .send:
            Task { await self.sendAll(from: wakeup) }
        case .wait(let surplus):
            guard let surplus else { return }
            self.logger.warning("too many pushes wait, one is given up", metadata: ["call": "\(surplus.call)"])
            self.pushed(nil, for: surplus, .failed)
        }
    }

    /// Sends a push, and those whose turn it is then.
    private func sendAll(from first: Wakeup) async {
        var next: Wakeup? = first
        while let wakeup = next {
            await self.push(wakeup)
            next = self.pushes.withLock { $0.finished() }
        }
    }

    private func push(_ wakeup: Wakeup) async {
        guard let notifications = self.notifications else { return }
        let begun = self.clock()
        guard wakeup.end > begun, let target = NotificationTarget(wakeup.notification) else {
            return self.pushed(nil, for: wakeup, .failed)
        }
        var generator = SystemRandomNumberGenerator()
        let token = WakeupToken(using: &generator)
        let digest = token.digest
        let (isWanted, life) = self.state.withLock { state in
            (state.exchange.noteWakeup(digest, for: wakeup, at: begun), state.exchange.policy.wakeupTokenLife)
        }
        guard isWanted else { return }
        self.write(digest, of: wakeup.record, until: self.calendar() + life)
        let notice = WakeupNotice(
            caller: wakeup.caller,
            url: wakeup.notification.url,
            wakeupToken: Secret(token.secretText)
        )
        var retry = PushRetry()
        while true {
            let sent = self.clock()
            let outcome = await notifications.wake(target, for: notice, within: wakeup.end.since(sent))
            self.log(outcome, of: wakeup, since: begun)
            self.remember(.wake, outcome, of: wakeup.registration, for: wakeup.call, target, since: sent)
            switch outcome {
            case .waiting: return self.pushed(digest, for: wakeup, .accepted)
            case .gone: return self.pushed(digest, for: wakeup, .gone)
            case .rejected, .throttled, .misconfigured: return self.pushed(digest, for: wakeup, .failed)
            case .failed(_, let asked):
                let left = wakeup.end.since(self.clock())
                guard let pause = retry.pause(asked: asked, remaining: left, chance: .random(in: 0...1)) else {
                    return self.pushed(digest, for: wakeup, .failed)
                }
                try? await self.timer.sleep(for: pause)
                guard self.state.withLock({ $0.exchange.awaits(digest) }) else { return }
            }
        }
    }

    private func pushed(_ token: SecretDigest?, for wakeup: Wakeup, _ result: PushResult) {
        var touched: [any Port] = []
        self.perform(touching: &touched) { exchange, now, actions in
            exchange.pushed(token, for: wakeup, result, at: now, into: &actions)
        }
        touched.flush()
    }

    /// Tells a client that still sleeps that the call is over.
    func callOff(_ wakeup: Wakeup) {
        guard let notifications = self.notifications, let target = NotificationTarget(wakeup.notification) else {
            return
        }
        let notice = CancelNotice(caller: wakeup.caller, url: wakeup.notification.url)
        Task {
            await notifications.cancel(target, for: notice, within: .seconds(30))
            self.remember(.cancel, .waiting, of: wakeup.registration, for: wakeup.call, target, since: nil)
        }
    }

    private func log(_ outcome: NotificationOutcome, of wakeup: Wakeup, since begun: Moment) {
        var metadata: Logger.Metadata = [
            "call": "\(wakeup.call)", "registration": "\(wakeup.registration)",
            "milliseconds": "\(self.clock().since(begun).inNanoseconds / 1_000_000)",
        ]
        switch outcome {
        case .waiting:
            return self.logger.info("push sent", metadata: metadata)
        case .rejected(let problem), .failed(let problem, _), .gone(let problem, _), .misconfigured(let problem):
            metadata["problem"] = .string(problem)
        case .throttled(let throttle, let pause):
            metadata["problem"] = "too many pushes for \(throttle == .client ? "this client" : "everybody")"
            metadata["pause"] = pause.map { "\($0)" }
        }
        self.logger.notice("push not taken", metadata: metadata)
    }
}

extension NotificationTarget {
    /// `nil` when what the client sent is no JSON, which can't be.
    init?(_ notification: NotificationData) {
        guard let token = try? JSONValue(parsing: notification.token) else { return nil }
        self.init(token: token)
    }
}

extension Moment {
    /// How long after another moment; nothing for one that is later.
    func since(_ other: Moment) -> Duration {
        let (difference, isBeyond) = self.nanoseconds.subtractingReportingOverflow(other.nanoseconds)
        return isBeyond ? .zero : .nanoseconds(max(difference, 0))
    }
}
