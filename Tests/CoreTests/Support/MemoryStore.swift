import Logging
import PluginAPI
import Synchronization

@testable import Core

/// A store that forgets nothing while the test lasts, and can be told to fail.
final class MemoryStore: StorePlugin {
    struct NoSettings: PluginSettings {
        init(from reader: SettingsReader) {}
        init() {}
    }

    /// What is kept; several stores, one after the other, may share it: that is a restart.
    final class Contents: Sendable {
        struct State {
            var registrations: [Int64: StoredRegistration] = [:]
            var wakeups: [[UInt8]: StoredWakeup] = [:]
            var snapshot: [UInt8]?
            var commits = 0
            var failure: String?
        }

        let state = Mutex(State())

        var registrations: [StoredRegistration] {
            self.state.withLock { $0.registrations.values.sorted { $0.number < $1.number } }
        }

        var snapshot: [UInt8]? { self.state.withLock(\.snapshot) }

        func fail(_ failure: String?) {
            self.state.withLock { $0.failure = failure }
        }
    }

    static let kind = "MemoryStore"
    let contents: Contents

    init(settings: NoSettings, context: PluginContext) {
        self.contents = Contents()
    }

    init(_ contents: Contents) {
        self.contents = contents
    }

    /// A keeper on top of it.
    func keeper(logger: Logger, clock: any Clock<Duration> = ContinuousClock()) -> RegistrationKeeper {
        let instance = PluginInstance(
            self,
            name: "store",
            cache: DirectoryCachePolicy(),
            logger: logger,
            deadlines: PluginDeadlines(),
            clock: clock
        )
        return RegistrationKeeper(instance, self, clock: clock, logger: logger)
    }

    func registrations(_ receive: @Sendable ([StoredRegistration]) throws -> Void) async throws {
        for registration in self.contents.registrations {
            try receive([registration])
        }
    }

    func wakeups() async throws -> [StoredWakeup] {
        self.contents.state.withLock { Array($0.wakeups.values) }
    }

    func snapshot() async throws -> [UInt8]? {
        self.contents.state.withLock(\.snapshot)
    }

    func commit(_ changes: [StoreChange]) async throws {
        try self.contents.state.withLock { state in
            if let failure = state.failure { throw PluginError.unavailable(failure) }
            state.commits += 1
            for change in changes {
                switch change {
                case .put(let registration): state.registrations[registration.number] = registration
                case .remove(let number):
                    state.registrations[number] = nil
                    state.wakeups = state.wakeups.filter { $0.value.registration != number }
                case .note(let wakeup):
                    guard state.registrations[wakeup.registration] != nil else { continue }
                    state.wakeups[wakeup.tokenDigest] = wakeup
                case .forget(let digest): state.wakeups[digest] = nil
                }
            }
        }
    }

    func keep(snapshot: [UInt8]?) async throws {
        try self.contents.state.withLock { state in
            if let failure = state.failure { throw PluginError.unavailable(failure) }
            state.snapshot = snapshot
        }
    }
}
