internal import PluginAPI

/// What becomes of calls when the server leaves.
package enum CallsAtDrain: String, Sendable, CaseIterable {
    /// They are written down for the process that comes after.
    case keep
    /// They may go on until the deadline, and are ended then.
    case end
}

/// How the server leaves when it is told to.
package struct DrainConfiguration: Sendable, Equatable {
    /// The time over which connections are closed, so that clients do not all come back at once.
    package var spread = Duration.seconds(5)
    package var calls = CallsAtDrain.keep
    /// How long calls may go on that are not kept.
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
            summary: "How long calls may go on that are not kept; then they are ended."
        )
        self.calls = reader.choice(
            "calls",
            default: standard.calls,
            summary: """
                What becomes of calls: `keep` writes them down for the process that comes after, to which clients come \
                back and find them; `end` lets them go on until the deadline. Without a store it is always `end`.
                """
        )
    }
}
