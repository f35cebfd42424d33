internal import PluginAPI
internal import StrictJSON

/// One kind of plugin, its Swift type hidden: what the host and the configuration need of any of them.
struct PluginKind: Sendable {
    let type: any Plugin.Type

    init(_ type: any Plugin.Type) {
        self.type = type
    }

    /// What stands as `kind` in `plugins.json`.
    var name: String { self.type.kind }

    /// For ``SettingsReader/variant(_:by:of:resolvesSecrets:deciderSummary:summary:)``.
    var variant: (word: String, read: (SettingsReader) -> Void) {
        (self.type.kind, { Self.read(self.type, from: $0) })
    }

    private static func read<Kind: Plugin>(_ type: Kind.Type, from reader: SettingsReader) {
        _ = Kind.Settings(from: reader)
    }

    /// Makes a plugin, or says what is wrong with its settings.
    func make(_ configuration: PluginConfiguration, context: PluginContext) throws -> any Plugin {
        try Self.make(self.type, configuration, context)
    }

    private static func make<Kind: Plugin>(
        _ type: Kind.Type,
        _ configuration: PluginConfiguration,
        _ context: PluginContext
    ) throws -> any Plugin {
        let settings = try Self.settings(of: type, configuration, context)
        return try Kind(settings: settings, context: context)
    }

    /// Lets a running plugin take new settings over.
    static func reconfigure<Kind: Plugin>(
        _ plugin: Kind,
        _ configuration: PluginConfiguration,
        _ context: PluginContext
    ) async throws {
        try await plugin.reconfigure(self.settings(of: Kind.self, configuration, context))
    }

    private static func settings<Kind: Plugin>(
        of type: Kind.Type,
        _ configuration: PluginConfiguration,
        _ context: PluginContext
    ) throws(ConfigurationProblems) -> Kind.Settings {
        let reader = SettingsReader(
            configuration.settings,
            at: configuration.pointer,
            baseDirectory: context.baseDirectory
        )
        let settings = Kind.Settings(from: reader)
        reader.refuseUnknownMembers()
        guard reader.problems.isEmpty else { throw ConfigurationProblems(reader.problems) }
        return settings
    }
}
