import Logging
import Synchronization

/// Keeps what is logged, for tests of what is and what is not.
struct LogRecorder: LogHandler {
    struct Entry: Sendable {
        let level: Logger.Level
        let message: String
        let metadata: [String: String]

        /// All of it, as a line.
        var text: String {
            "\(self.level) \(self.message) "
                + self.metadata.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: " ")
        }
    }

    private final class Box: Sendable {
        let entries = Mutex<[Entry]>([])
    }

    private let box = Box()
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    var entries: [Entry] { self.box.entries.withLock { $0 } }

    /// A logger that writes here.
    var logger: Logger {
        var logger = Logger(label: "test") { _ in self }
        logger.logLevel = .trace
        return logger
    }

    func log(event: LogEvent) {
        let metadata = (event.metadata ?? [:]).mapValues { "\($0)" }
        let entry = Entry(level: event.level, message: "\(event.message)", metadata: metadata)
        self.box.entries.withLock { $0.append(entry) }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }
}
