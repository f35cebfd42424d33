internal import PluginAPI

/// Whom a messaging service asked us to leave alone for a while. Times are those of one stopwatch.
struct PushThrottle: Sendable {
    /// For services that do not say how long.
    static let pause = Duration.seconds(60)
    /// A service that asks for more is asked again after that.
    static let longestPause = Duration.seconds(3600)
    private static let mostClients = 10_000

    private var everybody: Duration?
    private var clients: [NotificationTarget: Duration] = [:]

    /// What the service would say, for whom it has said so already.
    mutating func outcome(for target: NotificationTarget, at now: Duration) -> NotificationOutcome? {
        if let end = self.everybody {
            if now < end { return .throttled(.everybody, retryAfter: end - now) }
            self.everybody = nil
        }
        if let end = self.clients[target] {
            if now < end { return .throttled(.client, retryAfter: end - now) }
            self.clients[target] = nil
        }
        return nil
    }

    /// How much longer nobody is sent anything.
    func pause(at now: Duration) -> Duration? {
        self.everybody.flatMap { $0 > now ? $0 - now : nil }
    }

    mutating func note(
        _ throttle: NotificationOutcome.Throttle,
        _ target: NotificationTarget,
        for pause: Duration?,
        at now: Duration
    ) {
        let end = now + min(max(pause ?? Self.pause, .seconds(1)), Self.longestPause)
        switch throttle {
        case .everybody:
            self.everybody = end
        case .client:
            if self.clients.count >= Self.mostClients {
                self.clients = self.clients.filter { $0.value > now }
            }
            guard self.clients.count < Self.mostClients else { return }
            self.clients[target] = end
        }
    }
}
