/// What has become of the questions to one plugin since it was made.
package struct PluginStatistics: Sendable, Equatable {
    /// What was asked.
    package enum Question: String, Sendable, CaseIterable {
        case username
        case dialString
        case authenticate
        case wake
        case callOff
        case load
        case commit
        case snapshot
    }

    /// What became of it. A fixed set: names of metrics never come from outside.
    package enum Outcome: String, Sendable, CaseIterable {
        case found, missing
        case accepted, refused, notMine
        /// Of a push: its client is unknown to the messaging service.
        case gone
        /// Of a push: there were too many.
        case throttled
        /// Of a push: an operator must act.
        case misconfigured
        /// The plugin failed.
        case unavailable
        /// It was late.
        case deadline
        /// What it knows contradicts itself.
        case inconsistent
        /// It was not asked, since it kept failing.
        case breaker
        /// It was not asked, since too many questions were open.
        case bound
        /// Whoever asked has given up.
        case cancelled
    }

    /// How the cache before a directory did.
    package enum CacheResult: String, Sendable, CaseIterable {
        case hit
        case miss
        /// Somebody else was asking the same.
        case joined
        /// Served although it was old, since the directory failed.
        case stale
    }

    /// How long questions took that the plugin was asked.
    package struct Latencies: Sendable, Equatable {
        /// Upper bounds of the buckets; what took longer is in none.
        package static let bounds: [Duration] = [
            .milliseconds(1), .microseconds(2500), .milliseconds(5), .milliseconds(10), .milliseconds(25),
            .milliseconds(50), .milliseconds(100), .milliseconds(250), .milliseconds(500), .seconds(1),
            .milliseconds(2500), .seconds(5),
        ]

        /// How many were no longer than each bound, and longer than the one before.
        package private(set) var buckets = Array(repeating: 0, count: Self.bounds.count)
        package private(set) var count = 0
        package private(set) var sum = Duration.zero

        mutating func note(_ duration: Duration) {
            self.count += 1
            self.sum += duration
            if let index = Self.bounds.firstIndex(where: { duration <= $0 }) { self.buckets[index] += 1 }
        }

        mutating func add(_ other: Latencies) {
            self.count += other.count
            self.sum += other.sum
            for (index, number) in other.buckets.enumerated() { self.buckets[index] += number }
        }

        /// The bound below which this share of all questions lies; `nil` when it is beyond the last, or there were none.
        package func percentile(_ share: Double) -> Duration? {
            let wanted = share * Double(self.count)
            guard self.count > 0 else { return nil }
            var seen = 0
            for (bound, number) in zip(Self.bounds, self.buckets) {
                seen += number
                if Double(seen) >= wanted { return bound }
            }
            return nil
        }
    }

    package init() {}

    private var outcomes: [Question: [Outcome: Int]] = [:]
    private var latencies: [Question: Latencies] = [:]
    private var cache: [CacheResult: Int] = [:]

    package func count(of question: Question, _ outcome: Outcome) -> Int { self.outcomes[question]?[outcome] ?? 0 }
    package func latencies(of question: Question) -> Latencies { self.latencies[question] ?? Latencies() }
    package func count(of result: CacheResult) -> Int { self.cache[result] ?? 0 }

    /// - Parameter duration: `nil` when the plugin was not asked.
    mutating func note(_ question: Question, _ outcome: Outcome, after duration: Duration?) {
        self.outcomes[question, default: [:]][outcome, default: 0] += 1
        if let duration { self.latencies[question, default: Latencies()].note(duration) }
    }

    mutating func note(_ result: CacheResult) {
        self.cache[result, default: 0] += 1
    }

    /// How long answers take and what went wrong, in words for an operator: `99 % within 25 ms; 3 unavailable, 1 deadline`.
    package var summary: String {
        var all = Latencies()
        for latencies in self.latencies.values { all.add(latencies) }
        var parts: [String] = []
        if all.count > 0 {
            let bound =
                all.percentile(0.99).map { "within \($0)" } ?? "beyond \(Latencies.bounds[Latencies.bounds.count - 1])"
            parts.append("99 % of \(all.count) questions \(bound)")
        }
        let faults = [Outcome.unavailable, .deadline, .inconsistent, .breaker, .bound].compactMap { outcome in
            let count = Question.allCases.reduce(0) { $0 + self.count(of: $1, outcome) }
            return count > 0 ? "\(count) \(outcome.rawValue)" : nil
        }
        if !faults.isEmpty { parts.append(faults.joined(separator: ", ")) }
        return parts.joined(separator: "; ")
    }
}
