import Core

/// The query of a request, read by `QueryItem`.
enum QueryTarget {
    @Sendable static func run(_ bytes: [UInt8]) throws(BrokenProperty) {
        // As a request target reaches us: whatever the decoder let pass, repaired to UTF-8.
        let query = String(decoding: bytes, as: UTF8.self)
        let items: [QueryItem]
        do throws(HTTPRefusal) {
            items = try QueryItem.parse(query)
        } catch {
            return try error.check()
        }
        try require(
            items.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count } <= query.utf8.count,
            "nothing grows"
        )
        for item in items {
            try require(
                (item.name + item.value).utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F },
                "no control character comes out"
            )
        }
        let written = items.map { "\(Self.escaped($0.name))=\(Self.escaped($0.value))" }.joined(separator: "&")
        guard let again = try? QueryItem.parse(written) else { throw BrokenProperty("what was read can be written") }
        try require(
            again.map { Array($0.name.utf8) } == items.map { Array($0.name.utf8) }
                && again.map { Array($0.value.utf8) } == items.map { Array($0.value.utf8) },
            "read, written and read again it is the same"
        )
    }

    /// Every byte escaped.
    private static func escaped(_ text: String) -> String {
        text.utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
