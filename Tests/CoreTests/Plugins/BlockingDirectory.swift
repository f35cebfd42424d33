import Foundation
import PluginAPI
import Telephony

/// A directory that blocks the thread it is asked on, as a C library may.
struct BlockingDirectory: DirectoryPlugin {
    struct Settings: PluginSettings {
        init(from reader: SettingsReader) {}
    }

    /// Shut until a test opens it.
    final class Gate: @unchecked Sendable {
        private let condition = NSCondition()
        private var isOpen = false

        func pass() {
            self.condition.lock()
            while !self.isOpen { self.condition.wait() }
            self.condition.unlock()
        }

        func open() {
            self.condition.lock()
            self.isOpen = true
            self.condition.broadcast()
            self.condition.unlock()
        }
    }

    static let kind = "Blocking"
    static let isCached = false
    static let gate = Gate()

    init(settings: Settings, context: PluginContext) {}

    func entry(forUsername username: Username) async throws -> DirectoryEntry? {
        Self.gate.pass()
        return nil
    }

    func entry(forDialString dialString: DialString) async throws -> DirectoryEntry? {
        Self.gate.pass()
        return nil
    }
}
