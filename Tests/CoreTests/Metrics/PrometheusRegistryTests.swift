import CoreMetrics
import Metrics
import Testing

@testable import PrometheusMetrics

private func values(_ registry: PrometheusRegistry) async -> [String] {
    await registry.text().split(separator: "\n").map(String.init)
        .filter { !$0.hasPrefix("#") && !$0.hasPrefix("anynode_metrics_dropped") }
}

private func dropped(_ registry: PrometheusRegistry) async -> String? {
    await registry.text().split(separator: "\n").last { $0.hasPrefix("anynode_metrics_dropped") }
        .flatMap { $0.split(separator: " ").last.map(String.init) }
}

@Suite("What libraries count by swift-metrics")
struct PrometheusRegistryTests {
    @Test("A counter counts, in whole and in broken numbers, and never falls")
    func counter() async {
        let registry = PrometheusRegistry()
        let counter = Counter(label: "nio.tasks", dimensions: [("loop", "1")], factory: registry)
        counter.increment()
        counter.increment(by: 41)
        counter.increment(by: -7)
        #expect(await values(registry) == [#"anynode_nio_tasks_total{loop="1"} 42"#])

        let broken = FloatingPointCounter(label: "nio.tasks", dimensions: [("loop", "1")], factory: registry)
        broken.increment(by: 0.5)
        broken.increment(by: -3)
        broken.increment(by: Double.nan)
        broken.increment(by: Double.infinity)
        #expect(await values(registry) == [#"anynode_nio_tasks_total{loop="1"} 42.5"#])

        counter.reset()
        #expect(await values(registry) == [#"anynode_nio_tasks_total{loop="1"} 0"#])
    }

    @Test("A gauge shows the latest, a meter where it stands")
    func gauges() async {
        let registry = PrometheusRegistry()
        let gauge = Gauge(label: "anynode_connections", factory: registry)
        gauge.record(3)
        gauge.record(2.5)
        let meter = Meter(label: "pool/size", factory: registry)
        meter.set(10)
        meter.increment(by: 2.5)
        meter.decrement(by: 5)
        meter.increment(by: Double.nan)
        #expect(await values(registry) == ["anynode_connections 2.5", "anynode_pool_size 7.5"])
    }

    @Test("A recorder makes a distribution")
    func recorder() async {
        let registry = PrometheusRegistry()
        let recorder = Recorder(label: "frame.size", factory: registry)
        for size in [1, 4, 5, 1 << 30] { recorder.record(size) }
        recorder.record(Double.nan)
        let lines = await values(registry)
        #expect(lines.contains(#"anynode_frame_size_bucket{le="1"} 1"#))
        #expect(lines.contains(#"anynode_frame_size_bucket{le="4"} 2"#))
        #expect(lines.contains(#"anynode_frame_size_bucket{le="16"} 3"#))
        #expect(lines.contains(#"anynode_frame_size_bucket{le="+Inf"} 4"#))
        #expect(lines.contains("anynode_frame_size_count 4"))
        #expect(lines.contains("anynode_frame_size_sum \((1 << 30) + 10)"))
    }

    @Test("A timer makes a distribution in seconds")
    func timer() async {
        let registry = PrometheusRegistry()
        let timer = Timer(label: "db.query", factory: registry)
        timer.recordMilliseconds(20)
        timer.recordSeconds(3)
        timer.recordNanoseconds(-1)
        let lines = await values(registry)
        #expect(lines.contains(#"anynode_db_query_seconds_bucket{le="0.025"} 2"#))
        #expect(lines.contains(#"anynode_db_query_seconds_bucket{le="5"} 3"#))
        #expect(lines.contains("anynode_db_query_seconds_sum 3.02"))
        #expect(lines.contains("anynode_db_query_seconds_count 3"))
    }

    @Test("The same name and labels, in whatever order, are the same series until all who have it destroy it")
    func shared() async {
        let registry = PrometheusRegistry()
        let one = Counter(label: "a", dimensions: [("x", "1"), ("y", "2")], factory: registry)
        let other = Counter(label: "a", dimensions: [("y", "2"), ("x", "1")], factory: registry)
        one.increment()
        other.increment()
        #expect(await values(registry) == [#"anynode_a_total{x="1",y="2"} 2"#])
        one.destroy()
        #expect(await values(registry) == [#"anynode_a_total{x="1",y="2"} 2"#])
        other.destroy()
        #expect(await values(registry) == [])
        other.destroy()
        let third = Counter(label: "a", dimensions: [("x", "1"), ("y", "2")], factory: registry)
        third.increment()
        other.destroy()
        #expect(await values(registry) == [#"anynode_a_total{x="1",y="2"} 1"#])
    }

    @Test("A name that is taken by something else counts for nothing, and traps nothing")
    func conflict() async {
        let registry = PrometheusRegistry()
        let gauge = Gauge(label: "a_total", factory: registry)
        gauge.record(1)
        let counter = Counter(label: "a", factory: registry)
        counter.increment()
        counter.destroy()
        #expect(await values(registry) == ["anynode_a_total 1"])
        #expect(await dropped(registry) == "1")
    }

    @Test("Labels that come from outside fill neither the memory nor the text")
    func bound() async {
        let registry = PrometheusRegistry()
        for number in 0..<5000 {
            Counter(label: "requests", dimensions: [("path", "/\(number)")], factory: registry).increment()
        }
        #expect(await values(registry).count == 1000)
        #expect(await dropped(registry) == "4000")
        // Those that are there go on.
        Counter(label: "requests", dimensions: [("path", "/0")], factory: registry).increment()
        #expect(await values(registry).contains(#"anynode_requests_total{path="/0"} 2"#))
        #expect(await dropped(registry) == "4000")
    }

    @Test("Names that come from outside don't either")
    func metricBound() async {
        let registry = PrometheusRegistry()
        for number in 0..<1500 { Gauge(label: "x\(number)", factory: registry).record(1) }
        #expect(await values(registry).count == 1000)
        #expect(await dropped(registry) == "500")
    }

    @Test("Increments on many threads all count, while texts are made")
    func concurrency() async {
        let registry = PrometheusRegistry()
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for number in 0..<2000 {
                        Counter(label: "c", dimensions: [("n", "\(number % 7)")], factory: registry).increment()
                        FloatingPointCounter(label: "f", factory: registry).increment(by: 0.5)
                        Meter(label: "m", factory: registry).increment(by: 1)
                        Timer(label: "t", factory: registry).recordMilliseconds(1)
                        if number % 500 == 0 { Recorder(label: "r\(task)", factory: registry).record(1) }
                    }
                }
                group.addTask {
                    for _ in 0..<20 { #expect(await registry.text().hasSuffix("\n")) }
                }
            }
        }
        let lines = await values(registry)
        let counts = lines.filter { $0.hasPrefix("anynode_c_total") }.compactMap { $0.split(separator: " ").last }
        #expect(counts.compactMap { Int($0) }.reduce(0, +) == 16_000)
        #expect(lines.contains("anynode_f_total 8000"))
        #expect(lines.contains("anynode_m 16000"))
        #expect(lines.contains("anynode_t_seconds_count 16000"))
        #expect(await dropped(registry) == "0")
    }

    @Test("Owners are asked anew for each text")
    func collectors() async {
        let registry = PrometheusRegistry()
        let gauge = Meter(label: "asked", factory: registry)
        registry.collect {
            gauge.increment()
            return [MetricFamily(name: "anynode_one", help: "One.", kind: .gauge, value: 1)]
        }
        registry.collect { [MetricFamily(name: "anynode_two", help: "Two.", kind: .gauge, value: 2)] }
        #expect(await values(registry) == ["anynode_asked 1", "anynode_one 1", "anynode_two 2"])
        #expect(await values(registry) == ["anynode_asked 2", "anynode_one 1", "anynode_two 2"])
    }
}
