public import StrictJSON
public import Telephony

/// Wakes a sleeping client through a messaging service, so that it can take a call (§6, §9.5.2).
public protocol NotifierPlugin: Plugin {
    /// What a client needs to register with the messaging service; passed to it unchanged (§8.1.8). `nil` when it needs nothing.
    var clientConfiguration: JSONValue? { get async }

    /// Whether this notifier is the one for a client's token.
    func serves(_ target: NotificationTarget) -> Bool

    /// Sends the push and says what the service made of it. It must not take longer than until `deadline`, and it must
    /// not throw: every failure has its outcome.
    func wake(_ target: NotificationTarget, for notice: WakeupNotice, until deadline: ContinuousClock.Instant) async
        -> NotificationOutcome

    /// Tells the client that the call it was woken for is over (same collapse key). Best effort.
    func cancel(_ target: NotificationTarget, for notice: WakeupNotice) async
}

/// Where a push goes: what the client sent as `notificationToken`.
public struct NotificationTarget: Sendable, Hashable {
    /// The messaging service's own address of the client, as the client sent it.
    public var token: JSONValue

    /// A target.
    public init(token: JSONValue) {
        self.token = token
    }
}

/// What a push says (§9.5.2): these three strings and nothing else.
public struct WakeupNotice: Sendable {
    /// The number that calls.
    public var caller: DialString
    /// What the client left as `notificationUrl`.
    public var url: String?
    /// The single-use ticket to come back with.
    public var wakeupToken: Secret

    /// A notice.
    public init(caller: DialString, url: String?, wakeupToken: Secret) {
        self.caller = caller
        self.url = url
        self.wakeupToken = wakeupToken
    }
}

/// What the messaging service made of a push.
public enum NotificationOutcome: Sendable, Equatable {
    /// Accepted for delivery: wait for the client.
    case waiting
    /// Refused, or the device is known to be off: waiting is pointless.
    case rejected(String)
    /// The token is no longer valid: do not use it again until the client offers it again.
    case gone
    /// The service asks to slow down.
    case throttled
    /// Our own log-in or configuration is wrong: an operator must act.
    case misconfigured(String)
}
