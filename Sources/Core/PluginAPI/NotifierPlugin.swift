public import StrictJSON
public import Telephony

/// Wakes a sleeping client through a messaging service, so that it can take a call (§6, §9.5.2).
///
/// The host decides when a push is due, how often, and whether it is tried once more; a notifier sends one and says what the
/// service made of it. Both functions may run many times at once, on any thread.
public protocol NotifierPlugin: Plugin {
    /// What a client needs to register with the messaging service; passed to it unchanged (§8.1.8). `nil` when it needs nothing.
    var clientConfiguration: JSONValue? { get }

    /// Whether this notifier is the one for a client's token. Asked when the client offers it and at each push; cheap.
    func serves(_ target: NotificationTarget) -> Bool

    /// Sends the push, once, and says what the service made of it. It must not throw: every failure has its outcome.
    ///
    /// - Parameter time: How long the client is waited for. The push must not live longer (its TTL), and an answer of the
    ///   service that comes later helps nobody.
    func wake(_ target: NotificationTarget, for notice: WakeupNotice, within time: Duration) async
        -> NotificationOutcome

    /// Tells the client that the call it was woken for is over, by a push that takes the other's place (same collapse
    /// key). Best effort: nobody waits for it.
    func cancel(_ target: NotificationTarget, for notice: CancelNotice, within time: Duration) async
}

/// Where a push goes: what the client sent as `notificationToken`.
public struct NotificationTarget: Sendable, Hashable {
    /// The messaging service's own address of the client, as the client sent it: a string, or an object with `service`.
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

/// What a cancel push says: `caller`, `url`, and `cancelled` with the value `"true"`.
public struct CancelNotice: Sendable, Hashable {
    /// The number that called.
    public var caller: DialString
    /// What the client left as `notificationUrl`.
    public var url: String?

    /// A notice.
    public init(caller: DialString, url: String?) {
        self.caller = caller
        self.url = url
    }
}

/// What the messaging service made of a push. Texts are for logs and administrators: no secrets, one line.
public enum NotificationOutcome: Sendable, Hashable {
    /// Accepted for delivery: the call waits for the client.
    case waiting
    /// Not taken, or the device is known to be off: waiting is pointless, and so is another try.
    case rejected(String)
    /// Not taken now, but the next try may be: the service is out of order, or did not answer in time. `retryAfter` is what
    /// the service itself asks for.
    case failed(String, retryAfter: Duration? = nil)
    /// The token is no longer valid. It is not used again until the client offers it again. `alarm`: it is one of somebody
    /// else's account, which an operator should know.
    case gone(String, alarm: Bool = false)
    /// The service asks to slow down: for this client, or for everybody. Never tried again for the same call.
    case throttled(Throttle, retryAfter: Duration? = nil)
    /// Our own log-in, settings or request are wrong, and an operator must act: health says so until a push succeeds.
    case misconfigured(String)

    /// Whom a service asks to slow down for.
    public enum Throttle: Sendable, Hashable {
        /// This client gets too many pushes.
        case client
        /// We send too many pushes.
        case everybody
    }
}
