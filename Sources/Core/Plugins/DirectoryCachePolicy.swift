internal import PluginAPI

/// For how long a directory's answers are kept.
package struct DirectoryCachePolicy: Sendable, Equatable {
    /// An entry that was found.
    package var found = Duration.seconds(60)
    /// That there is none.
    package var missing = Duration.seconds(10)
    /// How much longer an entry is of use while the directory does not answer.
    package var stale = Duration.seconds(3600)
    /// How many answers are kept; the oldest go first.
    package var entries = 100_000

    package init() {}

    init(from reader: SettingsReader) {
        let standard = DirectoryCachePolicy()
        let range = Duration.zero ... .seconds(30 * 86400)
        self.found = reader.duration(
            "found",
            default: standard.found,
            in: range,
            summary: "How long an entry is used without asking again. `0s`: not at all."
        )
        self.missing = reader.duration(
            "missing",
            default: standard.missing,
            in: range,
            summary: "How long it is remembered that there is none."
        )
        self.stale = reader.duration(
            "stale",
            default: standard.stale,
            in: range,
            summary: "How much longer an entry is used while the directory does not answer."
        )
        self.entries = reader.integer(
            "entries",
            default: standard.entries,
            in: 2...10_000_000,
            summary: "How many answers are kept."
        )
    }
}
