import Foundation
import Logging
import PluginAPI
import SQLiteStore
import StrictJSON
import Testing

@Suite("SQLite store")
struct SQLiteStoreTests {
    private let folder = TemporaryFolder()
    private let recorder = LogRecorder()

    private var path: String { "\(self.folder.path)/data/store.sqlite" }

    private var log: String { self.recorder.entries.map(\.text).joined(separator: "\n") }

    private func store() throws -> SQLiteStorePlugin {
        let settings = try PluginFixture.settings(SQLiteStorePlugin.self, ["path": .string(self.path)])
        let context = PluginContext(name: "store", logger: self.recorder.logger, baseDirectory: self.folder.path)
        return SQLiteStorePlugin(settings: settings, context: context)
    }

    /// Opens it, and says why not.
    private func problem() async throws -> String {
        let store = try self.store()
        do {
            try await store.start()
            await store.stop()
            return ""
        } catch PluginError.unavailable(let problem) {
            return problem
        }
    }

    @Test("Conformance")
    func conformance() async throws {
        try await checkStoreConformance(SQLiteStorePlugin.self, settings: ["path": .string(self.path)])
    }

    @Test(
        "Settings: a path, or none",
        arguments: [([:], ""), (["path": ""], "/path"), (["path": 1], "/path")] as [(JSONValue, String)]
    )
    func settings(json: JSONValue, place: String) {
        let reader = SettingsReader(json, at: "", baseDirectory: "/base")
        let settings = SQLiteStoreSettings(from: reader)
        #expect(reader.problems.first?.pointer ?? "" == place)
        if place.isEmpty { #expect(settings.path == nil) }
    }

    @Test("Nobody else can read what is in it, from the very first moment")
    func permissions() async throws {
        let old = umask(0)
        defer { umask(old) }
        let store = try self.store()
        try await store.start()
        try await store.commit([.put(StoreSample.registration(1))])
        let files = try FileManager.default.contentsOfDirectory(atPath: "\(self.folder.path)/data")
        #expect(files.contains("store.sqlite") && files.contains("store.sqlite-wal"))
        for file in files {
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(self.folder.path)/data/\(file)")
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600, "\(file)")
        }
        let attributes = try FileManager.default.attributesOfItem(atPath: "\(self.folder.path)/data")
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o700)
        await store.stop()
    }

    @Test("A second server on the same file is refused; the first is unharmed (F15)")
    func second() async throws {
        let first = try self.store()
        try await first.start()
        #expect(try await self.problem() == "another server uses this store: it has locked \(self.path).lock")
        try await first.commit([.put(StoreSample.registration(1))])
        await first.stop()
        #expect(try await self.problem() == "")
    }

    @Test(
        "A file that is broken is set aside, and a new one begun; nothing of it is lost (F3)",
        arguments: ["garbage", "empty", "cut", "overwritten"]
    )
    func corrupt(how: String) async throws {
        let store = try self.store()
        try await store.start()
        try await store.commit((1...500).map { .put(StoreSample.registration($0)) })
        await store.stop()
        let url = URL(filePath: self.path)
        var bytes = Array(try Data(contentsOf: url))
        switch how {
        case "garbage": bytes = Array(repeating: 0x55, count: 100_000)
        case "empty": bytes = []
        case "cut": bytes.removeLast(bytes.count / 2 + 100)
        default: for index in 4096..<12_000 { bytes[index] = 0xFF }
        }
        try Data(bytes).write(to: url)
        let again = try self.store()
        try await again.start()
        // What is empty is as good as new.
        if how != "empty" {
            let files = try FileManager.default.contentsOfDirectory(atPath: "\(self.folder.path)/data")
            let aside = try #require(files.first { $0.contains(".corrupt-") })
            #expect(Array(try Data(contentsOf: URL(filePath: "\(self.folder.path)/data/\(aside)"))) == bytes)
            #expect(self.log.contains("set aside"))
        }
        #expect(try await StoreSample.all(of: again).isEmpty)
        try await again.commit([.put(StoreSample.registration(1))])
        await again.stop()
    }

    @Test("A file of a newer version is left alone")
    func newer() async throws {
        let store = try self.store()
        try await store.start()
        await store.stop()
        try await self.sql("INSERT INTO grdb_migrations(identifier) VALUES ('999: from the future')")
        let before = try Data(contentsOf: URL(filePath: self.path))
        let problem = try await self.problem()
        #expect(problem.contains("was written by a newer version of the server"))
        #expect(try Data(contentsOf: URL(filePath: self.path)) == before)
    }

    @Test("Rows that make no sense are left alone, and the others are read")
    func nonsense() async throws {
        let store = try self.store()
        try await store.start()
        try await store.commit((1...3).map { .put(StoreSample.registration($0)) })
        await store.stop()
        try await self.sql("UPDATE registration SET identifierDigest = x'00' WHERE number = 2")
        let again = try self.store()
        try await again.start()
        #expect(try await StoreSample.all(of: again).map(\.number) == [1, 3])
        #expect(self.log.contains("rows that make no sense"))
        await again.stop()
    }

    @Test("A folder that can't be made, or is a file, is said in words")
    func noFolder() async throws {
        try self.folder.write("in the way", to: "data")
        let problem = try await self.problem()
        #expect(problem.contains("\(self.folder.path)/data"), "\(problem)")
    }

    @Test("A full disk: commits fail in words, nothing half is there, and it goes on when there is room again")
    func full() async throws {
        let mount = "\(self.folder.path)/data"
        try FileManager.default.createDirectory(atPath: mount, withIntermediateDirectories: true)
        // Not everybody may mount; then a quota in the file itself has to do.
        do {
            try await ChildProcess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", mount])
        } catch {
            // Only root may, and not everywhere.
            return
        }
        defer { umount2(mount, Int32(MNT_DETACH)) }
        let store = try self.store()
        try await store.start()
        try await store.commit([.put(StoreSample.registration(1))])
        let filler = URL(filePath: "\(mount)/filler")
        #expect(FileManager.default.createFile(atPath: filler.path, contents: nil))
        let handle = try FileHandle(forWritingTo: filler)
        while (try? handle.write(contentsOf: Data(repeating: 1, count: 4096))) != nil {}
        try handle.close()
        let many = (2...2000).map { StoreChange.put(StoreSample.registration($0)) }
        do {
            try await store.commit(many)
            Issue.record("a full disk took it")
        } catch PluginError.unavailable(let problem) {
            #expect(problem.contains("full") || problem.contains("I/O"), "\(problem)")
        }
        #expect(try await StoreSample.all(of: store).count == 1)
        try FileManager.default.removeItem(at: filler)
        try await store.commit([.put(StoreSample.registration(2))])
        #expect(try await StoreSample.all(of: store).count == 2)
        await store.stop()
    }

    @Test("The log does not grow for ever")
    func checkpoints() async throws {
        let store = try self.store()
        try await store.start()
        for round in 0..<300 {
            try await store.commit((1...50).map { .put(StoreSample.registration(Int64(round * 50 + $0))) })
        }
        let log = try FileManager.default.attributesOfItem(atPath: "\(self.path)-wal")[.size] as? NSNumber
        #expect((log?.intValue ?? .max) < 16 << 20)
        await store.stop()
        #expect(!FileManager.default.fileExists(atPath: "\(self.path)-wal"))
    }

    private func sql(_ statement: String) async throws {
        let program = "import sqlite3,sys;d=sqlite3.connect(sys.argv[1]);d.execute(sys.argv[2]);d.commit();d.close()"
        try await ChildProcess.run(["python3", "-c", program, self.path, statement])
    }
}
