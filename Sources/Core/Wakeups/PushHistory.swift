internal import Synchronization
package import Telephony

/// What became of one push.
package struct PushRecord: Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        case wake
        case cancel
        /// An operator's, for no call.
        case test
    }

    package enum Outcome: String, Sendable, CaseIterable {
        case accepted, rejected, failed, gone, throttled, misconfigured
    }

    /// Counts all pushes, from 1 on.
    package internal(set) var number = 0
    package let moment: Moment
    package let registration: RegistrationID
    package let dialString: DialString?
    package let plugin: String?
    package let call: CallID?
    package let kind: Kind
    package let outcome: Outcome
    package let problem: String?
    /// How long the messaging service took; `nil` where nobody waited for it.
    package let latency: Duration?
}

/// The last pushes. On any thread.
package final class PushHistory: Sendable {
    /// How many are remembered.
    package static let capacity = 1000

    /// By notifier and outcome.
    package struct Count: Sendable, Hashable {
        package let plugin: String
        package let outcome: PushRecord.Outcome
        package let count: Int
    }

    private struct Key: Hashable {
        let plugin: String
        let outcome: PushRecord.Outcome
    }

    private struct State {
        var records: [PushRecord] = []
        var count = 0
        var counts: [Key: Int] = [:]
        var onNews: (@Sendable (PushRecord) -> Void)?
    }

    private let state = Mutex(State())

    init() {}

    func note(_ record: PushRecord) {
        let (onNews, record) = self.state.withLock { state in
            var record = record
            state.count += 1
            record.number = state.count
            state.counts[Key(plugin: record.plugin ?? "none", outcome: record.outcome), default: 0] += 1
            let place = (state.count - 1) % Self.capacity
            if state.records.count < Self.capacity {
                state.records.append(record)
            } else {
                state.records[place] = record
            }
            return (state.onNews, record)
        }
        onNews?(record)
    }

    /// The newest first; those of before a number.
    package func records(before number: Int = .max) -> [PushRecord] {
        self.state.withLock(\.records).filter { $0.number < number }.sorted { $0.number > $1.number }
    }

    package var counts: [Count] {
        self.state.withLock(\.counts).map { Count(plugin: $0.key.plugin, outcome: $0.key.outcome, count: $0.value) }
            .sorted { ($0.plugin, $0.outcome.rawValue) < ($1.plugin, $1.outcome.rawValue) }
    }

    /// Tells each further push, on whatever thread.
    package func follow(_ onNews: (@Sendable (PushRecord) -> Void)?) {
        self.state.withLock { $0.onNews = onNews }
    }
}
