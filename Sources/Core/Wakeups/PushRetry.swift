/// When a push that failed is tried once more: soon, then later each time, and never so late that its client could not come
/// in time.
struct PushRetry: Sendable, Hashable {
    /// How long a client needs to come, once the push has left.
    static let travel = Duration.seconds(1)
    private static let mostTries = 4
    private static let firstPause = Duration.milliseconds(500)

    private var tries = 1

    /// - Parameters:
    ///   - asked: How long the messaging service asks to wait (`Retry-After`).
    ///   - remaining: How long the call waits for its client.
    ///   - chance: Between 0 and 1: so that many that failed together are not tried together.
    /// - Returns: `nil` when it is not worth while.
    mutating func pause(asked: Duration?, remaining: Duration, chance: Double) -> Duration? {
        guard self.tries < Self.mostTries else { return nil }
        let pause = Self.firstPause * (1 << (self.tries - 1))
        let chosen = max(asked ?? .zero, pause * (0.5 + min(max(chance, 0), 1) / 2))
        guard chosen + Self.travel <= remaining else { return nil }
        self.tries += 1
        return chosen
    }
}
