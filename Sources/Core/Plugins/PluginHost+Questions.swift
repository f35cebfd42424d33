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
        try await self.firstEntry(for: .username(username), passing: false)
    }

    /// The entry that owns a number; `nil` when every directory was asked and none knows it.
    package func entry(forDialString dialString: DialString) async throws(DirectoryFailure) -> DirectoryEntry? {
        try await self.firstEntry(for: .dialString(dialString), passing: false)
    }

    /// The entry of a user as it is now, whatever is remembered.
    package func freshEntry(forUsername username: Username) async throws(DirectoryFailure) -> DirectoryEntry? {
        try await self.firstEntry(for: .username(username), passing: true)
    }

    /// The entry that owns a number as it is now, whatever is remembered.
    package func freshEntry(forDialString dialString: DialString) async throws(DirectoryFailure) -> DirectoryEntry? {
        try await self.firstEntry(for: .dialString(dialString), passing: true)
    }

    private func firstEntry(
        for key: DirectoryCache.Key,
        passing: Bool
    ) async throws(DirectoryFailure) -> DirectoryEntry? {
        for _ in 0..<Self.turns {
            do {
                return try await self.firstEntry(among: self.instances, for: key, passing: passing)
            } catch is PluginInstance.Stopped {
                // Replaced while the question was on its way: once more, by the list of now.
                continue
            } catch {
                break
            }
        }
        throw .unavailable
    }

    /// How often a question may meet a list that has just changed.
    static let turns = 5

    private func firstEntry(
        among instances: [PluginInstance],
        for key: DirectoryCache.Key,
        passing: Bool
    ) async throws -> DirectoryEntry? {
        var hasFailed = false
        for instance in instances where instance.plugin is any DirectoryPlugin {
            do {
                if var entry = try await instance.entry(for: key, passing: passing) {
                    entry.source = instance.name
                    return entry
                }
            } catch let stopped as PluginInstance.Stopped {
                throw stopped
            } catch {
                hasFailed = true
            }
        }
        if hasFailed { throw DirectoryFailure.unavailable }
        return nil
    }

    /// Whether somebody is who he says.
    package func authenticate(_ credential: Credential) async -> AuthenticationDecision {
        for _ in 0..<Self.turns {
            do {
                return try await self.decision(of: self.instances, on: credential)
            } catch {
                // Replaced while the question was on its way: once more, by the list of now.
                continue
            }
        }
        return .unavailable
    }

    private func decision(
        of instances: [PluginInstance],
        on credential: Credential
    ) async throws(PluginInstance.Stopped) -> AuthenticationDecision {
        var hasFailed = false
        for instance in instances {
            guard let authenticator = instance.plugin as? any AuthenticatorPlugin else { continue }
            do {
                let outcome = try await instance.ask(.authenticate, outcome: Self.outcome) {
                    try await authenticator.authenticate(credential)
                }
                switch outcome {
                case .accepted(let username): return .accepted(username)
                case .refused: return .refused
                case .notMine: continue
                }
            } catch let stopped as PluginInstance.Stopped {
                throw stopped
            } catch {
                hasFailed = true
            }
        }
        return hasFailed ? .unavailable : .refused
    }

    static func outcome(_ outcome: AuthenticationOutcome) -> PluginStatistics.Outcome {
        switch outcome {
        case .accepted: .accepted
        case .refused: .refused
        case .notMine: .notMine
        }
    }

    private var instances: [PluginInstance] {
        self.table.withLock { $0.slots.map(\.instance) }
    }
}
