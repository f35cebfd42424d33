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

    // MARK: Prometheus

    /// The text exposition format of Prometheus, version 0.0.4; all numbers only ever grow.
    package static func prometheusText(_ plugins: [(name: String, statistics: PluginStatistics)]) -> String {
        var lines = [
            "# HELP anynode_plugin_questions_total Questions to plugins, by what became of them.",
            "# TYPE anynode_plugin_questions_total counter",
        ]
        for (name, statistics) in plugins {
            for question in Question.allCases {
                for (outcome, count) in statistics.outcomes[question, default: [:]].sorted(by: {
                    $0.key.rawValue < $1.key.rawValue
                }) {
                    let labels =
                        #"plugin="\#(Self.escaped(name))",question="\#(question.rawValue)",outcome="\#(outcome.rawValue)""#
                    lines.append("anynode_plugin_questions_total{\(labels)} \(count)")
                }
            }
        }
        lines += [
            "# HELP anynode_plugin_question_seconds How long plugins took.",
            "# TYPE anynode_plugin_question_seconds histogram",
        ]
        for (name, statistics) in plugins {
            for question in Question.allCases {
                guard let latencies = statistics.latencies[question] else { continue }
                let labels = #"plugin="\#(Self.escaped(name))",question="\#(question.rawValue)""#
                var seen = 0
                for (bound, number) in zip(Latencies.bounds, latencies.buckets) {
                    seen += number
                    lines.append(
                        #"anynode_plugin_question_seconds_bucket{\#(labels),le="\#(bound.seconds)"} \#(seen)"#
                    )
                }
                lines.append(#"anynode_plugin_question_seconds_bucket{\#(labels),le="+Inf"} \#(latencies.count)"#)
                lines.append("anynode_plugin_question_seconds_sum{\(labels)} \(latencies.sum.seconds)")
                lines.append("anynode_plugin_question_seconds_count{\(labels)} \(latencies.count)")
            }
        }
        lines += [
            "# HELP anynode_plugin_cache_total Answers of the cache before a directory.",
            "# TYPE anynode_plugin_cache_total counter",
        ]
        for (name, statistics) in plugins {
            for result in CacheResult.allCases {
                guard let count = statistics.cache[result] else { continue }
                lines.append(
                    #"anynode_plugin_cache_total{plugin="\#(Self.escaped(name))",result="\#(result.rawValue)"} \#(count)"#
                )
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func escaped(_ label: String) -> String {
        label.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}

extension Duration {
    fileprivate var seconds: Double {
        Double(self.components.seconds) + Double(self.components.attoseconds) / 1e18
    }
}
