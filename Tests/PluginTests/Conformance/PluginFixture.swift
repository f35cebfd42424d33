import Core
import Logging
import PluginAPI
import StrictJSON
import Testing

/// A plugin as the host would make it, for tests of that plugin.
enum PluginFixture {
    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Reads settings as the host does; the test fails with their problems.
    static func settings<Kind: Plugin>(
        _ kind: Kind.Type,
        _ json: JSONValue,
        baseDirectory: String = "."
    ) throws -> Kind.Settings {
        let reader = SettingsReader(json, at: "/plugins/0/settings", baseDirectory: baseDirectory)
        let settings = Kind.Settings(from: reader)
        reader.refuseUnknownMembers()
        guard reader.problems.isEmpty else { throw ConfigurationProblems(reader.problems) }
        return settings
    }

    static func context(baseDirectory: String = ".") -> PluginContext {
        PluginContext(name: "test", logger: self.logger, baseDirectory: baseDirectory)
    }

    static func make<Kind: Plugin>(
        _ kind: Kind.Type,
        _ json: JSONValue,
        baseDirectory: String = "."
    ) throws -> Kind {
        let settings = try self.settings(kind, json, baseDirectory: baseDirectory)
        return try Kind(settings: settings, context: self.context(baseDirectory: baseDirectory))
    }

    /// A host that runs this plugin alone.
    static func host<Kind: Plugin>(
        _ kind: Kind.Type,
        _ json: JSONValue,
        baseDirectory: String = "."
    ) throws -> PluginHost {
        try PluginHost(
            [PluginConfiguration(name: "test", kind: Kind.kind, settings: json)],
            catalog: [kind],
            baseDirectory: baseDirectory,
            logger: self.logger
        )
    }

    /// What every plugin owes, whatever its role: settings that refuse what they don't know and can be described, a
    /// start after which it is well, a stop after which another can start, and nothing left of it in memory.
    static func checkLife<Kind: Plugin>(
        _ kind: Kind.Type,
        _ json: JSONValue,
        baseDirectory: String = "."
    ) async throws {
        #expect(!Kind.kind.isEmpty)
        let describing = SettingsReader.describing()
        _ = Kind.Settings(from: describing)
        #expect(describing.problems.isEmpty)

        if case .object(var object) = json {
            object["a member nobody knows"] = 1
            #expect(throws: ConfigurationProblems.self, "settings must refuse members they do not know") {
                try self.settings(kind, .object(object), baseDirectory: baseDirectory)
            }
        }

        weak var remains: AnyObject?
        for _ in 0..<2 {
            let plugin = try self.make(kind, json, baseDirectory: baseDirectory)
            try await plugin.start()
            #expect(await plugin.health() == .ok)
            await plugin.stop()
            remains = Kind.self is AnyClass ? plugin as AnyObject : nil
        }
        #expect(remains == nil, "a stopped plugin must not be kept alive by what it has started")
    }

    /// Reconfigures a plugin with its own settings, over and over, while something else goes on.
    static func whileReconfiguring<Kind: Plugin>(
        _ plugin: Kind,
        _ settings: Kind.Settings,
        _ operation: @Sendable @escaping () async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for _ in 0..<10 {
                    do {
                        try await plugin.reconfigure(settings)
                    } catch PluginError.cannotReconfigure {
                        // The host would replace it; nothing to test here.
                    }
                }
            }
            for _ in 0..<4 { group.addTask(operation: operation) }
            try await group.waitForAll()
        }
    }
}
