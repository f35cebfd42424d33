import Synchronization

/// A number that many tasks count up.
final class Tally: Sendable {
    private let number = Mutex(0)

    var count: Int { self.number.withLock { $0 } }

    func countUp() {
        self.number.withLock { $0 += 1 }
    }
}
