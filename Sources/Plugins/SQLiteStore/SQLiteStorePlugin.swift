internal import Foundation
internal import GRDB
internal import Logging
package import PluginAPI
internal import Synchronization

/// Keeps everything in one SQLite file (README.md beside this file).
package final class SQLiteStorePlugin: StorePlugin {
    package static let kind = "SQLiteStore"

    private let path: String
    private let logger: Logger
    private let file = Mutex<StoreFile?>(nil)

    package init(settings: SQLiteStoreSettings, context: PluginContext) {
        self.path = settings.path ?? Self.standardPath(context)
        self.logger = context.logger
    }

    private static func standardPath(_ context: PluginContext) -> String {
        let folders = ProcessInfo.processInfo.environment["STATE_DIRECTORY"]
        guard let folder = folders?.split(separator: ":").first else { return context.path("data/anynode.sqlite") }
        return "\(folder)/anynode.sqlite"
    }

    // MARK: Life

    /// Opens the file, or makes it. One that is no database, or a broken one, is set aside.
    package func start() async throws {
        let file = try StoreFile(path: self.path, logger: self.logger)
        self.file.withLock { $0 = file }
    }

    package func health() async -> PluginHealth {
        self.file.withLock(\.self) == nil ? .failed("the file is not open") : .ok
    }

    package func stop() async {
        let file = self.file.withLock { $0.take() }
        await file?.close()
    }

    private func open() throws -> StoreFile {
        guard let file = self.file.withLock(\.self) else { throw PluginError.unavailable("the file is not open") }
        return file
    }

    // MARK: Reading

    package func registrations(_ receive: @Sendable ([StoredRegistration]) throws -> Void) async throws {
        let file = try self.open()
        var last: Int64 = 0
        while true {
            let (begin, limit) = (last, Self.page)
            let page = try await file.read { database in
                try StoredRegistration.page(after: begin, limit: limit, in: database)
            }
            if page.skipped > 0 {
                self.logger.warning("rows that make no sense are left alone", metadata: ["rows": "\(page.skipped)"])
            }
            if !page.rows.isEmpty { try receive(page.rows) }
            guard let end = page.last else { return }
            last = end
        }
    }

    private static let page = 1000

    package func wakeups() async throws -> [StoredWakeup] {
        try await self.open().read { try StoredWakeup.all(in: $0) }
    }

    package func snapshot() async throws -> [UInt8]? {
        try await self.open().read { database in
            try Row.fetchOne(database, sql: "SELECT bytes FROM snapshot").map { row in
                (row["bytes"] as Data).map { $0 }
            }
        }
    }

    // MARK: Writing

    package func commit(_ changes: [StoreChange]) async throws {
        try await self.open().write { database in
            for change in changes {
                try change.make(in: database)
            }
        }
    }

    package func keep(snapshot: [UInt8]?) async throws {
        try await self.open().write { database in
            if let snapshot {
                try database.cachedStatement(
                    sql:
                        "INSERT INTO snapshot(id, bytes) VALUES (1, ?) ON CONFLICT(id) DO UPDATE SET bytes = excluded.bytes"
                ).execute(arguments: [Data(snapshot)])
            } else {
                try database.execute(sql: "DELETE FROM snapshot")
            }
        }
    }
}
