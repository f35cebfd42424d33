internal import Foundation
internal import GRDB
internal import PluginAPI

extension DatabaseMigrator {
    /// All that was ever changed about the tables. What stands here is never edited: a change is a migration of its own.
    static var store: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: registrations, wakeups, snapshot") { database in
            try database.execute(
                sql: """
                    CREATE TABLE registration (
                        number INTEGER PRIMARY KEY,
                        identifierDigest BLOB NOT NULL,
                        username TEXT NOT NULL,
                        dialString TEXT NOT NULL,
                        displayName TEXT,
                        clientDescription TEXT,
                        notificationToken BLOB NOT NULL,
                        notificationURL TEXT,
                        quarantinedSince INTEGER,
                        absentSince INTEGER
                    ) STRICT;
                    CREATE TABLE wakeup (
                        tokenDigest BLOB PRIMARY KEY,
                        registration INTEGER NOT NULL REFERENCES registration(number) ON DELETE CASCADE,
                        end INTEGER NOT NULL
                    ) STRICT, WITHOUT ROWID;
                    CREATE INDEX wakeupOfRegistration ON wakeup(registration);
                    CREATE TABLE snapshot (id INTEGER PRIMARY KEY CHECK (id = 1), bytes BLOB NOT NULL) STRICT;
                    """
            )
        }
        return migrator
    }
}

extension StoreChange {
    /// Makes this change, within the transaction that is open.
    func make(in database: Database) throws {
        switch self {
        case .put(let registration):
            try database.cachedStatement(sql: Self.put).execute(arguments: [
                registration.number, Data(registration.identifierDigest), registration.username,
                registration.dialString, registration.displayName, registration.clientDescription,
                Data(registration.notificationToken), registration.notificationURL, registration.quarantinedSince,
                registration.absentSince,
            ])
        case .remove(let number):
            try database.cachedStatement(sql: "DELETE FROM registration WHERE number = ?").execute(arguments: [number])
        case .note(let wakeup):
            try database.cachedStatement(sql: Self.note).execute(arguments: [
                Data(wakeup.tokenDigest), wakeup.registration, wakeup.end, wakeup.registration,
            ])
        case .forget(let digest):
            try database.cachedStatement(sql: "DELETE FROM wakeup WHERE tokenDigest = ?")
                .execute(arguments: [Data(digest)])
        }
    }

    private static let put = """
        INSERT INTO registration(number, identifierDigest, username, dialString, displayName, clientDescription,
            notificationToken, notificationURL, quarantinedSince, absentSince)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT(number) DO UPDATE SET identifierDigest = excluded.identifierDigest, username = excluded.username,
            dialString = excluded.dialString, displayName = excluded.displayName,
            clientDescription = excluded.clientDescription, notificationToken = excluded.notificationToken,
            notificationURL = excluded.notificationURL, quarantinedSince = excluded.quarantinedSince,
            absentSince = excluded.absentSince
        """

    /// Nothing, for a registration that is gone.
    private static let note = """
        INSERT OR REPLACE INTO wakeup(tokenDigest, registration, end)
        SELECT ?, ?, ? WHERE EXISTS (SELECT 1 FROM registration WHERE number = ?)
        """
}

extension StoredRegistration {
    /// Some rows, and the number of the last; `nil` when there are no more.
    static func page(
        after number: Int64,
        limit: Int,
        in database: Database
    ) throws -> (rows: [StoredRegistration], skipped: Int, last: Int64?) {
        let statement = try database.cachedStatement(
            sql: """
                SELECT number, identifierDigest, username, dialString, displayName, clientDescription, notificationToken,
                    notificationURL, quarantinedSince, absentSince
                FROM registration WHERE number > ? ORDER BY number LIMIT ?
                """
        )
        var (rows, skipped, last): ([StoredRegistration], Int, Int64?) = ([], 0, nil)
        rows.reserveCapacity(limit)
        let cursor = try Row.fetchCursor(statement, arguments: [number, limit])
        while let row = try cursor.next() {
            last = row[0]
            if let registration = StoredRegistration(row) { rows.append(registration) } else { skipped += 1 }
        }
        return (rows, skipped, last)
    }

    private init?(_ row: Row) {
        let digest = Array(row[1] as Data)
        guard digest.count == 32 else { return nil }
        self.init(
            number: row[0],
            identifierDigest: digest,
            username: row[2],
            dialString: row[3],
            displayName: row[4],
            clientDescription: row[5],
            notificationToken: Array(row[6] as Data),
            notificationURL: row[7],
            quarantinedSince: row[8],
            absentSince: row[9]
        )
    }
}

extension StoredWakeup {
    static func all(in database: Database) throws -> [StoredWakeup] {
        try Row.fetchAll(database, sql: "SELECT tokenDigest, registration, end FROM wakeup").map { row in
            StoredWakeup(tokenDigest: Array(row[0] as Data), registration: row[1], end: row[2])
        }
    }
}
