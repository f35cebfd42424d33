extension Double {
    /// Without a fraction where there is none, else with up to three places.
    package var short: String {
        if let whole = Int(exactly: self) { return String(whole) }
        guard let thousandths = Int(exactly: (self * 1000).rounded()) else { return String(self) }
        let magnitude = thousandths.magnitude
        let digits = String(magnitude % 1000)
        var fraction = String(repeating: "0", count: 3 - digits.count) + digits
        while fraction.last == "0" { fraction.removeLast() }
        return (thousandths < 0 ? "-" : "") + String(magnitude / 1000) + (fraction.isEmpty ? "" : "." + fraction)
    }

    /// A number of seconds in its two largest units, such as `3 d 4 h`.
    package var duration: String {
        guard self >= 0, let seconds = Int(exactly: self.rounded(.down)) else { return "\(self.short) s" }
        let units = [("d", 86400), ("h", 3600), ("min", 60), ("s", 1)]
        guard let first = units.firstIndex(where: { seconds >= $0.1 }) else { return "0 s" }
        let (name, size) = units[first]
        let major = "\(seconds / size) \(name)"
        guard first + 1 < units.count else { return major }
        let (minorName, minorSize) = units[first + 1]
        let minor = seconds % size / minorSize
        return minor == 0 ? major : "\(major) \(minor) \(minorName)"
    }
}

extension String {
    /// An RFC 3339 time as people read it, `2026-11-23 15:04:05Z`; anything else as it is.
    package var timeText: String {
        let bytes = Array(self.utf8)
        guard bytes.count >= 20, bytes[10] == UInt8(ascii: "T"), bytes.last == UInt8(ascii: "Z"),
            bytes[13] == UInt8(ascii: ":")
        else { return self }
        let date = String(decoding: bytes[..<10], as: UTF8.self)
        return "\(date) \(String(decoding: bytes[11..<19], as: UTF8.self))Z"
    }
}
