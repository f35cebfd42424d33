internal import Foundation
internal import GRDB
internal import Logging
internal import PluginAPI

/// The open file: nobody else has it open, and what a transaction has written survives the machine.
final class StoreFile: Sendable {
    private let database: DatabaseQueue
    private let lock: FileLock

    /// - Throws: ``PluginError/unavailable(_:)``, in words for an operator.
    init(path: String, logger: Logger) throws {
        try Self.makeFolder(of: path)
        self.lock = try FileLock(path: path + ".lock")
        do {
            self.database = try Self.open(path)
        } catch let error as DatabaseError where error.saysCorrupt {
            let aside = try Self.setAside(path)
            logger.error(
                "the store is no database, or a broken one: it is set aside, and a new one begun",
                metadata: ["file": .string(path), "aside": .string(aside), "problem": .string(error.inWords)]
            )
            do {
                self.database = try Self.open(path)
            } catch {
                throw PluginError.unavailable("\(path): \(error.inWords)")
            }
        } catch let error as PluginError {
            throw error
        } catch {
            throw PluginError.unavailable("\(path): \(error.inWords)")
        }
    }

    private static func open(_ path: String) throws -> DatabaseQueue {
        // Made before SQLite could make it: what it holds is nobody's but ours, also for the moment until a chmod.
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw PluginError.unavailable("\(path): \(String(cString: strerror(errno)))") }
        Glibc.close(descriptor)
        var configuration = Configuration()
        configuration.label = "store"
        configuration.prepareDatabase { database in
            // Nobody else may open it, so the index of the write-ahead log needs no file of its own.
            try database.execute(sql: "PRAGMA locking_mode = EXCLUSIVE")
            try database.execute(sql: "PRAGMA journal_mode = WAL")
            try database.execute(sql: "PRAGMA synchronous = FULL")
            try database.execute(sql: "PRAGMA journal_size_limit = 67108864")
        }
        let database = try DatabaseQueue(path: path, configuration: configuration)
        let migrator = DatabaseMigrator.store
        try database.write { database in
            let known = try String.fetchOne(database, sql: "PRAGMA quick_check(1)")
            guard known == "ok" else { throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: known) }
            guard try !migrator.hasBeenSuperseded(database) else {
                throw PluginError.unavailable("\(path) was written by a newer version of the server; it is left alone")
            }
        }
        try migrator.migrate(database)
        return database
    }

    private static func makeFolder(of path: String) throws {
        let folder = URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false)
        do {
            try FileManager.default.createDirectory(
                atPath: folder,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw PluginError.unavailable("\(folder): \(String(cString: strerror(errno)))")
        }
    }

    /// Gives a broken file, with its log, another name.
    private static func setAside(_ path: String) throws -> String {
        let time = Date().formatted(.iso8601.dateSeparator(.omitted).timeSeparator(.omitted))
        let aside = "\(path).corrupt-\(time)"
        for suffix in ["-wal", "-shm", ""] {
            guard rename(path + suffix, aside + suffix) == 0 || errno == ENOENT else {
                throw PluginError.unavailable("\(path) can't be set aside: \(String(cString: strerror(errno)))")
            }
        }
        return aside
    }

    // MARK: Use

    func read<Value: Sendable>(_ read: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        do {
            return try await self.database.read(read)
        } catch {
            throw PluginError.unavailable(error.inWords)
        }
    }

    /// One transaction, durable when it returns.
    func write<Value: Sendable>(_ write: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        do {
            return try await self.database.write(write)
        } catch {
            throw PluginError.unavailable(error.inWords)
        }
    }

    /// Puts the log into the file, and lets others have it.
    func close() async {
        _ = try? await self.database.writeWithoutTransaction { database in
            try database.checkpoint(.truncate)
        }
        try? self.database.close()
        self.lock.release()
    }
}

extension DatabaseError {
    fileprivate var saysCorrupt: Bool {
        self.resultCode == .SQLITE_CORRUPT || self.resultCode == .SQLITE_NOTADB
    }
}

extension Error {
    /// What an operator needs to know, without the statement and its values.
    fileprivate var inWords: String {
        switch self as any Error {
        case let error as DatabaseError: "\(error.message ?? "error") (SQLite \(error.extendedResultCode.rawValue))"
        case PluginError.unavailable(let words): words
        default: String(describing: self)
        }
    }
}
