public import Logging

/// What the host lends to a plugin.
public struct PluginContext: Sendable {
    /// The plugin's name in `plugins.json`.
    public let name: String
    /// Carries the plugin's name. Constant messages, data as metadata, never a secret.
    public let logger: Logger
    /// The folder that relative paths in the settings start from: where `plugins.json` stands.
    public let baseDirectory: String

    /// Made by the host, and by tests.
    public init(name: String, logger: Logger, baseDirectory: String) {
        self.name = name
        var logger = logger
        logger[metadataKey: "plugin"] = .string(name)
        self.logger = logger
        self.baseDirectory = baseDirectory
    }

    /// A path from the settings, made absolute.
    public func path(_ written: String) -> String {
        written.hasPrefix("/") ? written : "\(self.baseDirectory)/\(written)"
    }
}
