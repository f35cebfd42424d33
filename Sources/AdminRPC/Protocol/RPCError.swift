package import PluginAPI
package import StrictJSON

/// Why a request was not carried out, as JSON-RPC says it (JSON-RPC 2.0 §5.1).
package struct RPCError: Error, Sendable, Equatable {
    /// A number of the specification's, or one of ours from 1001 on.
    package let code: Int
    /// One sentence, fit to be shown. Never a secret.
    package let message: String
    /// What a program can use.
    package let data: JSONValue?

    package init(_ code: Int, _ message: String, data: JSONValue? = nil) {
        self.code = code
        self.message = message
        self.data = data
    }

    /// -32700: not JSON.
    package static func parseError(_ problem: String) -> RPCError { RPCError(-32700, "Parse error: \(problem)") }
    /// -32600: JSON, but no request.
    package static func invalidRequest(_ problem: String) -> RPCError {
        RPCError(-32600, "Invalid Request: \(problem)")
    }
    /// -32601.
    package static func methodNotFound(_ hint: String) -> RPCError { RPCError(-32601, "Method not found\(hint)") }
    /// -32602, with every problem and its place.
    package static func invalidParams(_ problems: [ConfigurationProblem]) -> RPCError {
        RPCError(-32602, "Invalid params: \(problems.first?.description ?? "")", data: .problems(problems))
    }
    /// -32603: a mistake of ours.
    package static func internalError(_ problem: String) -> RPCError { RPCError(-32603, "Internal error: \(problem)") }

    /// 1001: what is named does not exist.
    package static func notFound(_ what: String) -> RPCError { RPCError(1001, what) }
    /// 1002, with every problem and its place in the configuration.
    package static func invalidConfiguration(_ problems: ConfigurationProblems) -> RPCError {
        let first = problems.list.first?.description ?? ""
        let more = problems.list.count > 1 ? " (and \(problems.list.count - 1) more)" : ""
        return RPCError(1002, "invalid configuration: \(first)\(more)", data: .problems(problems.list))
    }
    /// 1003: a plugin that is needed is not there, or does not answer.
    package static func pluginUnavailable(_ problem: String) -> RPCError { RPCError(1003, problem) }
    /// 1004: it took too long.
    package static func timeout(_ problem: String) -> RPCError { RPCError(1004, problem) }
    /// 1005: somebody else has changed the configuration, or is changing it.
    package static func conflict(_ problem: String, revision: String) -> RPCError {
        RPCError(1005, problem, data: ["revision": .string(revision)])
    }
    /// 1006: not in the role of a viewer.
    package static let forbidden = RPCError(1006, "this listener is for viewers: it changes nothing")
    /// 1007: the server is going down.
    package static let draining = RPCError(1007, "the server drains")

    var json: JSONValue {
        .facts(["code": .number(String(self.code)), "message": .string(self.message), "data": self.data])
    }
}

extension JSONValue {
    /// A list of problems as the API shows it.
    static func problems(_ problems: [ConfigurationProblem]) -> JSONValue {
        .array(problems.map { ["pointer": .string($0.pointer), "problem": .string($0.problem)] })
    }

    /// An object of those members that have a value, in this order.
    static func facts(_ members: KeyValuePairs<String, JSONValue?>) -> JSONValue {
        var object = JSONObject()
        for (name, value) in members {
            if let value { object[name] = value }
        }
        return .object(object)
    }

    static func integer(_ number: some BinaryInteger) -> JSONValue { .number(String(number)) }

    /// A fraction in as many digits as are worth reading.
    static func decimal(_ number: Double) -> JSONValue {
        guard number.isFinite else { return 0 }
        let thousandths = (number * 1000).rounded()
        guard abs(thousandths) < 9e15 else { return .integer(Int64(clamping: Int(max(min(number, 9e18), -9e18)))) }
        let whole = Int64(thousandths)
        let (units, rest) = (abs(whole) / 1000, abs(whole) % 1000)
        let sign = whole < 0 ? "-" : ""
        guard rest != 0 else { return .number("\(sign)\(units)") }
        var digits = String(1000 + rest).dropFirst()
        while digits.last == "0" { digits.removeLast() }
        return .number("\(sign)\(units).\(digits)")
    }
}
