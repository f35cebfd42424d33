import Logging
import NIOConcurrencyHelpers

/// Keeps what is logged, for tests of what is and what is not.
struct LogRecorder: LogHandler {
    struct Entry: Sendable {
        let level: Logger.Level
        let message: String
        let metadata: [String: String]
    }

    private let box = NIOLockedBox<[Entry]>([])
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    var entries: [Entry] { self.box.withLock { $0 } }

    func log(event: LogEvent) {
        let metadata = (event.metadata ?? [:]).mapValues { "\($0)" }
        let entry = Entry(level: event.level, message: "\(event.message)", metadata: metadata)
        self.box.withLock { $0.append(entry) }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }
}
