package import Logging
internal import PluginAPI

/// How the server leaves when it is told to.
package struct DrainConfiguration: Sendable, Equatable {
    /// The time over which connections are closed, so that clients do not all come back at once.
    package var spread = Duration.seconds(5)
    /// How long calls may go on.
    package var deadline = Duration.seconds(30)

    package init() {}

    init(from reader: SettingsReader) {
        let standard = DrainConfiguration()
        self.spread = reader.duration(
            "spread",
            default: standard.spread,
            in: .zero ... .seconds(3600),
            summary: "The time over which connections are closed, so that clients do not all come back at once."
        )
        self.deadline = reader.duration(
            "deadline",
            default: standard.deadline,
            in: .zero ... .seconds(86400),
            summary: "How long calls may go on; then they are ended."
        )
    }
}

/// How much is logged, from `trace` to `critical`.
package typealias LogLevel = Logger.Level

/// What is logged.
package struct LogConfiguration: Sendable, Equatable {
    package var level = LogLevel.info

    package init() {}

    init(from reader: SettingsReader) {
        self.level = reader.choice(
            "level",
            default: LogLevel.info,
            summary: "The least important thing that is logged."
        )
    }
}
