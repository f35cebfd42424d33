package import StrictJSON

/// What the simulator answers to a request, and how it brings the answer across.
package struct SimulatedAnswer: Sendable, CustomStringConvertible {
    /// The way an answer takes, or does not take.
    package enum Delivery: Sendable, Hashable {
        /// At once and whole.
        case whole
        /// The head at once, the body byte by byte with this pause before each.
        case byteByByte(pause: Duration)
        /// The head and half of the body, then the connection is closed.
        case cutOff
        /// Nothing, and the connection stays open.
        case never
        /// RST_STREAM, nothing else (RFC 9113 §6.4). Over HTTP/1.1 the connection is closed.
        case resetStream
        /// The TCP connection is reset, and every request on it with it.
        case resetConnection
        /// GOAWAY that refuses this request, then the connection is closed (RFC 9113 §6.8). Over HTTP/1.1 it is closed.
        case goAway
        /// The answer, then GOAWAY and the end of the connection. Over HTTP/1.1: `Connection: close`.
        case wholeThenGoAway
    }

    /// The HTTP status.
    package var status: Int
    /// Names and values, in this order. The length of the body is added when it is sent.
    package var headers: [(name: String, value: String)]
    /// The body.
    package var body: [UInt8]
    /// How it is sent.
    package var delivery = Delivery.whole

    /// An answer.
    package init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// An answer whose body is JSON, as Google's and Microsoft's are.
    package init(status: Int, headers: [(name: String, value: String)] = [], json: JSONValue) {
        self.init(
            status: status,
            headers: [("content-type", "application/json; charset=UTF-8")] + headers,
            body: Array(json.text.utf8)
        )
    }

    package var description: String { "\(self.status), \(self.body.count) bytes, \(self.delivery)" }

    /// The same answer, sent in another way.
    package func delivered(_ delivery: Delivery) -> SimulatedAnswer {
        var copy = self
        copy.delivery = delivery
        return copy
    }

    /// The same answer with one more header.
    package func with(_ name: String, _ value: String) -> SimulatedAnswer {
        var copy = self
        copy.headers.append((name, value))
        return copy
    }
}

/// Faults that any web service can have.
extension SimulatedAnswer {
    /// Nothing at all: the request hangs.
    package static let never = SimulatedAnswer(status: 200).delivered(.never)
    /// RST_STREAM instead of an answer.
    package static let resetStream = SimulatedAnswer(status: 200).delivered(.resetStream)
    /// A reset connection instead of an answer.
    package static let resetConnection = SimulatedAnswer(status: 200).delivered(.resetConnection)
    /// GOAWAY instead of an answer.
    package static let goAway = SimulatedAnswer(status: 200).delivered(.goAway)
    /// A success whose body is no JSON.
    package static let garbage = SimulatedAnswer(
        status: 200,
        headers: [("content-type", "application/json; charset=UTF-8")],
        body: [0x00, 0xFF, 0xFE, 0x80, 0x1B, 0x5B, 0x32, 0x4A]
    )
    /// A success whose JSON ends in the middle.
    package static let malformedJSON = SimulatedAnswer(
        status: 200,
        headers: [("content-type", "application/json; charset=UTF-8")],
        body: Array(#"{"name":"projects/"#.utf8)
    )

    /// A redirect, which a service with credentials must not be followed to.
    package static func redirect(to location: String, status: Int = 302) -> SimulatedAnswer {
        SimulatedAnswer(status: status, headers: [("location", location)])
    }

    /// A success that never seems to end.
    package static func huge(bytes: Int = 10 * 1024 * 1024) -> SimulatedAnswer {
        SimulatedAnswer(
            status: 200,
            headers: [("content-type", "application/json; charset=UTF-8")],
            body: Array(repeating: UInt8(ascii: " "), count: bytes)
        )
    }

    /// A page of a server in between that knows nothing of the service.
    package static func errorPage(status: Int) -> SimulatedAnswer {
        SimulatedAnswer(
            status: status,
            headers: [("content-type", "text/html; charset=UTF-8")],
            body: Array("<!DOCTYPE html>\n<title>Error \(status)</title>\n".utf8)
        )
    }
}
