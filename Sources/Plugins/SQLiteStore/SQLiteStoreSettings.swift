public import PluginAPI

/// What stands under `settings` of a ``SQLiteStorePlugin``.
public struct SQLiteStoreSettings: PluginSettings {
    /// The file, relative to the folder of `plugins.json`. Its folder is made when it is missing.
    public var path: String

    /// Reads the settings.
    public init(from reader: SettingsReader) {
        self.path = reader.string(
            "path",
            default: "data/anynode.sqlite",
            summary: "The file; its folder is made when it is missing. Readable by the server's own user only."
        )
        if self.path.isEmpty {
            reader.problem(at: "path", "expected the path of a file, found an empty string")
        }
    }
}
