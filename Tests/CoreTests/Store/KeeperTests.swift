import Logging
import PluginAPI
import Synchronization
import Testing

@testable import Core

@Suite("What is still to be stored")
struct PendingChangesTests {
    private func put(_ number: Int64, _ name: String) -> StoreChange {
        .put(
            StoredRegistration(
                number: number,
                identifierDigest: [],
                username: name,
                dialString: "100",
                notificationToken: []
            )
        )
    }

    @Test("Of each thing the last word counts, in whatever order the words come")
    func lastWord() {
        var pending = PendingChanges()
        pending.note(self.put(1, "new"), number: 5)
        pending.note(self.put(1, "old"), number: 3)
        pending.note(self.put(2, "two"), number: 4)
        pending.note(.remove(registration: 2), number: 6)
        pending.note(.note(StoredWakeup(tokenDigest: [1], registration: 1, end: 0)), number: 7)
        pending.note(.forget(tokenDigest: [2]), number: 8)
        let changes = pending.takeAll().changes
        #expect(changes.count == 4)
        #expect(Set(changes.prefix(2)) == [self.put(1, "new"), .remove(registration: 2)])
        #expect(pending.isEmpty)
    }

    @Test("What could not be stored comes back, unless something newer has come meanwhile")
    func putBack() {
        var pending = PendingChanges()
        pending.note(self.put(1, "first"), number: 1)
        pending.note(self.put(2, "first"), number: 2)
        let batch = pending.takeAll()
        pending.note(self.put(1, "second"), number: 3)
        pending.putBack(batch)
        #expect(Set(pending.takeAll().changes) == [self.put(1, "second"), self.put(2, "first")])
    }
}

@Suite("Writing behind")
struct KeeperTests {
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    private let contents = MemoryStore.Contents()

    private func put(_ number: Int64) -> StoreChange {
        .put(
            StoredRegistration(
                number: number,
                identifierDigest: Array(repeating: 0, count: 32),
                username: "user",
                dialString: "100",
                notificationToken: []
            )
        )
    }

    private func stored(_ keeper: RegistrationKeeper, _ changes: [(number: UInt64, change: StoreChange)]) async -> Bool
    {
        await withCheckedContinuation { continuation in
            keeper.note(changes) { continuation.resume(returning: $0) }
        }
    }

    @Test("Who waits hears it when it is stored, and many changes are one commit")
    func waits() async {
        let keeper = MemoryStore(self.contents).keeper(logger: Self.logger)
        await keeper.start()
        let isStored = await self.stored(keeper, (1...1000).map { (UInt64($0), self.put(Int64($0))) })
        #expect(isStored)
        #expect(self.contents.registrations.count == 1000)
        let commits = self.contents.state.withLock(\.commits)
        #expect(commits <= 2)
        await keeper.stop()
    }

    @Test("What fails is told so, kept, and stored when that is possible again; health says how it is")
    func fails() async throws {
        let keeper = MemoryStore(self.contents).keeper(logger: Self.logger)
        await keeper.start()
        self.contents.fail("no space left on device")
        let isStored = await self.stored(keeper, [(1, self.put(1))])
        #expect(!isStored)
        #expect(await keeper.health() == .degraded("what changes is not stored: no space left on device"))
        self.contents.fail(nil)
        try await withTimeLimit {
            while self.contents.registrations.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        }
        try await withTimeLimit {
            while await keeper.health() != .ok { try await Task.sleep(for: .milliseconds(5)) }
        }
        await keeper.stop()
    }

    @Test("A stop writes what is left, and nobody who waits is forgotten")
    func stop() async {
        let keeper = MemoryStore(self.contents).keeper(logger: Self.logger)
        await keeper.start()
        keeper.note([(1, self.put(1))])
        async let late = self.stored(keeper, [(2, self.put(2))])
        await keeper.stop()
        _ = await late
        #expect(self.contents.registrations.contains { $0.number == 1 })
        let isStored = await self.stored(keeper, [(3, self.put(3))])
        #expect(!isStored)
    }

    @Test("Before it is opened, and when it can't be, nothing is stored and everybody is told")
    func closed() async {
        let keeper = MemoryStore(self.contents).keeper(logger: Self.logger)
        let isStored = await self.stored(keeper, [(1, self.put(1))])
        #expect(!isStored)
        #expect(!keeper.isOpen)
        let (wakeups, snapshot) = await keeper.load { _ in }
        #expect(wakeups.isEmpty && snapshot == nil)
    }
}
