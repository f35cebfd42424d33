import Core
import StrictJSON

/// The OpenRPC 1.3 document of a table of methods.
enum OpenRPC {
    static func document(of methods: MethodTable, version: String) -> JSONValue {
        [
            "openrpc": "1.3.2",
            "info": [
                "title": "anynode-server admin API",
                "version": .string(version),
                "description": """
                Everything an operator can see and do. Methods marked x-role "operator" answer error 1006 where the listener is \
                for viewers.
                """,
            ],
            "methods": .array(methods.entries.map(Self.method)),
        ]
    }

    private static func method(_ entry: MethodTable.Entry) -> JSONValue {
        [
            "name": .string(entry.name),
            "summary": .string(entry.summary),
            "x-role": .string(entry.role.rawValue),
            "paramStructure": entry.parameters.count == 1 ? "either" : "by-name",
            "params": .array(
                entry.parameters.map { name, schema, isRequired in
                    ["name": .string(name), "required": .bool(isRequired), "schema": schema]
                }
            ),
            "result": ["name": "result", "schema": entry.result.schema],
            "errors": .array(Self.errors(of: entry)),
            "examples": [
                [
                    "name": .string("\(entry.name) example"),
                    "params": Self.example(entry.example),
                    "result": ["name": "result", "value": entry.result.example],
                ]
            ],
        ]
    }

    private static func example(_ params: JSONValue) -> JSONValue {
        guard case .object(let object) = params else { return [] }
        return .array(object.members.map { ["name": .string($0.name), "value": $0.value] })
    }

    private static func errors(of entry: MethodTable.Entry) -> [JSONValue] {
        let forbidden = entry.role == .operator ? [RPCError.forbidden.code] : []
        return ([-32602] + entry.errors + forbidden).map { code in
            ["code": .number(String(code)), "message": .string(Self.meanings[code] ?? "Internal error")]
        }
    }

    private static let meanings = [
        -32602: "Invalid params", -32603: "Internal error", -32600: "Invalid Request", 1001: "notFound",
        1002: "invalidConfiguration", 1003: "pluginUnavailable", 1004: "timeout", 1005: "conflict", 1006: "forbidden",
        1007: "draining",
    ]
}
