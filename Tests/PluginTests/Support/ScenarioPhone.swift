import Foundation
import StrictJSON
import Testing

/// A client of the signaling server over a real socket, for scenarios of servers with real plugins.
///
/// It reads and writes in blocking calls on a queue of its own.
final class ScenarioPhone: Sendable {
    struct Refused: Error {
        let status: Int
    }

    struct Lost: Error {}

    private let descriptor: Int32
    private let queue = DispatchQueue(label: "scenario-phone")

    /// Logs in by HTTP Basic.
    ///
    /// - Throws: ``Refused`` with the status of the handshake.
    static func connect(port: Int, login: String) async throws -> ScenarioPhone {
        let descriptor = try #require(LoopbackPort.connect(port))
        // A guard against a test that would wait for ever.
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let phone = ScenarioPhone(descriptor)
        let lines = [
            "GET / HTTP/1.1", "Host: 127.0.0.1:\(port)", "Upgrade: websocket", "Connection: Upgrade",
            "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Authorization: Basic \(Data(login.utf8).base64EncodedString())",
        ]
        let head = try await phone.onQueue {
            try phone.write(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8))
            var head: [UInt8] = []
            while !head.suffix(4).elementsEqual("\r\n\r\n".utf8) { head += try phone.read(1) }
            return String(decoding: head, as: UTF8.self)
        }
        let status = Int(head.split(separator: " ").dropFirst().first ?? "") ?? 0
        guard status == 101 else { throw Refused(status: status) }
        return phone
    }

    private init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        close(self.descriptor)
    }

    func send(_ message: JSONValue) async throws {
        let payload = Array(message.text.utf8)
        try await self.onQueue { try self.write(Self.frame(opcode: 1, payload)) }
    }

    /// The next message; it must have at least these members.
    @discardableResult
    func expect(_ members: JSONValue, sourceLocation: SourceLocation = #_sourceLocation) async throws -> JSONValue {
        let text = try await self.onQueue { () throws -> [UInt8] in
            while true {
                let frame = try self.readFrame()
                switch frame.opcode {
                case 1: return frame.payload
                case 8: throw Lost()
                case 9: try self.write(Self.frame(opcode: 10, frame.payload))
                default: break
                }
            }
        }
        let message = try JSONValue(parsing: text)
        for (name, value) in members.members {
            #expect(message.member(name) == value, "\(name) in \(message.text)", sourceLocation: sourceLocation)
        }
        return message
    }

    private func onQueue<Result: Sendable>(_ work: @Sendable @escaping () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            self.queue.async { continuation.resume(with: Swift.Result(catching: work)) }
        }
    }

    private func readFrame() throws -> (opcode: UInt8, payload: [UInt8]) {
        let header = try self.read(2)
        var length = Int(header[1] & 0x7F)
        if length >= 126 { length = try self.read(length == 126 ? 2 : 8).reduce(0) { $0 << 8 | Int($1) } }
        return (header[0] & 0x0F, try self.read(length))
    }

    private func read(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while bytes.count < count {
            let got = recv(self.descriptor, &buffer, min(buffer.count, count - bytes.count), 0)
            guard got > 0 else { throw Lost() }
            bytes += buffer[..<got]
        }
        return bytes
    }

    private func write(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes {
                Foundation.send(self.descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard sent > 0 else { throw Lost() }
            rest = rest.dropFirst(sent)
        }
    }

    /// Masked with zeros, as any mask is allowed.
    private static func frame(opcode: UInt8, _ payload: [UInt8]) -> [UInt8] {
        let length: [UInt8] =
            payload.count < 126
            ? [0x80 | UInt8(payload.count)] : [0xFE, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        return [0x80 | opcode] + length + [0, 0, 0, 0] + payload
    }
}

extension JSONValue {
    /// The members of an object.
    fileprivate var members: [(name: String, value: JSONValue)] {
        if case .object(let object) = self { object.members } else { [] }
    }

    /// A member of an object.
    func member(_ name: String) -> JSONValue? {
        if case .object(let object) = self { object[name] } else { nil }
    }
}
