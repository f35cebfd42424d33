import PluginAPI

package struct TokenConfiguration: Sendable, Equatable {
    init(from reader: SettingsReader) {}
}
