package import PluginAPI

/// What stands under `settings` of a ``SQLiteStorePlugin``.
package struct SQLiteStoreSettings: PluginSettings {
    /// The file, made absolute; its folder is made when it is missing. `nil`: where systemd says, or beside `plugins.json`.
    package var path: String?

    /// Reads the settings.
    package init(from reader: SettingsReader) {
        self.path = reader.optionalPath(
            "path",
            summary: """
                The file, readable by the server's own user only; its folder is made when it is missing. Unless given \
                `anynode.sqlite` in the state directory that systemd provides, or `data/anynode.sqlite` beside this file.
                """
        )
    }
}
