package import CoreMetrics
internal import Synchronization

/// All metrics of the process, as a text for Prometheus.
///
/// They come from two sides. Owners of numbers hand over whole ``MetricFamily`` values when the text is asked for
/// (``collect(_:)``): nothing is counted twice, and nothing costs anything in between. Libraries count through
/// swift-metrics, whose backend this is: `MetricsSystem.bootstrap(registry)`.
package final class PrometheusRegistry: MetricsFactory, Sendable {
    package struct Limits: Sendable, Hashable {
        /// Of one metric. More are left out and counted, lest what comes from outside fill the memory (CVE-2021-21328).
        package var seriesPerMetric = 1000
        package var metrics = 1000

        package init() {}
    }

    /// What ``text()`` is, for the header of that name.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private struct RecordedFamily {
        let help: String
        let kind: MetricKind
        var series: [LabelSet: Entry] = [:]

        struct Entry {
            let series: any Series
            /// How many metrics of swift-metrics count by it. It goes when all are destroyed.
            var holders = 1
        }
    }

    private struct State {
        var families: [String: RecordedFamily] = [:]
        var collectors: [@Sendable () async -> [MetricFamily]] = []
        var dropped: UInt64 = 0
    }

    private let limits: Limits
    private let state = Mutex(State())

    package init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// Asks for families each time a text is wanted, in the order of these calls. Several texts may be wanted at once.
    package func collect(_ collector: @escaping @Sendable () async -> [MetricFamily]) {
        self.state.withLock { $0.collectors.append(collector) }
    }

    /// Everything in the text format, version 0.0.4.
    package func text() async -> String {
        let collectors = self.state.withLock { $0.collectors }
        var text = ExpositionText(mostSeries: self.limits.seriesPerMetric, mostFamilies: self.limits.metrics)
        for collector in collectors {
            for family in await collector() { text.add(family) }
        }
        let (families, dropped) = self.state.withLock { ($0.families, $0.dropped) }
        for (name, family) in families {
            text.add(
                name,
                help: family.help,
                kind: family.kind,
                family.series.map { (labels: LabelSet, entry) in (labels, entry.series.value) }
            )
        }
        let rendered = text.render(droppedBefore: dropped)
        let surplus = text.dropped
        self.state.withLock { $0.dropped &+= surplus }
        return rendered
    }

    // MARK: - What libraries count

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        self.series(label, .counter, dimensions, make: CounterSeries.init) ?? NOOPMetricsHandler.instance
    }

    package func makeFloatingPointCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        self.series(label, .counter, dimensions, make: CounterSeries.init) ?? NOOPMetricsHandler.instance
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        self.series(label, .gauge, dimensions, make: GaugeSeries.init) ?? NOOPMetricsHandler.instance
    }

    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        let recorder: (any RecorderHandler)? =
            if aggregate {
                self.series(label, .histogram, dimensions, make: DistributionSeries.init)
            } else {
                self.series(label, .gauge, dimensions, make: GaugeSeries.init)
            }
        return recorder ?? NOOPMetricsHandler.instance
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        self.series(label, .histogram, unit: "seconds", dimensions, make: LatencySeries.init)
            ?? NOOPMetricsHandler.instance
    }

    package func destroyCounter(_ handler: any CounterHandler) { self.release(handler) }
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { self.release(handler) }
    package func destroyMeter(_ handler: any MeterHandler) { self.release(handler) }
    package func destroyRecorder(_ handler: any RecorderHandler) { self.release(handler) }
    package func destroyTimer(_ handler: any TimerHandler) { self.release(handler) }

    /// The series of that name and labels, which all who ask for it share; `nil` when there can't be another, or when the
    /// name is that of something else.
    private func series<S: Series>(
        _ label: String,
        _ kind: MetricKind,
        unit: String? = nil,
        _ dimensions: [(String, String)],
        make: (String, LabelSet) -> S
    ) -> S? {
        let name = MetricNames.library(label, kind: kind, unit: unit)
        let labels = LabelSet(dimensions.map { (name: $0.0, value: $0.1) })
        return self.state.withLock { state in
            let made: S
            if let family = state.families[name] {
                if let entry = family.series[labels], let known = entry.series as? S {
                    state.families[name]?.series[labels]?.holders += 1
                    return known
                }
                guard family.kind == kind, family.series[labels] == nil,
                    family.series.count < self.limits.seriesPerMetric
                else {
                    state.dropped &+= 1
                    return nil
                }
                made = make(name, labels)
            } else {
                guard state.families.count < self.limits.metrics else {
                    state.dropped &+= 1
                    return nil
                }
                made = make(name, labels)
                state.families[name] = RecordedFamily(help: "Counted by a library as \(label).", kind: kind)
            }
            state.families[name]?.series[labels] = RecordedFamily.Entry(series: made)
            return made
        }
    }

    private func release(_ handler: any AnyObject & Sendable) {
        guard let series = handler as? any Series else { return }
        self.state.withLock { state in
            guard let entry = state.families[series.name]?.series[series.labels], entry.series === series else {
                return
            }
            if entry.holders > 1 {
                state.families[series.name]?.series[series.labels]?.holders -= 1
                return
            }
            state.families[series.name]?.series[series.labels] = nil
            if state.families[series.name]?.series.isEmpty == true { state.families[series.name] = nil }
        }
    }
}
