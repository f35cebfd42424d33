package import Core
import Synchronization

/// One connection of an operator or a program: what it may do, and what it follows.
package final class RPCSession: Sendable {
    package let role: AdminRole
    /// Where its events go; `nil` where only answers can be sent.
    package let events: EventQueue?
    private let subscriptions = Mutex<Set<String>>([])

    package init(role: AdminRole, events: EventQueue? = nil) {
        self.role = role
        self.events = events
    }

    func note(subscription: String) {
        _ = self.subscriptions.withLock { $0.insert(subscription) }
    }

    /// `false` when it was not this session's.
    func forget(subscription: String) -> Bool {
        self.subscriptions.withLock { $0.remove(subscription) != nil }
    }

    func forgetAll() -> Set<String> {
        self.subscriptions.withLock { subscriptions in
            defer { subscriptions = [] }
            return subscriptions
        }
    }
}
