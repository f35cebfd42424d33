package import PluginAPI
package import StrictJSON
internal import Synchronization
package import Telephony

/// What operators ask about the plugins themselves.
extension PluginHost {
    /// What one directory said to a question.
    package struct DirectoryAnswer: Sendable {
        package let plugin: String
        /// `nil`: it has no such entry, or failed.
        package let entry: DirectoryEntry?
        package let duration: Duration
        /// Why it failed.
        package let problem: String?
    }

    /// Whose number or name it is.
    package enum DirectoryKey: Sendable {
        case username(Username)
        case dialString(DialString)
    }

    /// Asks the directories in their order until one knows, and says what each of them said.
    ///
    /// - Parameter isFresh: Ask whatever is remembered.
    package func inspect(_ key: DirectoryKey, isFresh: Bool) async -> [DirectoryAnswer] {
        let key: DirectoryCache.Key =
            switch key {
            case .username(let username): .username(username)
            case .dialString(let dialString): .dialString(dialString)
            }
        var answers: [DirectoryAnswer] = []
        for instance in self.table.withLock({ $0.slots.map(\.instance) }) where instance.plugin is any DirectoryPlugin {
            let begun = instance.now()
            var entry: DirectoryEntry?
            var problem: String?
            do {
                entry = try await instance.entry(for: key, passing: isFresh)
            } catch {
                problem = PluginInstance.describe(error, late: "no answer in time")
            }
            let duration = instance.now() - begun
            answers.append(
                DirectoryAnswer(plugin: instance.name, entry: entry, duration: duration, problem: problem)
            )
            if entry != nil { break }
        }
        return answers
    }

    /// What the authenticators make of a password, and which of them decided; `nil` where nobody did.
    package func inspect(_ credential: Credential) async -> (decision: AuthenticationDecision, plugin: String?) {
        var hasFailed = false
        for instance in self.table.withLock({ $0.slots.map(\.instance) }) {
            guard let authenticator = instance.plugin as? any AuthenticatorPlugin else { continue }
            let outcome = try? await instance.ask(.authenticate, outcome: Self.outcome) {
                try await authenticator.authenticate(credential)
            }
            switch outcome {
            case .accepted(let username): return (.accepted(username), instance.name)
            case .refused: return (.refused, instance.name)
            case .notMine: continue
            case nil: hasFailed = true
            }
        }
        return (hasFailed ? .unavailable : .refused, nil)
    }

    /// What a kind of plugin can do, in the words of the admin API.
    package func roles(ofKind kind: String) -> [String] {
        self.catalog.first { $0.name == kind }?.roles ?? []
    }

    // MARK: Editable directories

    /// The directories whose entries can be listed, in their order.
    package var editableDirectories: [String] {
        self.table.withLock(\.slots).filter { $0.instance.plugin is any EditableDirectoryPlugin }
            .map(\.configuration.name)
    }

    /// Some entries of a directory, and where to go on; `nil` when there is no such directory that can be listed.
    package func entries(
        ofDirectory name: String,
        from start: Int,
        limit: Int
    ) async -> (entries: [DirectoryEntry], next: Int?)? {
        let slot = self.table.withLock { $0.slots.first { $0.configuration.name == name } }
        guard let directory = slot?.instance.plugin as? any EditableDirectoryPlugin else { return nil }
        return try? await directory.entries(from: start, limit: limit)
    }

    /// What the settings of a directory become with an edit.
    package func settings(
        _ settings: JSONValue,
        ofKind kind: String,
        putting edit: DirectoryEdit
    ) throws -> (settings: JSONValue, isNew: Bool)? {
        try self.catalog.first { $0.name == kind }?.editableDirectory?.settings(settings, putting: edit)
    }

    /// What the settings of a directory become without an entry; `nil` when there is none.
    package func settings(
        _ settings: JSONValue,
        ofKind kind: String,
        removing username: Username
    ) throws -> JSONValue? {
        try self.catalog.first { $0.name == kind }?.editableDirectory?.settings(settings, removing: username)
    }
}

extension PluginKind {
    /// What it can do, in the words of the admin API.
    var roles: [String] {
        var roles: [String] = []
        if self.type is any DirectoryPlugin.Type { roles.append("directory") }
        if self.type is any AuthenticatorPlugin.Type { roles.append("authenticator") }
        if self.type is any NotifierPlugin.Type { roles.append("notifier") }
        if self.type is any StorePlugin.Type { roles.append("store") }
        return roles
    }

    var editableDirectory: (any EditableDirectoryPlugin.Type)? { self.type as? any EditableDirectoryPlugin.Type }
}
