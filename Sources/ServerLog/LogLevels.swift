package import Logging
internal import Synchronization

/// What is logged, by label, while the server runs: a default, and exceptions from it.
///
/// Labels are paths with dots: `anynode.plugin.people` follows `anynode.plugin`, which follows `anynode`, which follows
/// the default. Every handler holds the `Threshold` of its label, so that to suppress a message is to read one atomic.
package final class LogLevels: Sendable {
    /// All levels at one moment.
    package struct Snapshot: Sendable, Equatable {
        /// The level of labels that neither have one of their own nor follow one that has.
        package var standard: Logger.Level
        /// The levels of some labels, and of those that follow them.
        package var labels: [String: Logger.Level]

        package init(standard: Logger.Level = .info, labels: [String: Logger.Level] = [:]) {
            self.standard = standard
            self.labels = labels
        }

        /// The level that holds for a label.
        package func level(of label: String) -> Logger.Level {
            var path = label[...]
            while true {
                if let level = self.labels[String(path)] { return level }
                guard let dot = path.lastIndex(of: ".") else { return self.standard }
                path = path[..<dot]
            }
        }
    }

    /// The level of one label, shared by all handlers of it.
    final class Threshold: Sendable {
        private let rank: Atomic<UInt8>

        init(_ level: Logger.Level) {
            self.rank = Atomic(level.rank)
        }

        var level: Logger.Level {
            get { Logger.Level(rank: self.rank.load(ordering: .relaxed)) }
            set { self.rank.store(newValue.rank, ordering: .relaxed) }
        }
    }

    private struct State {
        var snapshot: Snapshot
        var thresholds: [String: Threshold] = [:]
    }

    private let state: Mutex<State>

    package init(_ snapshot: Snapshot = Snapshot()) {
        self.state = Mutex(State(snapshot: snapshot))
    }

    /// What holds now. Setting it replaces all levels at once, as a configuration that was read again does.
    package var levels: Snapshot {
        get { self.state.withLock { $0.snapshot } }
        set { self.change { $0 = newValue } }
    }

    /// Sets the default.
    package func setLevel(_ level: Logger.Level) {
        self.change { $0.standard = level }
    }

    /// Sets the level of a label and of those that follow it, or with `nil` lets it follow again.
    package func setLevel(_ level: Logger.Level?, label: String) {
        self.change { $0.labels[label] = level }
    }

    /// The level that holds for a label.
    package func level(of label: String) -> Logger.Level {
        self.state.withLock { $0.snapshot.level(of: label) }
    }

    /// The threshold of a label, the same one for all who ask. Labels come from our code, so there are few.
    func threshold(of label: String) -> Threshold {
        self.state.withLock { state in
            if let threshold = state.thresholds[label] { return threshold }
            let threshold = Threshold(state.snapshot.level(of: label))
            state.thresholds[label] = threshold
            return threshold
        }
    }

    private func change(_ change: (inout Snapshot) -> Void) {
        self.state.withLock { state in
            change(&state.snapshot)
            for (label, threshold) in state.thresholds { threshold.level = state.snapshot.level(of: label) }
        }
    }
}

extension Logger.Level {
    /// From 0 for `trace` to 6 for `critical`.
    fileprivate var rank: UInt8 {
        switch self {
        case .trace: 0
        case .debug: 1
        case .info: 2
        case .notice: 3
        case .warning: 4
        case .error: 5
        case .critical: 6
        }
    }

    fileprivate init(rank: UInt8) {
        switch rank {
        case 0: self = .trace
        case 1: self = .debug
        case 2: self = .info
        case 3: self = .notice
        case 4: self = .warning
        case 5: self = .error
        default: self = .critical
        }
    }
}
