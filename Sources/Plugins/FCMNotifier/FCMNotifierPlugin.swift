internal import Foundation
package import PluginAPI
package import StrictJSON
internal import Synchronization
internal import WebClient

/// Wakes clients through Firebase Cloud Messaging, HTTP v1 (README.md beside this file).
package final class FCMNotifierPlugin: NotifierPlugin {
    package static let kind = "FCMNotifier"

    private let settings: FCMNotifierSettings
    private let session: WebSession
    private let client = Mutex<FCMClient?>(nil)

    package init(settings: FCMNotifierSettings, context: PluginContext) {
        self.settings = settings
        var web = WebSession.Settings()
        web.authorities = settings.authorities
        web.proxy = settings.proxy
        web.connectTimeout = settings.connectTimeout
        web.allowsPlainText = true
        self.session = WebSession(web)
    }

    /// Pushes are made where their answers come in.
    package var executor: (any TaskExecutor)? { self.session.executor }

    // MARK: Life

    package func start() async throws {
        let client = try FCMClient(self.settings, self.session)
        self.client.withLock { $0 = client }
    }

    package func stop() async {
        self.client.withLock { $0 = nil }
        await self.session.close()
    }

    // MARK: Pushes

    package var clientConfiguration: JSONValue? { self.settings.clientConfiguration }

    package func serves(_ target: NotificationTarget) -> Bool {
        FCMTarget(target) != nil
    }

    package func wake(
        _ target: NotificationTarget,
        for notice: WakeupNotice,
        within time: Duration
    ) async -> NotificationOutcome {
        guard let client = self.client.withLock(\.self) else { return .rejected("the notifier is not started") }
        guard let address = FCMTarget(target) else { return .rejected("no token of Firebase's") }
        return await client.push(to: address, within: time) { life, now in
            self.settings.template.wakeup(address, notice, life: life, at: now)
        }
    }

    package func cancel(_ target: NotificationTarget, for notice: CancelNotice, within time: Duration) async {
        guard let client = self.client.withLock(\.self), let address = FCMTarget(target) else { return }
        _ = await client.push(to: address, within: time) { life, now in
            self.settings.template.cancel(address, notice, life: life, at: now)
        }
    }
}
