@testable import PrometheusMetrics

/// Every metric of the server, with numbers made up: what `promtool`, the alerts and the dashboard are tested with as long as
/// no server is at hand. The list is that of docs/metrics.md.
enum SampleMetrics {
    static let families: [MetricFamily] =
        counters + gauges + histograms
        + ProcessMetrics.families(
            status: ProcessStatus(
                stat: Array("42 (a) S 1 42 42 0 -1 0 0 0 0 0 250 50 0 0 20 0 9 0 12345 1073741824 5000".utf8)
            ),
            bootTime: 1_700_000_000,
            openDescriptors: 12,
            mostDescriptors: 1024,
            ticksPerSecond: 100,
            pageSize: 4096
        )

    private static let counters: [MetricFamily] = [
        family("calls_started_total", .counter, []),
        family("calls_refused_total", .counter, [("reason", "overload")]),
        family("calls_ended_total", .counter, [("reason", "normal")]),
        family("messages_received_total", .counter, [("operation", "signaling"), ("action", "start")]),
        family("messages_sent_total", .counter, []),
        family("messages_discarded_total", .counter, []),
        family("handshakes_total", .counter, [("outcome", "accepted")]),
        family("connections_accepted_total", .counter, []),
        family("connections_closed_total", .counter, [("code", "1000")]),
        family("registrations_created_total", .counter, []),
        family("registrations_ended_total", .counter, [("reason", "normal")]),
        family("pushes_total", .counter, [("plugin", "fcm"), ("outcome", "accepted")]),
        family(
            "plugin_questions_total",
            .counter,
            [("plugin", "hostile \"name\" \\ \n\u{202E}"), ("question", "wake"), ("outcome", "accepted")]
        ),
        family("plugin_cache_total", .counter, [("plugin", "ldap"), ("result", "hit")]),
        family("admin_requests_total", .counter, [("method", "system.info"), ("outcome", "ok")]),
        family("events_lost_total", .counter, []),
        family("log_lines_dropped_total", .counter, []),
    ]

    private static let gauges: [MetricFamily] = [
        family("build_info", .gauge, [("version", "1.0.0")]),
        family("registrations", .gauge, [("state", "connected")]),
        family("connections", .gauge, []),
        family("calls", .gauge, [("state", "connected")]),
        family("push_queue_length", .gauge, []),
        family("pushes_in_flight", .gauge, []),
        family("plugin_health", .gauge, [("plugin", "ldap"), ("status", "ok")]),
        family("store_pending", .gauge, []),
        family("event_loop_lag_seconds", .gauge, [("loop", "0")]),
        family("draining", .gauge, []),
    ]

    private static let histograms: [MetricFamily] = [
        family("call_setup_seconds", .histogram, [], latencies),
        family("call_answer_seconds", .histogram, [], latencies),
        family("wake_to_ring_seconds", .histogram, [], latencies),
        family("plugin_question_seconds", .histogram, [("plugin", "ldap"), ("question", "username")], latencies),
    ]

    private static var latencies: MetricValue {
        var histogram = LatencyHistogram()
        for milliseconds in [1, 20, 300, 4000, 500_000] { histogram.note(.milliseconds(milliseconds)) }
        return .histogram(histogram.snapshot)
    }

    private static func family(
        _ name: String,
        _ kind: MetricKind,
        _ labels: [(name: String, value: String)],
        _ value: MetricValue = 1
    ) -> MetricFamily {
        let help = "Sample of \(name)."
        return MetricFamily(
            name: "anynode_" + name,
            help: help,
            kind: kind,
            samples: [.init(labels: labels, value: value)]
        )
    }
}
