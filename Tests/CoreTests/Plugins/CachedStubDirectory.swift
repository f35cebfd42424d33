import PluginAPI
import Telephony

/// A stub whose answers the host keeps.
final class CachedStubDirectory: DirectoryPlugin {
    static let kind = "CachedStub"

    private let stub: StubDirectory

    init(settings: StubDirectory.Settings, context: PluginContext) throws {
        self.stub = try StubDirectory(settings: settings, context: context)
    }

    func start() async throws { try await self.stub.start() }
    func stop() async { await self.stub.stop() }
    func reconfigure(_ settings: StubDirectory.Settings) async throws { try await self.stub.reconfigure(settings) }

    func entry(forUsername username: Username) async throws -> DirectoryEntry? {
        try await self.stub.entry(forUsername: username)
    }

    func entry(forDialString dialString: DialString) async throws -> DirectoryEntry? {
        try await self.stub.entry(forDialString: dialString)
    }
}
