internal import PluginAPI

/// A question under way, and who waits for its answer.
///
/// - Important: Belongs to its client's thread.
final class LDAPRequest {
    enum Operation: Sendable {
        case search(LDAPSearch)
        case bind(name: String, password: Secret)
    }

    /// Counts up; older ones go first.
    let number: Int
    let operation: Operation
    let begun: Duration
    let limit: Duration
    private let continuation: CheckedContinuation<LDAPAnswer, any Error>?
    private var isRepetition = false

    /// - Parameter continuation: `nil` when nobody waits: a question asked for its own sake.
    init(
        number: Int,
        operation: Operation,
        begun: Duration,
        limit: Duration,
        continuation: CheckedContinuation<LDAPAnswer, any Error>?
    ) {
        self.number = number
        self.operation = operation
        self.begun = begun
        self.limit = limit
        self.continuation = continuation
    }

    /// The same question for another connection; `nil` when it can't be asked a second time, or has been.
    func again() -> LDAPRequest? {
        if self.isRepetition || self.continuation == nil { return nil }
        // A page's cookie means nothing on another connection.
        if case .search(let search) = self.operation, search.page?.cookie != nil { return nil }
        self.isRepetition = true
        return self
    }

    // Each request is in one place at a time, and leaves it by one of these.

    func succeed(_ answer: LDAPAnswer) { self.continuation?.resume(returning: answer) }
    func fail(_ failure: LDAPFailure) { self.continuation?.resume(throwing: failure) }
    func cancel() { self.continuation?.resume(throwing: CancellationError()) }

    /// What was asked for.
    var attributes: LDAPAttributes {
        switch self.operation {
        case .search(let search): search.attributes
        case .bind: .none
        }
    }
}
