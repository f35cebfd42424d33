internal import StrictJSON

/// Durations and sizes, which carry their unit: `60` could be anything, `"60s"` cannot.
extension SettingsReader {
    /// A duration such as `"60s"`; missing it is a problem.
    public func duration(_ name: String, in range: ClosedRange<Duration> = .anyLength, summary: String) -> Duration {
        self.read(name, .duration(in: range), isRequired: true, summary: summary) { $0.asDuration(in: range) }
            ?? range.lowerBound
    }

    /// A duration such as `"60s"`.
    public func duration(
        _ name: String,
        default standard: Duration,
        in range: ClosedRange<Duration> = .anyLength,
        summary: String
    ) -> Duration {
        let written = JSONValue.string(WrittenDuration.text(of: standard))
        return self.read(name, .duration(in: range), standard: written, summary: summary) { $0.asDuration(in: range) }
            ?? standard
    }

    /// A number of bytes, written such as `"256KiB"`.
    public func size(_ name: String, default standard: Int, in range: ClosedRange<Int>, summary: String) -> Int {
        let written = JSONValue.string(WrittenSize.text(of: standard))
        return self.read(name, .size(in: range), standard: written, summary: summary) { $0.asSize(in: range) }
            ?? standard
    }
}

extension ClosedRange<Duration> {
    /// From nothing to a hundred years.
    public static var anyLength: ClosedRange<Duration> { .zero ... .seconds(100 * 365 * 86400) }
}

/// `250ms`, `60s`, `5m`, `1h`, `30d`.
package enum WrittenDuration {
    private static let units: [(suffix: String, milliseconds: Int64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60000), ("s", 1000), ("ms", 1),
    ]

    /// What the text says; `nil` when it is no duration or beyond all reason.
    package static func duration(_ text: String) -> Duration? {
        guard let (number, suffix) = splitQuantity(text),
            let unit = self.units.first(where: { $0.suffix == suffix })
        else { return nil }
        let (milliseconds, overflow) = number.multipliedReportingOverflow(by: unit.milliseconds)
        return overflow ? nil : .milliseconds(milliseconds)
    }

    /// In the largest unit of which there are several: people say 60 seconds, and 24 hours.
    package static func text(of duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        guard !overflow else { return "\(seconds)s" }
        let milliseconds = scaled + attoseconds / 1_000_000_000_000_000
        guard milliseconds != 0 else { return "0s" }
        let unit =
            self.units.first { unit in
                let count = milliseconds / unit.milliseconds
                return milliseconds % unit.milliseconds == 0 && (count > 1 || unit.suffix == "s")
            } ?? ("ms", 1)
        return "\(milliseconds / unit.milliseconds)\(unit.suffix)"
    }
}

/// `4096B`, `256KiB`, `1MiB`, `2GiB`.
package enum WrittenSize {
    private static let units: [(suffix: String, bytes: Int64)] = [
        ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1),
    ]

    /// What the text says, in bytes; `nil` when it is no size.
    package static func bytes(_ text: String) -> Int? {
        guard let (number, suffix) = splitQuantity(text),
            let unit = self.units.first(where: { $0.suffix == suffix })
        else { return nil }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: unit.bytes)
        return overflow ? nil : Int(exactly: bytes)
    }

    /// In the largest unit that leaves a whole number.
    package static func text(of bytes: Int) -> String {
        guard bytes != 0 else { return "0B" }
        let unit = self.units.first { Int64(bytes) % $0.bytes == 0 } ?? ("B", 1)
        return "\(Int64(bytes) / unit.bytes)\(unit.suffix)"
    }
}

/// Digits, and what follows them.
private func splitQuantity(_ text: String) -> (number: Int64, suffix: String)? {
    let digits = text.utf8.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    guard let number = Int64(String(decoding: digits, as: UTF8.self)) else { return nil }
    return (number, String(decoding: text.utf8.dropFirst(digits.count), as: UTF8.self))
}

extension SettingsShape {
    fileprivate static func duration(in range: ClosedRange<Duration>) -> SettingsShape {
        let bounds =
            range == .anyLength
            ? ""
            : " from \(WrittenDuration.text(of: range.lowerBound)) to \(WrittenDuration.text(of: range.upperBound))"
        return SettingsShape(
            expected: #"a duration such as "60s"\#(bounds)"#,
            schema: ["type": "string", "pattern": "^[0-9]+(ms|s|m|h|d)$"]
        )
    }

    fileprivate static func size(in range: ClosedRange<Int>) -> SettingsShape {
        let bounds = "from \(WrittenSize.text(of: range.lowerBound)) to \(WrittenSize.text(of: range.upperBound))"
        return SettingsShape(
            expected: #"a size such as "256KiB" \#(bounds)"#,
            schema: ["type": "string", "pattern": "^[0-9]+(B|KiB|MiB|GiB)$"]
        )
    }
}

extension JSONValue {
    fileprivate func asDuration(in range: ClosedRange<Duration>) -> SettingsReading<Duration> {
        guard case .string(let text) = self, let duration = WrittenDuration.duration(text), range.contains(duration)
        else { return .unexpected }
        return .good(duration)
    }

    fileprivate func asSize(in range: ClosedRange<Int>) -> SettingsReading<Int> {
        guard case .string(let text) = self, let bytes = WrittenSize.bytes(text), range.contains(bytes)
        else { return .unexpected }
        return .good(bytes)
    }
}
