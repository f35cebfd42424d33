internal import PluginAPI

extension PluginInstance {
    /// A push that may succeed later: for the breaker it is a failure like any other.
    private struct NotTaken: Error, CustomStringConvertible {
        let problem: String
        let retryAfter: Duration?

        var description: String { self.problem }
    }

    /// Has a push sent, unless the messaging service has asked for silence or keeps failing. The outcome says it all.
    func wake(
        _ target: NotificationTarget,
        for notice: WakeupNotice,
        by notifier: any NotifierPlugin,
        within time: Duration
    ) async throws(Stopped) -> NotificationOutcome {
        if let silence = self.silence(for: target) {
            self.note(.wake, .throttled)
            return silence
        }
        do {
            let outcome = try await self.ask(.wake, within: min(time, self.deadlines.push), outcome: Self.outcome) {
                let outcome = await notifier.wake(target, for: notice, within: time)
                guard case .failed(let problem, let pause) = outcome else { return outcome }
                throw NotTaken(problem: problem, retryAfter: pause)
            }
            self.note(outcome, of: target)
            return outcome
        } catch let stopped as Stopped {
            throw stopped
        } catch let failure as NotTaken {
            return .failed(failure.problem, retryAfter: failure.retryAfter)
        } catch PluginError.unavailable(let reason) {
            return .rejected(reason)
        } catch {
            return .failed(Self.describe(error, late: "no answer in time"))
        }
    }

    /// Has a call called off. Nobody waits for what becomes of it.
    func cancel(
        _ target: NotificationTarget,
        for notice: CancelNotice,
        by notifier: any NotifierPlugin,
        within time: Duration
    ) async throws(Stopped) {
        guard self.silence(for: target) == nil else { return }
        do {
            try await self.ask(.callOff, within: min(time, self.deadlines.push), outcome: { _ in .accepted }) {
                await notifier.cancel(target, for: notice, within: time)
            }
        } catch let stopped as Stopped {
            throw stopped
        } catch {
            // Best effort.
        }
    }

    private static func outcome(_ outcome: NotificationOutcome) -> PluginStatistics.Outcome {
        switch outcome {
        case .waiting: .accepted
        case .rejected: .refused
        case .failed: .unavailable
        case .gone: .gone
        case .throttled: .throttled
        case .misconfigured: .misconfigured
        }
    }
}
