/// Medians and percentiles of a handful or a million figures.
struct Statistics {
    private let sorted: [Double]

    init(_ values: [Double]) {
        self.sorted = values.filter(\.isFinite).sorted()
    }

    var count: Int { self.sorted.count }
    var least: Double { self.sorted.first ?? 0 }
    var most: Double { self.sorted.last ?? 0 }

    /// The figure in the middle, or what lies between the two in the middle.
    var median: Double {
        guard !self.sorted.isEmpty else { return 0 }
        return (self.sorted[(self.count - 1) / 2] + self.sorted[self.count / 2]) / 2
    }

    /// The least figure that so many per cent of all do not exceed.
    func percentile(_ percent: Double) -> Double {
        guard !self.sorted.isEmpty else { return 0 }
        let rank = Int((percent / 100 * Double(self.count)).rounded(.up))
        return self.sorted[min(max(rank, 1), self.count) - 1]
    }
}

extension Double {
    /// The figure with so many digits after the point.
    func text(_ digits: Int) -> String {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let scaled = (self * scale).rounded()
        guard scaled.magnitude < 1e15 else { return "\(self)" }
        let whole = Int(scaled)
        let sign = whole < 0 ? "-" : ""
        guard digits > 0 else { return "\(whole)" }
        let fraction = String(whole.magnitude % UInt(scale))
        let zeros = String(repeating: "0", count: digits - fraction.count)
        return "\(sign)\(whole.magnitude / UInt(scale)).\(zeros)\(fraction)"
    }
}
