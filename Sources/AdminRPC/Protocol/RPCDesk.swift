import StrictJSON

/// From one JSON text to its answer: JSON-RPC 2.0 to the letter, whatever it came by.
package struct RPCDesk: Sendable {
    /// How many requests one batch may have.
    package static let longestBatch = 100
    /// The longest text, in bytes.
    package static let longestText = 1 << 20

    private let methods: MethodTable

    package init(_ methods: MethodTable) {
        self.methods = methods
    }

    /// The answer to a text, on one line; `nil` when there is nothing to say, since it was notifications only.
    package func answer(to text: some Collection<UInt8>, in session: RPCSession) async -> [UInt8]? {
        let value: JSONValue
        do throws(JSONSyntaxError) {
            value = try JSONValue(parsing: text)
        } catch {
            return Self.text(Self.failure(.parseError("\(error.problem.rawValue) at byte \(error.offset)"), id: .null))
        }
        guard case .array(let batch) = value else {
            return await self.answer(to: value, in: session).map(Self.text)
        }
        guard !batch.isEmpty else {
            return Self.text(Self.failure(.invalidRequest("an empty batch"), id: .null))
        }
        guard batch.count <= Self.longestBatch else {
            let problem = "expected a batch of at most \(Self.longestBatch), found \(batch.count)"
            return Self.text(Self.failure(.invalidRequest(problem), id: .null))
        }
        var answers: [JSONValue] = []
        for element in batch {
            if let answer = await self.answer(to: element, in: session) { answers.append(answer) }
        }
        return answers.isEmpty ? nil : Self.text(.array(answers))
    }

    private func answer(to value: JSONValue, in session: RPCSession) async -> JSONValue? {
        let request: RPCRequest
        do throws(RPCRequest.Invalid) {
            request = try RPCRequest(value)
        } catch {
            return Self.failure(.invalidRequest(error.problem), id: error.id)
        }
        do throws(RPCError) {
            let result = try await self.methods.call(request, in: session)
            return request.id.map { ["jsonrpc": "2.0", "result": result, "id": $0] }
        } catch {
            return request.id.map { Self.failure(error, id: $0) }
        }
    }

    /// What is said to a text that is too long to be read.
    package static var tooLong: [UInt8] {
        Self.text(Self.failure(.invalidRequest("expected at most \(Self.longestText) bytes"), id: .null))
    }

    private static func failure(_ error: RPCError, id: JSONValue) -> JSONValue {
        ["jsonrpc": "2.0", "error": error.json, "id": id]
    }

    private static func text(_ value: JSONValue) -> [UInt8] {
        var bytes: [UInt8] = []
        value.write(into: &bytes)
        return bytes
    }
}
