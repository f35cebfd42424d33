/// References into a JSON document (RFC 6901).
package enum JSONPointer {
    /// A name as it stands between the slashes.
    package static func escaped(_ name: String) -> String {
        guard name.utf8.contains(where: { $0 == UInt8(ascii: "~") || $0 == UInt8(ascii: "/") }) else { return name }
        var bytes: [UInt8] = []
        for byte in name.utf8 {
            switch byte {
            case UInt8(ascii: "~"): bytes.append(contentsOf: "~0".utf8)
            case UInt8(ascii: "/"): bytes.append(contentsOf: "~1".utf8)
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Finds the name somebody meant when he wrote another.
package enum NearName {
    /// What to say after "unknown member": the names there are, and the one that was probably meant.
    package static func hint(for name: String, among known: [String]) -> String {
        let nearest = self.nearest(to: name, among: known).map { ", did you mean \"\($0)\"?" } ?? ";"
        return "\(nearest) known here: \(known.isEmpty ? "none" : known.joined(separator: ", "))"
    }

    /// The known name that differs by the least number of typing mistakes, if these are few for its length.
    static func nearest(to name: String, among known: [String]) -> String? {
        let written = Array(name.lowercased().utf8)
        guard written.count <= 64 else { return nil }
        let distances = known.map { (name: $0, distance: self.distance(written, Array($0.lowercased().utf8))) }
        guard let nearest = distances.min(by: { $0.distance < $1.distance }) else { return nil }
        return nearest.distance <= max(1, min(3, written.count / 3)) ? nearest.name : nil
    }

    /// Insertions, deletions, replacements and swaps of neighbours that turn one into the other.
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var beforePrevious: [Int] = []
        var previous = Array(0...right.count)
        for (row, byte) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                var best = min(
                    previous[column + 1] + 1,
                    current[column] + 1,
                    previous[column] + (byte == other ? 0 : 1)
                )
                if row > 0, column > 0, byte == right[column - 1], left[row - 1] == other {
                    best = min(best, beforePrevious[column - 1] + 1)
                }
                current.append(best)
            }
            beforePrevious = previous
            previous = current
        }
        return previous[right.count]
    }
}
