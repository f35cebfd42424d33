package import Telephony

/// A way by which a client can be told something. For the switchboard every socket, and whatever else may come, is one.
///
/// - Important: `enqueue` is called under the switchboard's lock, so that the order of what a client hears is the order of
///   what was decided. It must only note; the work is done in `flush`, which is called after the lock is released.
package protocol Port: AnyObject, Sendable {
    /// Where its client is, for the log.
    var peer: String { get }

    /// Notes something to be told or done. `true`: this port wants a `flush` that nobody has promised yet.
    func enqueue(_ item: OutboxItem) -> Bool

    /// Does what was noted. May be called on any thread.
    func flush()
}

/// What a port is to do for its client, in order.
package enum OutboxItem: Sendable, Hashable {
    case tell(Indication)
    case close(CloseCause)
}
