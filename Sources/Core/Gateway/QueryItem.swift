/// One `name=value` of a request's query.
package struct QueryItem: Sendable {
    package let name: String
    package let value: String

    /// Splits at `&` and `=`, and resolves `%XX`. A bad escape, a control character or text that is not UTF-8 is refused.
    package static func parse(_ query: String) throws(HTTPRefusal) -> [QueryItem] {
        var items: [QueryItem] = []
        for part in query.split(separator: "&") {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decode(sides[0].utf8),
                let value = sides.count > 1 ? PercentEncoding.decode(sides[1].utf8) : ""
            else { throw .badRequest("the query is not readable text") }
            items.append(QueryItem(name: name, value: value))
        }
        return items
    }
}
