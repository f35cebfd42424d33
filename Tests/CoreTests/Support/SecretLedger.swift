import Logging
import NIOConcurrencyHelpers
import Testing

/// Every secret that the clients of this test run have sent or were given, by the port of the server: none of them may
/// stand in that server's log, at any level.
enum SecretLedger {
    private static let secrets = NIOLockedBox<[Int: Set<String>]>([:])

    static func note(_ secret: some StringProtocol, port: Int) {
        // What is shorter might stand in a log by chance.
        guard secret.utf8.count >= 8 else { return }
        self.secrets.withLock { _ = $0[port, default: []].insert(String(secret)) }
    }

    /// What a query and headers give away.
    static func note(target: String, headers: [String], port: Int) {
        for item in target.drop(while: { $0 != "?" }).dropFirst().split(separator: "&") {
            if let value = item.split(separator: "=", maxSplits: 1).last { self.note(value, port: port) }
        }
        for header in headers where header.lowercased().hasPrefix("authorization:") {
            let words = header.split(separator: " ", maxSplits: 2)
            if let last = words.last { self.note(last, port: port) }
        }
    }

    /// Takes the secrets of a server that has stopped.
    static func take(port: Int) -> Set<String> {
        self.secrets.withLock { $0.removeValue(forKey: port) ?? [] }
    }
}

/// Everything a server logs.
final class RecordedLog: Sendable {
    private let lines = NIOLockedBox<[String]>([])

    var text: [String] { self.lines.withLock { $0 } }

    func contains(_ part: String) -> Bool {
        self.text.contains { $0.contains(part) }
    }

    var handler: any LogHandler { Handler(log: self) }

    /// A logger that notes everything here.
    func logger() -> Logger {
        var logger = Logger(label: "test") { _ in self.handler }
        logger.logLevel = .trace
        return logger
    }

    private struct Handler: LogHandler {
        let log: RecordedLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { self.metadata[key] }
            set { self.metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let metadata = self.metadata.merging(event.metadata ?? [:]) { $1 }
            let line = "\(event.level) \(event.message) \(metadata)"
            self.log.lines.withLock { $0.append(line) }
        }
    }
}
