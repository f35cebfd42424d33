package import PluginAPI
package import StrictJSON
internal import Synchronization

/// Notifiers: the first that serves a client's token is the one to be asked.
extension PluginHost {
    /// Has a client woken.
    package func wake(
        _ target: NotificationTarget,
        for notice: WakeupNotice,
        within time: Duration
    ) async -> NotificationOutcome {
        let outcome = await self.ask(for: target) { instance, notifier throws(PluginInstance.Stopped) in
            try await instance.wake(target, for: notice, by: notifier, within: time)
        }
        return outcome ?? .rejected("no notifier serves tokens of this kind")
    }

    /// Has a client told that a call is over.
    package func cancel(_ target: NotificationTarget, for notice: CancelNotice, within time: Duration) async {
        await self.ask(for: target) { instance, notifier throws(PluginInstance.Stopped) in
            try await instance.cancel(target, for: notice, by: notifier, within: time)
        }
    }

    /// The name of the notifier that serves a client's token.
    package func notifier(for target: NotificationTarget) -> String? {
        self.notifiers.first { $0.1.serves(target) }?.0.name
    }

    @discardableResult
    private func ask<Answer: Sendable>(
        for target: NotificationTarget,
        _ question: (PluginInstance, any NotifierPlugin) async throws(PluginInstance.Stopped) -> Answer
    ) async -> Answer? {
        // Replaced while the question was on its way: once more, by the list of now.
        for _ in 0..<Self.turns {
            guard let (instance, notifier) = self.notifiers.first(where: { $0.1.serves(target) }) else { return nil }
            if let answer = try? await question(instance, notifier) { return answer }
        }
        return nil
    }

    /// What clients need to register with the messaging services (§8.1.8): that of the only notifier that asks for something,
    /// unchanged; of several, all members together, where the first in the list that names one wins.
    package var clientConfiguration: JSONValue? {
        let wanted = self.notifiers.compactMap(\.1.clientConfiguration)
        guard wanted.count > 1 else { return wanted.first }
        var merged = JSONObject()
        for case .object(let object) in wanted {
            for member in object.members where merged[member.name] == nil {
                merged[member.name] = member.value
            }
        }
        return .object(merged)
    }

    private var notifiers: [(PluginInstance, any NotifierPlugin)] {
        self.table.withLock { $0.slots.map(\.instance) }.compactMap { instance in
            (instance.plugin as? any NotifierPlugin).map { (instance, $0) }
        }
    }
}
