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

extension PluginHost: DirectoryService, AuthenticationService {}
