package import PluginAPI
package import Telephony

/// The directories as the core sees them: one, whatever stands behind it.
package protocol DirectoryService: Sendable {
    /// Throws when no directory knows the user and one of them could not be asked.
    func entry(forUsername username: Username) async throws -> DirectoryEntry?
    /// Throws when no directory knows the number and one of them could not be asked.
    func entry(forDialString dialString: DialString) async throws -> DirectoryEntry?
}

/// The authenticators as the core sees them: one, whatever stands behind it.
package protocol AuthenticationService: Sendable {
    func authenticate(_ credential: Credential) async -> AuthenticationDecision
}

/// The notifiers as the core sees them: one, whatever stands behind it.
package protocol NotificationService: Sendable {
    /// Sends a push, once.
    func wake(_ target: NotificationTarget, for notice: WakeupNotice, within time: Duration) async
        -> NotificationOutcome
    /// Sends a push that calls the other off. Best effort.
    func cancel(_ target: NotificationTarget, for notice: CancelNotice, within time: Duration) async
    /// The name of the notifier that serves a client's token.
    func notifier(for target: NotificationTarget) -> String?
}

extension NotificationService {
    package func notifier(for target: NotificationTarget) -> String? { nil }
}

extension PluginHost: DirectoryService, AuthenticationService, NotificationService {}
