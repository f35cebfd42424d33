import StrictJSON
import Testing

/// A client of the signaling server over a real socket, as a test wants it: it waits for what comes and says what it got.
final class SignalingClient: Sendable {
    struct HandshakeRefused: Error {
        let status: Int
        let headers: [String: String]
        let body: String
    }

    struct Closed: Error, Equatable {
        let code: Int
        let reason: String
    }

    let socket: RawSocket
    private let port: Int

    private init(socket: RawSocket, port: Int) {
        self.socket = socket
        self.port = port
    }

    /// - Parameter login: name and password, sent as HTTP Basic.
    static func connect(
        to endpoint: TestServer.Address,
        query: String = "",
        login: String? = nil,
        headers: [String] = []
    ) async throws -> SignalingClient {
        let socket = try await RawSocket.connect(port: endpoint.port, tls: endpoint.tls)
        var lines = [
            "GET /\(query) HTTP/1.1", "Host: 127.0.0.1:\(endpoint.port)", "Upgrade: websocket", "Connection: Upgrade",
            "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        ]
        if let login {
            lines.append("Authorization: Basic \(TestBase64.encode(Array(login.utf8)))")
        }
        lines += headers
        SecretLedger.note(target: query, headers: lines, port: endpoint.port)
        try await socket.send(lines.joined(separator: "\r\n") + "\r\n\r\n")
        let response = try await HTTPReply.read(from: socket)
        guard response.status == 101 else {
            throw HandshakeRefused(status: response.status, headers: response.headers, body: response.body)
        }
        #expect(response.headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        return SignalingClient(socket: socket, port: endpoint.port)
    }

    // MARK: Saying

    func send(_ text: String) async throws {
        try await self.socket.send(ClientFrame.text(Array(text.utf8)))
    }

    func send(frame bytes: [UInt8]) async throws {
        try await self.socket.send(bytes)
    }

    // MARK: Hearing

    /// The next message.
    func next() async throws -> JSONValue {
        let message = try JSONValue(parsing: try await self.nextText())
        if message["operation"] == "register", let identifier = message["identifier"]?.string {
            SecretLedger.note(identifier, port: self.port)
        }
        return message
    }

    /// The next message as the bytes that came. Pings are answered on the way; a close is thrown.
    func nextText() async throws -> [UInt8] {
        while true {
            let frame = try await self.nextFrame()
            switch frame.opcode {
            case 1: return frame.payload
            case 8: throw Self.closed(frame.payload)
            // The server may have closed meanwhile; then the next read says so.
            case 9: try? await self.socket.send(ClientFrame.make(opcode: 10, frame.payload))
            default: break
            }
        }
    }

    /// Waits for the server to close, letting messages pass.
    func closed() async throws -> Closed {
        while true {
            do {
                _ = try await self.next()
            } catch let closed as Closed {
                return closed
            }
        }
    }

    func nextFrame() async throws -> (opcode: UInt8, payload: [UInt8]) {
        let header = try await self.socket.read(count: 2)
        #expect(header[0] & 0x70 == 0, "no extension was negotiated")
        #expect(header[1] & 0x80 == 0, "a server does not mask")
        var length = Int(header[1] & 0x7F)
        if length >= 126 {
            let extended = try await self.socket.read(count: length == 126 ? 2 : 8)
            length = extended.reduce(0) { $0 << 8 | Int($1) }
        }
        return (header[0] & 0x0F, try await self.socket.read(count: length))
    }

    private static func closed(_ payload: [UInt8]) -> Closed {
        guard payload.count >= 2 else { return Closed(code: 1005, reason: "") }
        return Closed(
            code: Int(payload[0]) << 8 | Int(payload[1]),
            reason: String(decoding: payload.dropFirst(2), as: UTF8.self)
        )
    }

    /// Nothing has been said to this client: a message that must be answered is answered first.
    func expectNothing() async throws {
        try await self.send(#"{"version":1,"operation":"signaling","action":"hold","identifier":"nothing-else"}"#)
        let message = try await self.next()
        #expect(message["identifier"] == "nothing-else", "unexpected: \(message.text)")
    }

    /// Lost, without a word of goodbye.
    func vanish() async {
        await self.socket.close()
    }
}

/// Frames as a client makes them: masked.
enum ClientFrame {
    static func text(_ payload: [UInt8]) -> [UInt8] {
        self.make(opcode: 1, payload)
    }

    static func make(
        opcode: UInt8,
        _ payload: [UInt8],
        isFinal: Bool = true,
        reserved: UInt8 = 0,
        mask: [UInt8]? = [0x37, 0xFA, 0x21, 0x3D]
    ) -> [UInt8] {
        var frame: [UInt8] = [(isFinal ? 0x80 : 0) | reserved << 4 | opcode]
        let maskBit: UInt8 = mask == nil ? 0 : 0x80
        switch payload.count {
        case 0..<126:
            frame.append(maskBit | UInt8(payload.count))
        case 126..<65536:
            frame += [maskBit | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        default:
            frame.append(maskBit | 127)
            frame += (0..<8).reversed().map { UInt8(truncatingIfNeeded: payload.count >> ($0 * 8)) }
        }
        guard let mask else { return frame + payload }
        return frame + mask + payload.enumerated().map { $1 ^ mask[$0 % 4] }
    }
}

/// An HTTP answer.
struct HTTPReply {
    let status: Int
    /// By lower-case name.
    let headers: [String: String]
    /// The values of all WWW-Authenticate headers.
    var challenges: [String] = []
    let body: String

    static func read(from socket: RawSocket) async throws -> HTTPReply {
        let head = String(decoding: try await socket.read(upTo: "\r\n\r\n"), as: UTF8.self)
        var lines = head.split(separator: "\r\n").map(String.init)
        let statusLine = lines.removeFirst().split(separator: " ")
        var headers: [String: String] = [:]
        for line in lines {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] = String(line[line.index(after: colon)...].drop { $0 == " " })
        }
        let length = headers["content-length"].flatMap(Int.init) ?? 0
        let body = String(decoding: try await socket.read(count: length), as: UTF8.self)
        let challenges = lines.filter { $0.lowercased().hasPrefix("www-authenticate:") }
            .map { String($0.drop { $0 != ":" }.dropFirst().drop { $0 == " " }) }
        return HTTPReply(status: Int(statusLine[1]) ?? 0, headers: headers, challenges: challenges, body: body)
    }

    /// A WebSocket handshake on a connection of its own, and what it is answered.
    static func handshake(_ target: String = "/", port: Int, headers: [String] = []) async throws -> HTTPReply {
        let socket = try await RawSocket.connect(port: port)
        let lines = [
            "GET \(target) HTTP/1.1", "Host: 127.0.0.1:\(port)", "Upgrade: websocket", "Connection: Upgrade",
            "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        ]
        SecretLedger.note(target: target, headers: headers, port: port)
        try await socket.send((lines + headers).joined(separator: "\r\n") + "\r\n\r\n")
        let reply = try await Self.read(from: socket)
        await socket.close()
        return reply
    }

    /// Asks for a ticket, on a connection of its own.
    static func ticket(port: Int, headers: [String]) async throws -> HTTPReply {
        SecretLedger.note(target: "", headers: headers, port: port)
        let reply = try await Self.get("/ticket", port: port, method: "POST", headers: headers)
        if let ticket = try? JSONValue(parsing: Array(reply.body.utf8))["ticket"]?.string {
            SecretLedger.note(ticket, port: port)
        }
        return reply
    }

    /// Asks for a page, on a connection of its own.
    static func get(
        _ path: String,
        port: Int,
        method: String = "GET",
        headers: [String] = [],
        tls: TLSClient? = nil
    ) async throws -> HTTPReply {
        let socket = try await RawSocket.connect(port: port, tls: tls)
        let lines = ["\(method) \(path) HTTP/1.1", "Host: 127.0.0.1:\(port)", "Connection: close"] + headers
        try await socket.send(lines.joined(separator: "\r\n") + "\r\n\r\n")
        let reply = try await Self.read(from: socket)
        await socket.close()
        return reply
    }
}

/// The tests' own, so that the server's is not judged by itself.
enum TestBase64 {
    static func encode(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var text = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
            for digit in 0..<4 {
                text.append(digit <= group.count ? alphabet[bits >> (18 - 6 * digit) & 0x3F] : "=")
            }
        }
        return text
    }
}

extension JSONValue {
    /// A member of an object; `nil` when there is none, or no object.
    subscript(name: String) -> JSONValue? {
        if case .object(let object) = self { object[name] } else { nil }
    }

    var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// Whether this object has at least these members, with these values.
    func contains(_ members: JSONValue) -> Bool {
        guard case .object(let wanted) = members else { return self == members }
        return wanted.members.allSatisfy { member in self[member.name]?.contains(member.value) == true }
    }
}
