import PluginAPI
import StrictJSON
import Synchronization
import Testing

/// The contract of a store as a test: call it with settings under which it finds nothing at first, and the same each time.
func checkStoreConformance<Kind: StorePlugin>(
    _ kind: Kind.Type,
    settings json: JSONValue,
    baseDirectory: String = "."
) async throws {
    try await PluginFixture.checkLife(kind, json, baseDirectory: baseDirectory)
    /// What another process would find.
    @discardableResult
    func reopened<Value: Sendable>(_ use: (Kind) async throws -> Value) async throws -> Value {
        let store = try PluginFixture.make(kind, json, baseDirectory: baseDirectory)
        try await store.start()
        let value = try await use(store)
        await store.stop()
        return value
    }

    // Nothing at first.
    try await reopened { store in
        #expect(try await StoreSample.all(of: store).isEmpty)
        #expect(try await store.wakeups().isEmpty)
        #expect(try await store.snapshot() == nil)
        // Changes of what is unknown are harmless.
        try await store.commit([
            .remove(registration: 7), .forget(tokenDigest: StoreSample.digest(7)),
            .note(StoredWakeup(tokenDigest: StoreSample.digest(8), registration: 8, end: 1)),
        ])
        #expect(try await store.wakeups().isEmpty)
    }

    // Everything comes back as it was, in order of the numbers, however odd it is.
    let odd = StoredRegistration(
        number: .max,
        identifierDigest: StoreSample.digest(255),
        username: "'; DROP TABLE registration; -- é\u{301} \u{1F4DE}",
        dialString: "+49*#",
        displayName: "",
        clientDescription: String(repeating: "x", count: 256),
        notificationToken: Array(#"{"service":"wns","channelUri":"https://…"}"#.utf8),
        notificationURL: "https://app.example/?a=b&c='\"",
        quarantinedSince: .min,
        absentSince: 0
    )
    let many = (1...2500).map { StoreSample.registration(Int64($0)) }
    try await reopened { store in
        try await store.commit([.put(odd)] + many.reversed().map { .put($0) })
    }
    try await reopened { store in
        let all = try await StoreSample.all(of: store)
        #expect(all == many + [odd])
    }

    // The last word counts.
    var changed = many[0]
    changed.absentSince = 12
    changed.displayName = nil
    let wakeups = (1...3).map {
        StoredWakeup(tokenDigest: StoreSample.digest($0), registration: Int64($0 / 2 + 1), end: 99)
    }
    try await reopened { store in
        try await store.commit([.put(changed)] + wakeups.map { .note($0) })
        try await store.commit([.remove(registration: 2), .forget(tokenDigest: StoreSample.digest(1))])
        try await store.commit([])
    }
    try await reopened { store in
        let (all, left) = try await (StoreSample.all(of: store), store.wakeups())
        #expect(all.prefix(2) == [changed, many[2]])
        // Those of a registration that was removed went with it.
        #expect(left.isEmpty)
    }

    // Snapshots.
    let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    for snapshot in [bytes, [], [0], nil] as [[UInt8]?] {
        try await reopened { try await $0.keep(snapshot: snapshot) }
        let found = try await reopened { try await $0.snapshot() }
        #expect(found == snapshot)
    }

    // Reading that is broken off says so.
    try await reopened { store in
        await #expect(throws: (any Error).self) {
            try await store.registrations { _ in throw CancellationError() }
        }
    }
}

/// What is stored in tests.
enum StoreSample {
    static func digest(_ number: Int) -> [UInt8] {
        (0..<32).map { UInt8(truncatingIfNeeded: number >> (8 * ($0 % 4))) }
    }

    static func registration(_ number: Int64) -> StoredRegistration {
        StoredRegistration(
            number: number,
            identifierDigest: self.digest(Int(number)),
            username: "user\(number)",
            dialString: "\(1000 + number)",
            displayName: "User \(number)",
            clientDescription: "test",
            notificationToken: Array("\"token-\(number)\"".utf8),
            notificationURL: "https://app.example/",
            absentSince: number % 2 == 0 ? number : nil
        )
    }

    /// All registrations, in the order in which they are handed over.
    static func all(of store: some StorePlugin) async throws -> [StoredRegistration] {
        let all = Mutex<[StoredRegistration]>([])
        try await store.registrations { page in
            all.withLock { $0 += page }
        }
        return all.withLock(\.self)
    }
}
