internal import PluginAPI
import Telephony

/// What is still to be stored: of each thing the last word, however often it has changed meanwhile.
struct PendingChanges: Sendable {
    /// Told whether everything noted so far is durable; on any thread.
    typealias Waiter = @Sendable (_ isStored: Bool) -> Void

    private struct Change: Sendable {
        var number: UInt64
        var change: StoreChange
    }

    private var registrations: [Int64: Change] = [:]
    private var wakeups: [[UInt8]: Change] = [:]
    private var waiters: [Waiter] = []

    var isEmpty: Bool { self.registrations.isEmpty && self.wakeups.isEmpty && self.waiters.isEmpty }
    var hasWaiters: Bool { !self.waiters.isEmpty }
    var count: Int { self.registrations.count + self.wakeups.count }

    /// - Parameter number: Counts all changes in the order in which they were decided, which need not be that in which they
    ///   get here.
    mutating func note(_ change: StoreChange, number: UInt64) {
        switch change {
        case .put(let registration): self.note(change, number, as: registration.number)
        case .remove(let record): self.note(change, number, as: record)
        case .note(let wakeup): self.note(change, number, as: wakeup.tokenDigest)
        case .forget(let digest): self.note(change, number, as: digest)
        }
    }

    private mutating func note(_ change: StoreChange, _ number: UInt64, as record: Int64) {
        if let known = self.registrations[record], known.number > number { return }
        self.registrations[record] = Change(number: number, change: change)
    }

    private mutating func note(_ change: StoreChange, _ number: UInt64, as digest: [UInt8]) {
        if let known = self.wakeups[digest], known.number > number { return }
        self.wakeups[digest] = Change(number: number, change: change)
    }

    mutating func wait(_ waiter: @escaping Waiter) {
        self.waiters.append(waiter)
    }

    /// Takes out everything; registrations come first, since wakeups refer to them.
    mutating func takeAll() -> Batch {
        defer { self = PendingChanges() }
        return Batch(
            registrations: self.registrations.values.map { ($0.number, $0.change) },
            wakeups: self.wakeups.values.map { ($0.number, $0.change) },
            waiters: self.waiters
        )
    }

    /// Puts back what could not be stored, as far as nothing newer has come meanwhile. Nobody waits for it any more.
    mutating func putBack(_ batch: Batch) {
        for (number, change) in batch.registrations + batch.wakeups {
            self.note(change, number: number)
        }
    }

    struct Batch: Sendable {
        fileprivate let registrations: [(number: UInt64, change: StoreChange)]
        fileprivate let wakeups: [(number: UInt64, change: StoreChange)]
        let waiters: [Waiter]

        var changes: [StoreChange] { self.registrations.map(\.change) + self.wakeups.map(\.change) }
    }
}
