/// One `name=value` of a request's query.
package struct QueryItem: Sendable {
    package let name: String
    package let value: String

    /// Splits at `&` and `=`, and resolves `%XX`. A bad escape, a control character or text that is not UTF-8 is refused.
    package static func parse(_ query: String) throws(HTTPRefusal) -> [QueryItem] {
        var items: [QueryItem] = []
        for part in query.split(separator: "&") {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            items.append(
                QueryItem(
                    name: try Self.unescaped(sides[0]),
                    value: sides.count > 1 ? try Self.unescaped(sides[1]) : ""
                )
            )
        }
        return items
    }

    private static func unescaped(_ text: Substring) throws(HTTPRefusal) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(Self.digit), let low = rest.popFirst().flatMap(Self.digit) else {
                throw .badRequest("a broken escape in the query")
            }
            bytes.append(high << 4 | low)
        }
        guard let result = String(validating: bytes, as: UTF8.self), bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        else {
            throw .badRequest("the query is not readable text")
        }
        return result
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
