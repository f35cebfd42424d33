import Foundation
import PluginAPI
import StaticDirectory
import StrictJSON
import Telephony
import Testing

@Suite("Static directory: the watched file", .timeLimit(.minutes(1)))
struct StaticDirectoryWatchTests {
    private let folder = TemporaryFolder()
    private let clock = TickingClock()

    private func plugin(file: String = "people.csv", reload: String = "2s") async throws -> StaticDirectoryPlugin {
        let plugin = StaticDirectoryPlugin(
            settings: try self.settings(file: file, reload: reload),
            context: PluginFixture.context(baseDirectory: self.folder.path),
            clock: self.clock
        )
        try await plugin.start()
        return plugin
    }

    private func settings(file: String = "people.csv", reload: String = "2s") throws -> StaticDirectorySettings {
        let json: JSONValue = ["file": .string(file), "reload": .string(reload)]
        return try PluginFixture.settings(StaticDirectoryPlugin.self, json, baseDirectory: self.folder.path)
    }

    private func write(_ names: String..., to file: String = "people.csv") throws {
        let lines = names.enumerated().map { "\($0.element),\($0.offset + 1)\n" }
        try self.folder.write("username,dialString\n" + lines.joined(), to: file)
    }

    private func knows(_ plugin: StaticDirectoryPlugin, _ name: String) async throws -> Bool {
        await plugin.entry(forUsername: try #require(Username(name))) != nil
    }

    @Test("A new version is in force after the next look")
    func change() async throws {
        try self.write("alice")
        let plugin = try await self.plugin()
        try self.write("alice", "bob")
        #expect(try await !self.knows(plugin, "bob"))
        await self.clock.round()
        #expect(try await self.knows(plugin, "bob"))
        try self.write("bob")
        await self.clock.round()
        #expect(try await !self.knows(plugin, "alice"))
        #expect(await plugin.health() == .ok)
        await plugin.stop()
    }

    @Test("A wrong version changes nothing but the health, until it is mended")
    func wrong() async throws {
        try self.write("alice")
        let plugin = try await self.plugin()
        try self.write("bob", "bob")
        await self.clock.round()
        #expect(try await self.knows(plugin, "alice"))
        #expect(try await !self.knows(plugin, "bob"))
        let path = "\(self.folder.path)/people.csv"
        #expect(
            await plugin.health()
                == .degraded(
                    "\(path): line 3: expected one owner of the username bob, found another at line 2; "
                        + "the entries of before stay in force"
                )
        )
        try self.write("bob")
        await self.clock.round()
        #expect(await plugin.health() == .ok)
        #expect(try await self.knows(plugin, "bob"))
        await plugin.stop()
    }

    @Test("A file that is gone changes nothing but the health, until it is back")
    func gone() async throws {
        try self.write("alice")
        let plugin = try await self.plugin()
        let path = "\(self.folder.path)/people.csv"
        try FileManager.default.moveItem(atPath: path, toPath: path + ".away")
        await self.clock.round()
        #expect(try await self.knows(plugin, "alice"))
        guard case .degraded(let reason) = await plugin.health() else {
            Issue.record("expected degraded health")
            return
        }
        #expect(reason.contains("No such file or directory"))
        try FileManager.default.moveItem(atPath: path + ".away", toPath: path)
        await self.clock.round()
        #expect(await plugin.health() == .ok)
        await plugin.stop()
    }

    @Test("New settings: the new file is watched, the old one no longer")
    func reconfigure() async throws {
        try self.write("alice")
        try self.write("carol", to: "others.csv")
        let plugin = try await self.plugin()
        try await plugin.reconfigure(try self.settings(file: "others.csv"))
        #expect(try await self.knows(plugin, "carol"))
        #expect(try await !self.knows(plugin, "alice"))
        try self.write("alice", "bob")
        try self.write("carol", "dave", to: "others.csv")
        await self.clock.round()
        #expect(try await self.knows(plugin, "dave"))
        #expect(try await !self.knows(plugin, "bob"))
        await plugin.stop()
    }

    @Test("New settings that do not work leave the old ones in force")
    func reconfigureFailure() async throws {
        try self.write("alice")
        let plugin = try await self.plugin()
        let settings = try self.settings(file: "none.csv")
        await #expect(throws: PluginError.self) { try await plugin.reconfigure(settings) }
        try self.write("alice", "bob")
        await self.clock.round()
        #expect(try await self.knows(plugin, "bob"))
        #expect(await plugin.health() == .ok)
        await plugin.stop()
    }

    @Test("Nobody looks after the stop")
    func stop() async throws {
        try self.write("alice")
        let plugin = try await self.plugin()
        await plugin.stop()
        try self.write("bob")
        #expect(try await !self.knows(plugin, "bob"))
    }
}
