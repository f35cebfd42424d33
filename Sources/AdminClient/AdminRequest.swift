package import StrictJSON

/// One question to the server: a method of the admin API and its named parameters.
package struct AdminRequest: Hashable, Sendable {
    /// Such as `calls.list`.
    package var method: String
    /// Those that are `nil` when set are left out.
    package var params: JSONObject
    /// How long the server itself may take over it, in seconds, beyond what any answer takes.
    package var patience = 0.0

    /// A question without parameters, or with those given.
    package init(_ method: String, _ params: JSONObject = JSONObject()) {
        self.method = method
        self.params = params
    }

    /// A question whose absent parameters are left out.
    package init(_ method: String, params: KeyValuePairs<String, JSONValue?>) {
        self.init(method)
        for (name, value) in params {
            guard let value else { continue }
            self.params[name] = value
        }
    }

    /// JSON-RPC 2.0, on one line and with the line's end.
    package func line(id: Int) -> [UInt8] {
        var object = JSONObject()
        object["jsonrpc"] = "2.0"
        object["id"] = .number(String(id))
        object["method"] = .string(self.method)
        if !self.params.members.isEmpty { object["params"] = .object(self.params) }
        var bytes: [UInt8] = []
        JSONValue.object(object).write(into: &bytes)
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }
}
