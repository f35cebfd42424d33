import Core
import NIOConcurrencyHelpers
import PluginAPI
import StrictJSON
import Testing

@testable import AdminRPC

/// `subtract` of the specification, by position and by name, as far as our own methods allow: one parameter, or names.
private struct Subtract: AdminMethod {
    static let name = "subtract"
    static let summary = "Minuend less subtrahend."
    static let role = AdminRole.viewer
    static let result = Shape.integer(19)
    static let example: JSONValue = ["minuend": 42, "subtrahend": 23]

    struct Params: AdminParams {
        let (minuend, subtrahend): (Int, Int)

        init(from reader: SettingsReader) {
            self.minuend = reader.integer("minuend", in: -1000...1000, summary: "From it.")
            self.subtrahend = reader.integer("subtrahend", in: -1000...1000, summary: "This.")
        }
    }

    func run(_ params: Params, in session: RPCSession) async throws(RPCError) -> JSONValue {
        .integer(params.minuend - params.subtrahend)
    }
}

private struct Echo: AdminMethod {
    static let name = "echo"
    static let summary = "What was said."
    static let role = AdminRole.viewer
    static let result = Shape.text("a")
    static let example: JSONValue = ["text": "a"]

    struct Params: AdminParams {
        let text: String

        init(from reader: SettingsReader) { self.text = reader.string("text", summary: "Said.") }
    }

    func run(_ params: Params, in session: RPCSession) async throws(RPCError) -> JSONValue { .string(params.text) }
}

private struct Count: AdminMethod {
    static let name = "count"
    static let summary = "Changes something."
    static let role = AdminRole.operator
    static let result = Shape.integer(1)

    let box: NIOLockedBox<Int>

    func run(_ params: NoParams, in session: RPCSession) async throws(RPCError) -> JSONValue {
        .integer(
            self.box.withLock {
                $0 += 1
                return $0
            }
        )
    }
}

@Suite("JSON-RPC 2.0, to the letter (A1, A2, A7)")
struct RPCDeskTests {
    private let count = NIOLockedBox(0)

    private func answer(_ text: String, as role: AdminRole = .operator) async -> String? {
        var table = MethodTable(RequestTally())
        table.add(Subtract())
        table.add(Echo())
        table.add(Count(box: self.count))
        let answer = await RPCDesk(table).answer(to: Array(text.utf8), in: RPCSession(role: role))
        return answer.map { String(decoding: $0, as: UTF8.self) }
    }

    private func code(_ text: String, as role: AdminRole = .operator) async throws -> [String] {
        let answer = try #require(await self.answer(text, as: role))
        let value = try JSONValue(parsing: Array(answer.utf8))
        let elements: [JSONValue]
        if case .array(let list) = value { elements = list } else { elements = [value] }
        return elements.map { element in
            guard case .object(let object) = element else { return "?" }
            if case .object(let error)? = object["error"] {
                return "\(error["code"]?.text ?? "") \(object["id"]?.text ?? "none")"
            }
            return "\(object["result"]?.text ?? "") \(object["id"]?.text ?? "none")"
        }
    }

    @Test(
        "Calls, with ids of every kind echoed exactly",
        arguments: ["1", "\"1\"", "null", "1.50", "-0", "123456789012345678901234567890", "1e400", "\"ü\\u0000\""]
    )
    func ids(id: String) async throws {
        let text = #"{"jsonrpc":"2.0","method":"subtract","params":{"minuend":42,"subtrahend":23},"id":\#(id)}"#
        let echo = id.contains("ü") ? "\"ü\\u0000\"" : id
        #expect(await self.answer(text) == #"{"jsonrpc":"2.0","result":19,"id":\#(echo)}"#)
    }

    @Test("Positions are understood where there is one parameter, and only there")
    func positions() async throws {
        #expect(try await self.code(#"{"jsonrpc":"2.0","method":"echo","params":["a"],"id":1}"#) == ["\"a\" 1"])
        #expect(try await self.code(#"{"jsonrpc":"2.0","method":"echo","params":["a","b"],"id":1}"#) == ["-32602 1"])
        #expect(try await self.code(#"{"jsonrpc":"2.0","method":"subtract","params":[42,23],"id":1}"#) == ["-32602 1"])
        #expect(try await self.code(#"{"jsonrpc":"2.0","method":"count","params":[],"id":1}"#) == ["1 1"])
    }

    @Test("Notifications are carried out, once, and never answered")
    func notifications() async throws {
        #expect(await self.answer(#"{"jsonrpc":"2.0","method":"count"}"#) == nil)
        #expect(await self.answer(#"{"jsonrpc":"2.0","method":"foobar"}"#) == nil)
        #expect(await self.answer(#"{"jsonrpc":"2.0","method":"count","params":{"no":1}}"#) == nil)
        #expect(self.count.withLock { $0 } == 1)
    }

    @Test(
        "The specification's errors (§7)",
        arguments: [
            (#"{"jsonrpc": "2.0", "method": "foobar", "id": "1"}"#, ["-32601 \"1\""]),
            (#"{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]"#, ["-32700 null"]),
            (#"{"jsonrpc": "2.0", "method": 1, "params": "bar"}"#, ["-32600 null"]),
            (
                #"[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},{"jsonrpc": "2.0", "method"]"#,
                ["-32700 null"]
            ),
            ("[]", ["-32600 null"]), ("[1]", ["-32600 null"]),
            ("[1,2,3]", ["-32600 null", "-32600 null", "-32600 null"]),
            (
                #"""
                [{"jsonrpc":"2.0","method":"echo","params":["7"],"id":"1"},
                 {"jsonrpc":"2.0","method":"count"},
                 {"jsonrpc":"2.0","method":"subtract","params":{"minuend":42,"subtrahend":23},"id":"2"},
                 {"foo":"boo"},
                 {"jsonrpc":"2.0","method":"foo.get","params":{"name":"myself"},"id":"5"}]
                """#,
                ["\"7\" \"1\"", "19 \"2\"", "-32600 null", "-32601 \"5\""]
            ),
            ("", ["-32700 null"]), ("null", ["-32600 null"]), ("\"a\"", ["-32600 null"]), ("{}", ["-32600 null"]),
            (#"{"jsonrpc":"1.0","method":"count","id":7}"#, ["-32600 7"]),
            (#"{"jsonrpc":2.0,"method":"count","id":7}"#, ["-32600 7"]),
            (#"{"jsonrpc":"2.0","method":"count","id":{}}"#, ["-32600 null"]),
            (#"{"jsonrpc":"2.0","method":"count","id":[1]}"#, ["-32600 null"]),
            (#"{"jsonrpc":"2.0","method":"count","id":true}"#, ["-32600 null"]),
            (#"{"jsonrpc":"2.0","method":"count","params":null,"id":1}"#, ["-32600 1"]),
            (#"{"jsonrpc":"2.0","method":"count","params":7,"id":1}"#, ["-32600 1"]),
            (#"{"jsonrpc":"2.0","jsonrpc":"2.0","method":"count","id":1}"#, ["-32700 null"]),
        ]
    )
    func errors(text: String, expected: [String]) async throws {
        #expect(try await self.code(text) == expected)
    }

    @Test("A batch of notifications only has no answer at all")
    func silentBatch() async {
        #expect(await self.answer(#"[{"jsonrpc":"2.0","method":"count"},{"jsonrpc":"2.0","method":"count"}]"#) == nil)
        #expect(self.count.withLock { $0 } == 2)
    }

    @Test("A batch of a hundred is carried out, one of a hundred and one as a whole is not")
    func longBatch() async throws {
        let one = #"{"jsonrpc":"2.0","method":"count","id":1}"#
        let batch = { (count: Int) in "[\(Array(repeating: one, count: count).joined(separator: ","))]" }
        #expect(try await self.code(batch(101)) == ["-32600 null"])
        #expect(self.count.withLock { $0 } == 0)
        #expect(try await self.code(batch(100)).count == 100)
        #expect(self.count.withLock { $0 } == 100)
    }

    @Test("Nested without an end", arguments: [100, 10_000, 200_000])
    func nested(depth: Int) async throws {
        let text = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        #expect(try await self.code(text) == ["-32700 null"])
        let inside = #"{"jsonrpc":"2.0","method":"echo","params":\#(text),"id":1}"#
        #expect(try await self.code(inside) == ["-32700 null"])
    }

    @Test("Params that are wrong: each with its place, and what was expected")
    func params() async throws {
        let text = #"{"jsonrpc":"2.0","method":"subtract","params":{"minuend":"a","subtrahent":1},"id":1}"#
        let answer = try #require(await self.answer(text))
        #expect(answer.contains(#""pointer":"/minuend","problem":"expected a whole number"#))
        #expect(answer.contains(#""pointer":"/subtrahend","problem":"expected"#))
        #expect(answer.contains(#"did you mean \"subtrahend\"?"#))
    }

    @Test("A viewer changes nothing, be it in a batch (A8)")
    func viewer() async throws {
        let one = #"{"jsonrpc":"2.0","method":"count","id":1}"#
        #expect(try await self.code(one, as: .viewer) == ["1006 1"])
        let batch =
            #"[{"jsonrpc":"2.0","method":"echo","params":["a"],"id":0},\#(one),{"jsonrpc":"2.0","method":"count"}]"#
        #expect(try await self.code(batch, as: .viewer) == ["\"a\" 0", "1006 1"])
        #expect(self.count.withLock { $0 } == 0)
    }
}
