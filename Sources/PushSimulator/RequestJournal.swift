internal import NIOConcurrencyHelpers

/// What was asked of the simulator, in the order of the answers; tests wait for what they expect.
package final class RequestJournal: Sendable {
    private struct Waiting {
        let number: Int
        let matches: @Sendable (PushRequest) -> Bool
        let continuation: CheckedContinuation<PushRequest?, Never>
    }

    private struct State {
        var requests: [PushRequest] = []
        /// Numbers of requests that ``next(_:)`` has handed out.
        var taken: Set<Int> = []
        var waiting: [Waiting] = []
        var lastWaiting = 0
        var cancelled: Set<Int> = []
        var count = 0
        var lastNumber = 0
    }

    private let state = NIOLockedValueBox(State())
    private let limit: Int
    private let observer: (@Sendable (PushRequest) -> Void)?

    /// - Parameters:
    ///   - limit: How many requests are kept; the oldest are forgotten.
    ///   - observer: Sees each request as it is answered, on an event loop.
    init(limit: Int, observer: (@Sendable (PushRequest) -> Void)?) {
        self.limit = limit
        self.observer = observer
    }

    /// How many requests there were, forgotten ones included.
    package var count: Int { self.state.withLockedValue { $0.count } }

    /// The requests that are kept, whether handed out or not.
    package var requests: [PushRequest] { self.state.withLockedValue { $0.requests } }

    /// The requests to one endpoint.
    package func requests(to endpoint: PushRequest.Endpoint) -> [PushRequest] {
        self.requests.filter { $0.endpoint == endpoint }
    }

    /// The first request like that which has not been handed out yet; waits until it comes.
    ///
    /// - Throws: `CancellationError` when the task is cancelled first.
    package func next(
        where matches: @escaping @Sendable (PushRequest) -> Bool = { _ in true }
    ) async throws -> PushRequest {
        let number = self.state.withLockedValue { state in
            state.lastWaiting += 1
            return state.lastWaiting
        }
        let request = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                self.wait(Waiting(number: number, matches: matches, continuation: continuation))
            }
        } onCancel: {
            self.cancel(number)
        }
        guard let request else { throw CancellationError() }
        return request
    }

    /// As ``next(where:)``, of those to one endpoint.
    package func next(to endpoint: PushRequest.Endpoint) async throws -> PushRequest {
        try await self.next { $0.endpoint == endpoint }
    }

    /// The number of a request that begins.
    func nextNumber() -> Int {
        self.state.withLockedValue { state in
            state.lastNumber += 1
            return state.lastNumber
        }
    }

    func add(_ request: PushRequest) {
        let waiting: Waiting? = self.state.withLockedValue { state in
            state.count += 1
            state.requests.append(request)
            if state.requests.count > 2 * self.limit {
                // Half at once: not everything moves with every request.
                state.taken.subtract(state.requests.prefix(self.limit).map(\.number))
                state.requests.removeFirst(self.limit)
            }
            guard let index = state.waiting.firstIndex(where: { $0.matches(request) }) else { return nil }
            state.taken.insert(request.number)
            return state.waiting.remove(at: index)
        }
        self.observer?(request)
        waiting?.continuation.resume(returning: request)
    }

    private func wait(_ waiting: Waiting) {
        let (isOver, request): (Bool, PushRequest?) = self.state.withLockedValue { state in
            guard state.cancelled.remove(waiting.number) == nil else { return (true, nil) }
            let found = state.requests.first { !state.taken.contains($0.number) && waiting.matches($0) }
            if let found {
                state.taken.insert(found.number)
                return (true, found)
            }
            state.waiting.append(waiting)
            return (false, nil)
        }
        if isOver { waiting.continuation.resume(returning: request) }
    }

    private func cancel(_ number: Int) {
        let waiting: Waiting? = self.state.withLockedValue { state in
            guard let index = state.waiting.firstIndex(where: { $0.number == number }) else {
                // Before it waits.
                state.cancelled.insert(number)
                return nil
            }
            return state.waiting.remove(at: index)
        }
        waiting?.continuation.resume(returning: nil)
    }
}
