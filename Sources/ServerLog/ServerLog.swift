package import Logging
internal import Synchronization

/// The log of the process: where its lines go, how they look, and what is logged.
package final class ServerLog: Sendable {
    /// The label of what the log says of itself.
    private static let label = "anynode.log"

    /// Where lines go.
    package let sink: LogSink
    /// What is logged; changes hold from the next message on, for loggers that exist already as well.
    package let levels: LogLevels
    /// The time of a message.
    let clock: @Sendable () -> LogTime
    private let look: Look

    /// A format that can change while others write.
    private final class Look: Sendable {
        private let isJSON: Atomic<Bool>

        init(_ format: LogFormat) {
            self.isJSON = Atomic(format == .json)
        }

        var format: LogFormat {
            get { self.isJSON.load(ordering: .relaxed) ? .json : .text }
            set { self.isJSON.store(newValue == .json, ordering: .relaxed) }
        }

        func line(_ head: LineHead, _ metadata: Logger.Metadata) -> [UInt8] {
            switch self.format {
            case .text: TextLine.line(head, metadata)
            case .json: JSONLine.line(head, metadata)
            }
        }
    }

    /// A log of its own, that no logger writes to unless it is made with a handler of it.
    package convenience init(
        format: LogFormat = .text,
        levels: LogLevels.Snapshot = LogLevels.Snapshot(),
        descriptor: Int32 = 2,
        limits: LogSink.Limits = LogSink.Limits(),
        clock: @escaping @Sendable () -> LogTime = { LogTime.now() }
    ) throws(LogSinkError) {
        let look = Look(format)
        let sink = try LogSink(descriptor: descriptor, limits: limits) { lines in
            let head = LineHead(
                time: clock(),
                level: .warning,
                label: Self.label,
                message: "log lines are missing here, nobody read them in time"
            )
            return look.line(head, ["lines": .stringConvertible(lines)])
        }
        self.init(look: look, levels: levels, sink: sink, clock: clock)
    }

    private init(look: Look, levels: LogLevels.Snapshot, sink: LogSink, clock: @escaping @Sendable () -> LogTime) {
        self.look = look
        self.levels = LogLevels(levels)
        self.sink = sink
        self.clock = clock
    }

    /// Makes a log that all loggers of the process write to from now on.
    /// - Important: Once in a process, before the first logger is made; a second time traps (`LoggingSystem.bootstrap`).
    package static func bootstrap(
        format: LogFormat = .text,
        levels: LogLevels.Snapshot = LogLevels.Snapshot(),
        descriptor: Int32 = 2,
        metadataProvider: Logger.MetadataProvider? = nil
    ) throws(LogSinkError) -> ServerLog {
        let log = try ServerLog(format: format, levels: levels, descriptor: descriptor)
        LoggingSystem.bootstrap(
            { log.handler(label: $0, metadataProvider: $1) },
            metadataProvider: metadataProvider
        )
        return log
    }

    /// Makes a log that all loggers of the process write to from now on, with one level for all.
    /// - Important: Once in a process, before the first logger is made; a second time traps (`LoggingSystem.bootstrap`).
    package static func bootstrap(
        format: LogFormat = .text,
        level: Logger.Level,
        descriptor: Int32 = 2
    ) throws(LogSinkError) -> ServerLog {
        try self.bootstrap(format: format, levels: LogLevels.Snapshot(standard: level), descriptor: descriptor)
    }

    /// How lines are written from now on.
    package var format: LogFormat {
        get { self.look.format }
        set { self.look.format = newValue }
    }

    /// A handler that writes here.
    package func handler(label: String, metadataProvider: Logger.MetadataProvider? = nil) -> HouseLogHandler {
        HouseLogHandler(label: label, log: self, metadataProvider: metadataProvider)
    }

    /// A logger that writes here.
    package func logger(label: String) -> Logger {
        Logger(label: label) { self.handler(label: $0) }
    }

    /// Lines that were lost so far, for metrics.
    package var dropped: UInt64 { self.sink.dropped }

    /// Waits until all that was logged before is written, as at the end of the process, but no longer than the time given.
    /// - Returns: Whether nothing of it waits any more.
    @discardableResult
    package func flush(within time: Duration) -> Bool {
        self.sink.flush(within: time)
    }

    func write(_ head: LineHead, _ metadata: Logger.Metadata) {
        self.sink.append(self.look.line(head, metadata))
    }
}
