import Testing

@testable import PrometheusMetrics

@Suite("How long things take")
struct LatencyHistogramTests {
    @Test(
        "A bound belongs to its bucket, and a nanosecond more to the next",
        arguments: LatencyHistogram.bounds.indices
    )
    func bounds(_ index: Int) {
        let bound = Duration.nanoseconds(Int64((LatencyHistogram.bounds[index] * 1e9).rounded()))
        var histogram = LatencyHistogram()
        histogram.note(bound)
        #expect(histogram.snapshot.counts.firstIndex(of: 1) == index)
        histogram.note(bound + .nanoseconds(1))
        let above = histogram.snapshot.counts.lastIndex(of: 1)
        #expect(above == (index + 1 < LatencyHistogram.bounds.count ? index + 1 : index))
        #expect(histogram.count == 2)
    }

    @Test(
        "Durations in nanoseconds, rounded up, within what a clock can say",
        arguments: [
            (.zero, 0), (.seconds(-5), 0), (.nanoseconds(-1), 0), (.nanoseconds(1), 1), (.seconds(2), 2_000_000_000),
            (Duration(secondsComponent: 0, attosecondsComponent: 1), 1), (.seconds(Int64.max), .max),
            (Duration(secondsComponent: .max, attosecondsComponent: 999_999_999_999_999_999), .max),
            (Duration(secondsComponent: .min, attosecondsComponent: 0), 0),
        ] as [(Duration, UInt64)]
    )
    func nanoseconds(_ duration: Duration, _ expected: UInt64) {
        #expect(LatencyHistogram.nanoseconds(in: duration) == expected)
    }

    @Test("The sum comes to an end rather than begin anew")
    func saturation() {
        var histogram = LatencyHistogram()
        histogram.note(.seconds(Int64.max))
        histogram.note(.seconds(1))
        #expect(histogram.snapshot.sum == Double(UInt64.max) / 1e9)
        #expect(histogram.count == 2)
    }

    @Test("Two put together are as if one had counted")
    func merge() {
        var (left, right, both) = (LatencyHistogram(), LatencyHistogram(), LatencyHistogram())
        for milliseconds in [0, 1, 3, 40, 900, 7_000, 500_000] {
            left.note(.milliseconds(milliseconds))
            right.note(.milliseconds(milliseconds * 2))
            both.note(.milliseconds(milliseconds))
            both.note(.milliseconds(milliseconds * 2))
        }
        left.merge(right)
        #expect(left.snapshot == both.snapshot)
        #expect(left.count == 14)
    }

    @Test("Two are equal when they counted the same")
    func equality() {
        var (left, right) = (LatencyHistogram(), LatencyHistogram())
        left.note(.seconds(1))
        #expect(left != right)
        right.note(.seconds(1))
        #expect(left == right)
        left.note(.milliseconds(900))
        left.note(.milliseconds(20))
        right.note(.milliseconds(20))
        right.note(.milliseconds(900))
        #expect(left == right)
    }

    @Test(
        "Quantiles as Prometheus estimates them",
        arguments: [
            ([0, 0, 0], 0, 0.5, nil), ([4, 0, 0], 4, 0.5, 0.5), ([0, 4, 0], 4, 0.5, 1.5), ([0, 4, 0], 4, 0, 1),
            ([2, 0, 2], 4, 0.5, 1), ([2, 0, 2], 4, 0.75, 3), ([2, 0, 2], 4, 1, 4), ([1, 1, 1], 30, 0.99, 4),
            ([0, 0, 0], 5, 0.5, 4), ([4, 0, 0], 4, 7, 1), ([4, 0, 0], 4, -7, 0), ([4, 0, 0], 4, .nan, nil),
        ] as [([UInt64], UInt64, Double, Double?)]
    )
    func quantiles(_ counts: [UInt64], _ count: UInt64, _ part: Double, _ expected: Double?) {
        let snapshot = HistogramSnapshot(bounds: [1, 2, 4], counts: counts, sum: 0, count: count)
        #expect(snapshot.quantile(part) == expected)
    }

    @Test("In the text, buckets hold all that was no longer, and the last one everything")
    func text() async {
        var histogram = LatencyHistogram()
        for milliseconds in [1, 2, 40, 999_999] { histogram.note(.milliseconds(milliseconds)) }
        let snapshot = histogram.snapshot
        let registry = PrometheusRegistry()
        registry.collect {
            [
                MetricFamily(
                    name: "anynode_call_setup_seconds",
                    help: "Setup.",
                    kind: .histogram,
                    samples: [.init(labels: [("plugin", "ldap")], value: .histogram(snapshot))]
                )
            ]
        }
        let lines = await registry.text().split(separator: "\n").filter { $0.hasPrefix("anynode_call_setup") }
        #expect(lines.count == LatencyHistogram.bounds.count + 3)
        #expect(lines.contains(#"anynode_call_setup_seconds_bucket{plugin="ldap",le="0.0005"} 0"#))
        #expect(lines.contains(#"anynode_call_setup_seconds_bucket{plugin="ldap",le="0.001"} 1"#))
        #expect(lines.contains(#"anynode_call_setup_seconds_bucket{plugin="ldap",le="0.0025"} 2"#))
        #expect(lines.contains(#"anynode_call_setup_seconds_bucket{plugin="ldap",le="0.05"} 3"#))
        #expect(lines.contains(#"anynode_call_setup_seconds_bucket{plugin="ldap",le="120"} 3"#))
        #expect(
            lines.suffix(3) == [
                #"anynode_call_setup_seconds_bucket{plugin="ldap",le="+Inf"} 4"#,
                #"anynode_call_setup_seconds_sum{plugin="ldap"} 1000.042"#,
                #"anynode_call_setup_seconds_count{plugin="ldap"} 4"#,
            ]
        )
    }

    @Test("Parts that are more than the whole, since they were read later, are the whole")
    func torn() {
        let torn = HistogramSnapshot(bounds: [1, 2], counts: [3, 4], sum: 9, count: 5)
        #expect(torn.cumulative.buckets == [3, 7])
        #expect(torn.cumulative.all == 7)
        let full = HistogramSnapshot(bounds: [1, 2], counts: [.max, 1], sum: 9, count: 5)
        #expect(full.cumulative.buckets == [.max, .max])
    }

    @Test(
        "What makes no sense as a histogram is left out",
        arguments: [
            HistogramSnapshot(bounds: [1], counts: [], sum: 0, count: 0),
            HistogramSnapshot(bounds: [], counts: [1], sum: 0, count: 1),
            HistogramSnapshot(bounds: [2, 1], counts: [0, 0], sum: 0, count: 0),
            HistogramSnapshot(bounds: [1, 1], counts: [0, 0], sum: 0, count: 0),
            HistogramSnapshot(bounds: [1, .infinity], counts: [0, 0], sum: 0, count: 0),
            HistogramSnapshot(bounds: [.nan], counts: [0], sum: 0, count: 0),
        ]
    )
    func inconsistent(_ snapshot: HistogramSnapshot) async {
        let registry = PrometheusRegistry()
        registry.collect {
            [MetricFamily(name: "anynode_x", help: "X.", kind: .histogram, value: .histogram(snapshot))]
        }
        let text = await registry.text()
        #expect(!text.contains("anynode_x"))
        #expect(text.contains("anynode_metrics_dropped_series_total 1\n"))
    }
}
