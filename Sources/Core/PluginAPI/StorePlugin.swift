/// Keeps what must outlive the server's process: clients that can be woken, the pushes they may answer, and how calls stood.
///
/// The host reads everything once, after `start()`, and then writes changes in batches, one batch at a time. When
/// ``commit(_:)`` returns, its changes are durable: a client is told that its data is stored only then. A store that fails
/// is reported in health and tried again; the server goes on without it.
public protocol StorePlugin: Plugin {
    /// Hands over all registrations, in pages of a size the store likes, in order of their numbers.
    func registrations(_ receive: @Sendable ([StoredRegistration]) throws -> Void) async throws

    /// All wakeups, those included that are over.
    func wakeups() async throws -> [StoredWakeup]

    /// What was kept last by ``keep(snapshot:)``; `nil` when there is nothing.
    func snapshot() async throws -> [UInt8]?

    /// Makes all changes, in order, or none. They are durable when it returns.
    func commit(_ changes: [StoreChange]) async throws

    /// Keeps these bytes instead of those of before; `nil` forgets them. Durable when it returns.
    func keep(snapshot: [UInt8]?) async throws
}

/// A client that can be woken, as it is stored.
public struct StoredRegistration: Sendable, Hashable {
    /// The store's key; the host chooses it, counting upwards from 1.
    public var number: Int64
    /// SHA-256 of the identifier it is restored by (§9.5.1): who reads the store can't come back as somebody else.
    public var identifierDigest: [UInt8]
    /// The name its owner logged in with.
    public var username: String
    /// Its number, in canonical form.
    public var dialString: String
    /// The name shown to others.
    public var displayName: String?
    /// How its program describes itself (§8.1.13).
    public var clientDescription: String?
    /// What the messaging service gave the client (§8.1.9): JSON text, as it came.
    public var notificationToken: [UInt8]
    /// Handed back in the push (§8.1.10).
    public var notificationURL: String?
    /// Since when the messaging service says that it does not know the token; milliseconds since 1970-01-01 UTC.
    public var quarantinedSince: Int64?
    /// Since when the client has been away, in milliseconds since 1970-01-01 UTC; `nil` while it is here.
    public var absentSince: Int64?

    /// A client.
    public init(
        number: Int64,
        identifierDigest: [UInt8],
        username: String,
        dialString: String,
        displayName: String? = nil,
        clientDescription: String? = nil,
        notificationToken: [UInt8],
        notificationURL: String? = nil,
        quarantinedSince: Int64? = nil,
        absentSince: Int64? = nil
    ) {
        self.number = number
        self.identifierDigest = identifierDigest
        self.username = username
        self.dialString = dialString
        self.displayName = displayName
        self.clientDescription = clientDescription
        self.notificationToken = notificationToken
        self.notificationURL = notificationURL
        self.quarantinedSince = quarantinedSince
        self.absentSince = absentSince
    }
}

/// A push that may still be answered, as it is stored.
public struct StoredWakeup: Sendable, Hashable {
    /// SHA-256 of the token in the push (§9.5.2).
    public var tokenDigest: [UInt8]
    /// The number of the registration it was sent to.
    public var registration: Int64
    /// From when on it can't be answered any more, in milliseconds since 1970-01-01 UTC.
    public var end: Int64

    /// A push.
    public init(tokenDigest: [UInt8], registration: Int64, end: Int64) {
        self.tokenDigest = tokenDigest
        self.registration = registration
        self.end = end
    }
}

/// One change of what is stored.
public enum StoreChange: Sendable, Hashable {
    /// A registration is new or has changed: it takes the place of the one with the same number.
    case put(StoredRegistration)
    /// A registration is gone, and all its wakeups with it. Harmless when it is unknown.
    case remove(registration: Int64)
    /// A push was sent; one to a registration that is unknown is dropped. A registration may have several: one for each call.
    case note(StoredWakeup)
    /// The push with the token of this digest was answered or is too old. Harmless when it is unknown.
    case forget(tokenDigest: [UInt8])
}
