/// What the host grants each plugin.
package struct PluginDeadlines: Sendable {
    /// For `start()`, and for `reconfigure(_:)`.
    package var start = Duration.seconds(10)
    /// For `stop()`.
    package var stop = Duration.seconds(5)
    /// For one question.
    package var question = Duration.seconds(5)
    /// For one push, which waits for a service on the internet.
    package var push = Duration.seconds(10)
    /// For `health()`.
    package var health = Duration.seconds(1)
    /// More questions than these are refused until one comes back: a plugin that hangs must not pile up tasks.
    package var questionsAtOnce = 256
    /// Threads of the plugin's own.
    package var threads = 4

    package init() {}
}
