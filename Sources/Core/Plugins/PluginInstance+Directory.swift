internal import PluginAPI
internal import Telephony

/// Questions to a directory, with what is kept of its answers.
extension PluginInstance {
    /// The entry of a key; `nil` when the directory has none.
    ///
    /// - Parameter passing: Whether to ask whatever is known already.
    func entry(for key: DirectoryCache.Key, passing: Bool) async throws -> DirectoryEntry? {
        guard let cache = self.cache else { return try await self.askDirectory(key) }
        if !passing, let known = cache.fresh(key, at: self.now()) {
            self.note(.hit)
            return known
        }
        var isFirst = false
        do {
            let entry = try await cache.answer(to: key) { flight in
                isFirst = true
                self.note(.miss)
                // Not bound to the one who happens to be first.
                Task {
                    let result: Result<DirectoryEntry?, any Error>
                    do {
                        result = .success(try await self.askDirectory(flight.key))
                    } catch {
                        result = .failure(error)
                    }
                    cache.land(flight, with: result, at: self.now())
                }
            }
            if !isFirst { self.note(.joined) }
            return entry
        } catch {
            guard !passing, Self.isOutage(error), let entry = cache.stale(key, at: self.now()) else { throw error }
            self.note(.stale)
            return entry
        }
    }

    /// Whether an entry of before is better than this: not for who has given up, nor where the directory contradicts itself, nor where another
    /// instance can be asked.
    private static func isOutage(_ error: any Error) -> Bool {
        switch error {
        case is Stopped, PluginError.inconsistent: false
        case is CancellationError: !Task.isCancelled
        default: true
        }
    }

    private func askDirectory(_ key: DirectoryCache.Key) async throws -> DirectoryEntry? {
        guard let directory = self.plugin as? any DirectoryPlugin else { return nil }
        switch key {
        case .username(let username):
            return try await self.ask(.username, outcome: Self.outcome) {
                try await directory.entry(forUsername: username)
            }
        case .dialString(let dialString):
            return try await self.ask(.dialString, outcome: Self.outcome) {
                try await directory.entry(forDialString: dialString)
            }
        }
    }

    private static func outcome(_ entry: DirectoryEntry?) -> PluginStatistics.Outcome {
        entry == nil ? .missing : .found
    }
}
