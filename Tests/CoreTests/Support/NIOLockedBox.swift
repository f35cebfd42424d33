import NIOConcurrencyHelpers

/// A value that several threads may change, one after the other.
typealias NIOLockedBox = NIOLockedValueBox

extension NIOLockedValueBox {
    func withLock<Result>(_ change: (inout Value) throws -> Result) rethrows -> Result {
        try self.withLockedValue(change)
    }
}
