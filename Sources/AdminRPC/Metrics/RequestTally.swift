import PrometheusMetrics
import Synchronization

/// How often each method was called, and how that ended. On any thread.
package final class RequestTally: Sendable {
    private struct Key: Hashable {
        let method: String
        let outcome: String
    }

    private let counts = Mutex<[Key: Int]>([:])

    package init() {}

    /// - Parameter method: One that exists; names from outside never get here.
    func note(_ method: String, _ error: RPCError?) {
        let outcome = error.map { $0.code == 1006 ? "forbidden" : "error" } ?? "ok"
        self.counts.withLock { $0[Key(method: method, outcome: outcome), default: 0] += 1 }
    }

    var family: MetricFamily {
        let counts = self.counts.withLock { $0 }.sorted {
            ($0.key.method, $0.key.outcome) < ($1.key.method, $1.key.outcome)
        }
        return MetricFamily(
            name: "anynode_admin_requests_total",
            help: "Requests of the admin API.",
            kind: .counter,
            samples: counts.map { key, count in
                .init(labels: [("method", key.method), ("outcome", key.outcome)], value: .count(count))
            }
        )
    }
}
