import Core
import PluginAPI
import StrictJSON
import Telephony
import Testing

/// The contract of a directory as a test: call it with settings under which the plugin knows these entries.
///
/// - Parameters:
///   - known: Entries it must have, complete.
///   - strangers: Names and numbers it must not know.
func checkDirectoryConformance<Kind: DirectoryPlugin>(
    _ kind: Kind.Type,
    settings json: JSONValue,
    baseDirectory: String = ".",
    knows known: [DirectoryEntry],
    strangers: [(username: Username, dialString: DialString)]
) async throws {
    try #require(!known.isEmpty && !strangers.isEmpty)
    try await PluginFixture.checkLife(kind, json, baseDirectory: baseDirectory)

    let plugin = try PluginFixture.make(kind, json, baseDirectory: baseDirectory)
    try await plugin.start()
    @Sendable func check() async throws {
        for entry in known {
            #expect(try await plugin.entry(forUsername: entry.username) == entry)
            for dialString in [entry.dialString] + entry.furtherDialStrings {
                #expect(try await plugin.entry(forDialString: dialString) == entry, "\(dialString)")
            }
        }
        for stranger in strangers {
            #expect(try await plugin.entry(forUsername: stranger.username) == nil, "\(stranger.username)")
            #expect(try await plugin.entry(forDialString: stranger.dialString) == nil, "\(stranger.dialString)")
        }
    }
    try await check()

    // Many at once.
    try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<50 { group.addTask(operation: check) }
        try await group.waitForAll()
    }

    // While it changes, every answer is still right.
    let settings = try PluginFixture.settings(kind, json, baseDirectory: baseDirectory)
    try await PluginFixture.whileReconfiguring(plugin, settings, check)
    #expect(await plugin.health() == .ok)
    await plugin.stop()

    // And as the server sees it.
    let host = try PluginFixture.host(kind, json, baseDirectory: baseDirectory)
    try await host.start()
    for entry in known {
        #expect(try await host.entry(forUsername: entry.username) == entry)
        #expect(try await host.entry(forDialString: entry.dialString) == entry)
    }
    try await host.reconfigure(name: "test", settings: json)
    for stranger in strangers {
        #expect(try await host.entry(forUsername: stranger.username) == nil)
        #expect(try await host.entry(forDialString: stranger.dialString) == nil)
    }
    #expect(await host.health().map(\.health) == [.ok])
    await host.stop()
}
