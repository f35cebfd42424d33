package import Logging

/// Writes what a logger says as one line of text or JSON.
package struct HouseLogHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?

    private let label: String
    private let log: ServerLog
    private let threshold: LogLevels.Threshold
    /// The level that somebody gave this logger in particular.
    private var ownLevel: Logger.Level?

    init(label: String, log: ServerLog, metadataProvider: Logger.MetadataProvider?) {
        self.label = label
        self.log = log
        self.threshold = log.levels.threshold(of: label)
        self.metadataProvider = metadataProvider
    }

    /// The level of the label, which may change at any time; once set, it is this logger's and its copies' own.
    package var logLevel: Logger.Level {
        get { self.ownLevel ?? self.threshold.level }
        set { self.ownLevel = newValue }
    }

    package subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        self.log.write(
            LineHead(
                time: self.log.clock(),
                level: event.level,
                label: self.label,
                message: event.message.description,
                origin: event.level <= .debug
                    ? LineHead.Origin(source: event.source, file: event.file, line: event.line) : nil
            ),
            self.metadata(with: event)
        )
    }

    /// The logger's metadata, the task's over it, and the message's over that.
    private func metadata(with event: LogEvent) -> Logger.Metadata {
        var metadata = self.metadata
        if let provider = self.metadataProvider { metadata.merge(provider.get()) { $1 } }
        if let error = event.error {
            // Called as swift-log's own handlers call them.
            metadata["error.message"] = .string(String(describing: error))
            metadata["error.type"] = .string(String(reflecting: type(of: error)))
        }
        guard let own = event.metadata, !own.isEmpty else { return metadata }
        if metadata.isEmpty { return own }
        metadata.merge(own) { $1 }
        return metadata
    }
}
