package import Logging
internal import PluginAPI

/// How much is logged, from `trace` to `critical`.
package typealias LogLevel = Logger.Level

/// How a line of the log is written.
package enum LogFormat: String, Sendable, CaseIterable {
    /// For people.
    case text
    /// One JSON object a line, for programs.
    case json
}

/// What is logged.
package struct LogConfiguration: Sendable, Equatable {
    package var level = LogLevel.info
    package var format = LogFormat.text

    package init() {}

    init(from reader: SettingsReader) {
        let standard = LogConfiguration()
        self.level = reader.choice(
            "level",
            default: standard.level,
            summary: "The least important thing that is logged."
        )
        self.format = reader.choice(
            "format",
            default: standard.format,
            summary: "How a line is written: `text` for people, `json` for programs."
        )
    }
}
