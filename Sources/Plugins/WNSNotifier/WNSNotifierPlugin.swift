package import PluginAPI
package import StrictJSON
internal import Synchronization
internal import Telephony
internal import WebClient

/// Wakes clients through the Windows Push Notification Services (README.md beside this file).
package final class WNSNotifierPlugin: NotifierPlugin {
    package static let kind = "WNSNotifier"

    private let settings: WNSNotifierSettings
    private let session: WebSession
    private let client = Mutex<WNSClient?>(nil)

    package init(settings: WNSNotifierSettings, context: PluginContext) {
        self.settings = settings
        var web = WebSession.Settings()
        // WNS knows no other, and neither pipelining nor chunks.
        web.version = .http1
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
        let client = WNSClient(self.settings, self.session)
        self.client.withLock { $0 = client }
    }

    package func stop() async {
        self.client.withLock { $0 = nil }
        await self.session.close()
    }

    // MARK: Pushes

    package var clientConfiguration: JSONValue? { self.settings.clientConfiguration }

    package func serves(_ target: NotificationTarget) -> Bool {
        self.channel(target) != nil
    }

    private func channel(_ target: NotificationTarget) -> WNSChannel? {
        WNSChannel(target, simulator: self.settings.simulator)
    }

    package func wake(
        _ target: NotificationTarget,
        for notice: WakeupNotice,
        within time: Duration
    ) async -> NotificationOutcome {
        guard let channel = self.channel(target) else { return .rejected("no channel of Microsoft's") }
        return await self.push(Self.body(notice), to: channel, within: time)
    }

    package func cancel(_ target: NotificationTarget, for notice: CancelNotice, within time: Duration) async {
        guard let channel = self.channel(target) else { return }
        _ = await self.push(Self.body(notice), to: channel, within: time)
    }

    private func push(_ body: [UInt8], to channel: WNSChannel, within time: Duration) async -> NotificationOutcome {
        guard let client = self.client.withLock(\.self) else { return .rejected("the notifier is not started") }
        return await client.push(body, to: channel, within: time)
    }

    /// What the app gets (§9.5.2).
    private static func body(_ notice: WakeupNotice) -> [UInt8] {
        var data = JSONObject()
        data["caller"] = .string(notice.caller.text)
        if let url = notice.url { data["url"] = .string(url) }
        data["wakeupToken"] = notice.wakeupToken.withText { .string($0) }
        return self.bytes(data)
    }

    private static func body(_ notice: CancelNotice) -> [UInt8] {
        var data = JSONObject()
        data["caller"] = .string(notice.caller.text)
        if let url = notice.url { data["url"] = .string(url) }
        data["cancelled"] = "true"
        return self.bytes(data)
    }

    private static func bytes(_ data: JSONObject) -> [UInt8] {
        var bytes: [UInt8] = []
        JSONValue.object(data).write(into: &bytes)
        return bytes
    }
}
