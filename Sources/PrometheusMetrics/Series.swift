internal import CoreMetrics
internal import Synchronization

/// A series that code we don't own counts by, through swift-metrics. It knows its place in the registry.
protocol Series: AnyObject, Sendable {
    var name: String { get }
    var labels: LabelSet { get }
    var value: MetricValue { get }
}

/// A counter, by whole or by broken numbers. What would make it fall is ignored.
final class CounterSeries: Series, CounterHandler, FloatingPointCounterHandler {
    let name: String
    let labels: LabelSet
    private let whole = Atomic<UInt64>(0)
    private let broken = AtomicNumber()

    init(name: String, labels: LabelSet) {
        self.name = name
        self.labels = labels
    }

    func increment(by amount: Int64) {
        guard amount > 0 else { return }
        self.whole.wrappingAdd(UInt64(amount), ordering: .relaxed)
    }

    func increment(by amount: Double) {
        guard amount > 0 else { return }
        self.broken.add(amount)
    }

    func reset() {
        self.whole.store(0, ordering: .relaxed)
        self.broken.set(0)
    }

    var value: MetricValue {
        let whole = self.whole.load(ordering: .relaxed)
        let broken = self.broken.value
        return broken == 0 ? .count(whole) : .number(Double(whole) + broken)
    }
}

/// The latest of what was recorded, or where a meter stands.
final class GaugeSeries: Series, RecorderHandler, MeterHandler {
    let name: String
    let labels: LabelSet
    private let level = AtomicNumber()

    init(name: String, labels: LabelSet) {
        self.name = name
        self.labels = labels
    }

    func record(_ value: Int64) { self.level.set(Double(value)) }
    func record(_ value: Double) { self.level.set(value) }
    func set(_ value: Int64) { self.level.set(Double(value)) }
    func set(_ value: Double) { self.level.set(value) }
    func increment(by amount: Double) { self.level.add(amount) }
    func decrement(by amount: Double) { self.level.add(-amount) }

    var value: MetricValue { .number(self.level.value) }
}

/// Sizes of which the distribution matters: in buckets by powers of four.
final class DistributionSeries: Series, RecorderHandler {
    private static let bounds: [Double] = (0...12).map { Double(1 << (2 * $0)) }

    let name: String
    let labels: LabelSet
    private let snapshot = Mutex(
        HistogramSnapshot(bounds: bounds, counts: Array(repeating: 0, count: bounds.count), sum: 0, count: 0)
    )

    init(name: String, labels: LabelSet) {
        self.name = name
        self.labels = labels
    }

    func record(_ value: Int64) { self.record(Double(value)) }

    func record(_ value: Double) {
        guard value.isFinite else { return }
        self.snapshot.withLock { snapshot in
            if let bucket = snapshot.bounds.firstIndex(where: { value <= $0 }) { snapshot.counts[bucket] &+= 1 }
            snapshot.sum += value
            snapshot.count &+= 1
        }
    }

    var value: MetricValue { .histogram(self.snapshot.withLock { $0 }) }
}

/// How long something takes.
final class LatencySeries: Series, TimerHandler {
    let name: String
    let labels: LabelSet
    private let histogram = Mutex(LatencyHistogram())

    init(name: String, labels: LabelSet) {
        self.name = name
        self.labels = labels
    }

    func recordNanoseconds(_ duration: Int64) {
        let nanoseconds = UInt64(max(duration, 0))
        self.histogram.withLock { $0.note(nanoseconds: nanoseconds) }
    }

    var value: MetricValue { .histogram(self.histogram.withLock { $0 }.snapshot) }
}

/// A floating-point number that several threads may change.
final class AtomicNumber: Sendable {
    private let bits = Atomic<UInt64>(0)

    var value: Double { Double(bitPattern: self.bits.load(ordering: .relaxed)) }

    func set(_ value: Double) { self.bits.store(value.bitPattern, ordering: .relaxed) }

    /// Nothing happens when the amount is not finite: the number would be lost for ever.
    func add(_ amount: Double) {
        guard amount.isFinite else { return }
        var bits = self.bits.load(ordering: .relaxed)
        while true {
            let sum = (Double(bitPattern: bits) + amount).bitPattern
            let (exchanged, original) = self.bits.weakCompareExchange(expected: bits, desired: sum, ordering: .relaxed)
            if exchanged { return }
            bits = original
        }
    }
}
