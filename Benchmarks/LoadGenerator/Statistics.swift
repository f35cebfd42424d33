/// Medians and percentiles of a handful or a million figures.
struct Statistics {
    private let sorted: [Double]

    init(_ values: [Double]) {
        self.sorted = values.sorted()
    }

    var count: Int { self.sorted.count }
    var median: Double { self.percentile(50) }

    func percentile(_ percent: Double) -> Double {
        guard !self.sorted.isEmpty else { return 0 }
        let rank = Int((percent / 100 * Double(self.sorted.count - 1)).rounded())
        return self.sorted[min(max(rank, 0), self.sorted.count - 1)]
    }

    /// `median (min … max)`
    func summary(digits: Int = 2) -> String {
        "\(self.median.text(digits)) (\(self.percentile(0).text(digits)) … \(self.percentile(100).text(digits)))"
    }
}

extension Double {
    func text(_ digits: Int) -> String {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let scaled = (self * scale).rounded()
        guard scaled.magnitude < 1e15 else { return "\(self)" }
        let whole = Int(scaled)
        guard digits > 0 else { return "\(whole)" }
        let fraction = String(whole.magnitude % UInt(scale))
        let zeros = String(repeating: "0", count: digits - fraction.count)
        return "\(whole < 0 ? "-" : "")\(whole.magnitude / UInt(scale)).\(zeros)\(fraction)"
    }
}
