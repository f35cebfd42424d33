package import PluginAPI
internal import Synchronization
package import Telephony

/// Why nobody can say whose a number is.
package enum DirectoryFailure: Error, Sendable, Equatable {
    /// A directory that might know did not answer, and no other knows: this is not "does not exist".
    case unavailable
}

/// What all authenticators together make of a credential.
package enum AuthenticationDecision: Sendable, Equatable {
    /// It is the user of that name.
    case accepted(Username)
    /// Somebody said no, or nobody knows the user.
    case refused
    /// One that might know did not answer, and no other knows.
    case unavailable
}

/// The chains: plugins of a role are asked in the order of `plugins.json` until one has an answer.
extension PluginHost {
    /// The entry of a user; `nil` when every directory was asked and none knows him.
    package func entry(forUsername username: Username) async throws(DirectoryFailure) -> DirectoryEntry? {
        try await self.firstEntry { try await $0.entry(forUsername: username) }
    }

    /// The entry that owns a number; `nil` when every directory was asked and none knows it.
    package func entry(forDialString dialString: DialString) async throws(DirectoryFailure) -> DirectoryEntry? {
        try await self.firstEntry { try await $0.entry(forDialString: dialString) }
    }

    private func firstEntry(
        _ question: @Sendable @escaping (any DirectoryPlugin) async throws -> DirectoryEntry?
    ) async throws(DirectoryFailure) -> DirectoryEntry? {
        var hasFailed = false
        for instance in self.instances {
            guard let directory = instance.plugin as? any DirectoryPlugin else { continue }
            do {
                if let entry = try await instance.ask({ try await question(directory) }) { return entry }
            } catch {
                hasFailed = true
            }
        }
        if hasFailed { throw .unavailable }
        return nil
    }

    /// Whether somebody is who he says.
    package func authenticate(_ credential: Credential) async -> AuthenticationDecision {
        var hasFailed = false
        for instance in self.instances {
            guard let authenticator = instance.plugin as? any AuthenticatorPlugin else { continue }
            do {
                switch try await instance.ask({ try await authenticator.authenticate(credential) }) {
                case .accepted(let username): return .accepted(username)
                case .refused: return .refused
                case .notMine: continue
                }
            } catch {
                hasFailed = true
            }
        }
        return hasFailed ? .unavailable : .refused
    }

    private var instances: [PluginInstance] {
        self.table.withLock { $0.slots.map(\.instance) }
    }
}
