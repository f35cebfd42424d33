import Core
import PluginAPI
import StrictJSON
import Telephony
import Testing

/// A messaging service in this process: it says what it is told to say, and hands over what it was sent.
actor PushRecorder: NotificationService {
    struct Push: Sendable {
        let target: NotificationTarget
        let caller: String
        let url: String?
        /// `nil` for one that calls another off.
        let wakeupToken: String?
        let time: Duration
    }

    private var outcomes: [NotificationOutcome]
    private(set) var pushes: [Push] = []
    private var waiting: [CheckedContinuation<Push, Never>] = []
    private var untaken: [Push] = []

    /// - Parameter outcomes: What it says, one after the other; the last one for all that come after.
    init(_ outcomes: NotificationOutcome...) {
        self.outcomes = outcomes
    }

    func wake(
        _ target: NotificationTarget,
        for notice: WakeupNotice,
        within time: Duration
    ) async -> NotificationOutcome {
        let token = notice.wakeupToken.withText { $0 }
        self.note(.init(target: target, caller: notice.caller.text, url: notice.url, wakeupToken: token, time: time))
        return self.outcomes.count > 1 ? self.outcomes.removeFirst() : self.outcomes.first ?? .waiting
    }

    func cancel(_ target: NotificationTarget, for notice: CancelNotice, within time: Duration) async {
        self.note(.init(target: target, caller: notice.caller.text, url: notice.url, wakeupToken: nil, time: time))
    }

    private func note(_ push: Push) {
        self.pushes.append(push)
        if self.waiting.isEmpty {
            self.untaken.append(push)
        } else {
            self.waiting.removeFirst().resume(returning: push)
        }
    }

    /// The next push that nobody has asked for yet.
    func next() async throws -> Push {
        if !self.untaken.isEmpty { return self.untaken.removeFirst() }
        return await withCheckedContinuation { self.waiting.append($0) }
    }

    var count: Int { self.pushes.count }
}

extension SignalingClient {
    /// Says how it can be woken, and that is known when this returns.
    func canBeWoken(_ token: String = "fcm-token", url: String = "https://app.example/") async throws {
        try await self.send(
            #"{"version":1,"operation":"register","action":"status","notificationToken":"\#(token)","notificationUrl":"\#(url)"}"#
        )
        try await self.expectNothing()
    }
}
