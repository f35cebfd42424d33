package import StrictJSON

/// One request of JSON-RPC 2.0 (§4), as it was sent.
package struct RPCRequest: Sendable, Equatable {
    package let method: String
    /// An object or an array; `nil` when there are none.
    package let params: JSONValue?
    /// A string, a number as it was written, or `null`; no id at all makes a notification, which is not answered.
    package let id: JSONValue?

    /// What was sent instead of a request, and the id to say so with.
    package struct Invalid: Error, Sendable, Equatable {
        package let problem: String
        package let id: JSONValue
    }

    package init(_ value: JSONValue) throws(Invalid) {
        guard case .object(let object) = value else {
            throw Invalid(problem: "expected an object, found \(value.kind)", id: .null)
        }
        var id: JSONValue?
        switch object["id"] {
        case nil: break
        case .string?, .number?, .null?: id = object["id"]
        case let other?:
            throw Invalid(problem: "expected a string, a number or null as id, found \(other.kind)", id: .null)
        }
        guard case .string(let version)? = object["jsonrpc"], version == "2.0" else {
            throw Invalid(problem: "expected \"jsonrpc\": \"2.0\"", id: id ?? .null)
        }
        guard case .string(let method)? = object["method"] else {
            let found = object["method"]?.kind ?? "nothing"
            throw Invalid(problem: "expected a string as method, found \(found)", id: id ?? .null)
        }
        switch object["params"] {
        case nil, .object?, .array?: break
        case let other?:
            throw Invalid(problem: "expected an object or an array as params, found \(other.kind)", id: id ?? .null)
        }
        self.method = method
        self.params = object["params"]
        self.id = id
    }
}
