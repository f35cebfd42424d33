package import StrictJSON

/// A conversation with the server: NDJSON of JSON-RPC 2.0, one question at a time, events in between.
package struct AdminConnection: ~Copyable {
    private let socket: UnixSocket
    private var reader = LineReader()
    private var lastID = 0
    /// Events that came while an answer was waited for.
    private var events: [JSONValue] = []

    /// Speaks over a socket that is connected.
    package init(_ socket: consuming UnixSocket) {
        self.socket = socket
    }

    /// Connects to the server's socket.
    package init(path: String) throws(AdminFailure) {
        self.init(try UnixSocket(path: path))
    }

    /// Asks, and waits for the answer to just this question.
    ///
    /// - Parameter seconds: How long at most, beyond the request's own patience.
    package mutating func ask(_ request: AdminRequest, within seconds: Double) throws(AdminFailure) -> JSONValue {
        self.lastID += 1
        let id = JSONValue.number(String(self.lastID))
        let limit = seconds + request.patience
        let deadline = ContinuousClock.now + .seconds(limit)
        do throws(Break) {
            try self.socket.send(request.line(id: self.lastID), before: deadline)
        } catch .timeout {
            throw .broken(.timeout(seconds: limit))
        } catch {
            // It may have said why before it closed: what there is to read is worth more than the failure to write.
            guard case .closed = error else { throw .broken(error) }
        }
        while true {
            guard let message = try self.message(before: deadline) else {
                throw .broken(.timeout(seconds: limit))
            }
            if let event = Self.event(in: message) {
                self.events.append(event)
                continue
            }
            if let error = message["error"], message["id"] == id || message["id"] == .null {
                throw .refused(Self.refusal(error))
            }
            // An answer to a question that was given up is nobody's.
            guard message["id"] == id else { continue }
            guard let result = message["result"] else {
                throw .broken(.garbage("an answer without result or error"))
            }
            return result
        }
    }

    /// The next event's `params`; `nil` when none came before the deadline.
    ///
    /// - Parameter deadline: `nil` to wait for as long as it takes.
    package mutating func nextEvent(before deadline: ContinuousClock.Instant?) throws(AdminFailure) -> JSONValue? {
        if !self.events.isEmpty { return self.events.removeFirst() }
        while let message = try self.message(before: deadline) {
            if let event = Self.event(in: message) { return event }
        }
        return nil
    }

    private static func event(in message: JSONValue) -> JSONValue? {
        // Not `nil`, which would be JSON's null here.
        guard message["method"]?.string == "event" else { return .none }
        return message["params"] ?? .object(JSONObject())
    }

    private static func refusal(_ error: JSONValue) -> Refusal {
        let code = error["code"]?.double.flatMap(Int.init(exactly:)) ?? 0
        return Refusal(code: code, message: error["message"]?.string ?? "no reason given", data: error["data"])
    }

    private mutating func message(before deadline: ContinuousClock.Instant?) throws(AdminFailure) -> JSONValue? {
        do throws(Break) {
            while true {
                if let line = self.reader.next() { return try Self.parsed(line) }
                if self.reader.isOverfull { throw .lineTooLong }
                guard let bytes = try self.socket.receive(before: deadline) else { return nil }
                guard !bytes.isEmpty else { throw .closed(insideLine: self.reader.isInsideLine) }
                self.reader.append(bytes)
            }
        } catch {
            throw .broken(error)
        }
    }

    private static func parsed(_ line: [UInt8]) throws(Break) -> JSONValue {
        let value: JSONValue
        do throws(JSONSyntaxError) {
            value = try JSONValue(parsing: line)
        } catch {
            throw .garbage(error.description)
        }
        guard case .object = value else { throw .garbage("\(value.kind) where an object belongs") }
        return value
    }
}
