internal import NIOConcurrencyHelpers

/// What the simulator answers instead of success. Only a request that is in order gets a scripted answer: a wrong one is told
/// what is wrong with it, and uses nothing of the script up.
package final class AnswerScript: Sendable {
    private struct State {
        var next: [PushRequest.Endpoint: [SimulatedAnswer]] = [:]
        var always: [PushRequest.Endpoint: SimulatedAnswer] = [:]
        var targets: [String: SimulatedAnswer] = [:]
        var nextOfTarget: [String: [SimulatedAnswer]] = [:]
    }

    private let state = NIOLockedValueBox(State())

    init() {}

    /// Answers the next requests to an endpoint in this way, one after the other.
    package func next(_ answers: SimulatedAnswer..., at endpoint: PushRequest.Endpoint) {
        self.state.withLockedValue { $0.next[endpoint, default: []].append(contentsOf: answers) }
    }

    /// Answers the next requests for a token or channel in this way, one after the other.
    package func next(_ answers: SimulatedAnswer..., to target: String) {
        self.state.withLockedValue { $0.nextOfTarget[target, default: []].append(contentsOf: answers) }
    }

    /// Answers every request to an endpoint in this way from now on; `nil` ends that.
    package func always(_ answer: SimulatedAnswer?, at endpoint: PushRequest.Endpoint) {
        self.state.withLockedValue { $0.always[endpoint] = answer }
    }

    /// Answers every request for a token or channel in this way from now on; `nil` ends that.
    package func always(_ answer: SimulatedAnswer?, to target: String) {
        self.state.withLockedValue { $0.targets[target] = answer }
    }

    /// Forgets all of it.
    package func clear() {
        self.state.withLockedValue { $0 = State() }
    }

    /// The narrower comes first, and what is for a number of requests before what is for all.
    func take(_ endpoint: PushRequest.Endpoint, _ target: String?) -> SimulatedAnswer? {
        self.state.withLockedValue { state in
            if let target {
                if let answer = Self.removeFirst(&state.nextOfTarget[target]) { return answer }
                if let answer = state.targets[target] { return answer }
            }
            return Self.removeFirst(&state.next[endpoint]) ?? state.always[endpoint]
        }
    }

    private static func removeFirst(_ answers: inout [SimulatedAnswer]?) -> SimulatedAnswer? {
        guard let first = answers?.first else { return nil }
        answers?.removeFirst()
        return first
    }
}
