/// One `name=value` of a request's query.
struct QueryItem {
    let name: String
    let value: String

    /// Splits at `&` and `=`, and resolves `%XX`. A bad escape, a control character or text that is not UTF-8 is refused.
    static func parse(_ query: String) throws(HTTPRefusal) -> [QueryItem] {
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
