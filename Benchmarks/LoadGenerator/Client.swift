import CLinux
import Glibc

/// One WebSocket client: as little as possible between the socket and the benchmark.
final class Client {
    enum Reading {
        case nothing
        case bytes
        case closed
    }

    let index: Int
    let socket: Int32
    var isClosed = false
    var isDirty = false
    private(set) var isOpen = false
    /// What the scenario wants to remember of this client.
    var peer: Client?
    var identifier: [UInt8] = []
    var startedAt: UInt64 = 0
    var count = 0

    private var input: [UInt8] = []
    private var consumed = 0
    private var output: [UInt8] = []
    private var written = 0
    nonisolated(unsafe) private static let scratch = UnsafeMutableRawPointer.allocate(byteCount: 1 << 18, alignment: 16)

    /// Begins to connect, and queues the handshake.
    init(index: Int, port: UInt16) {
        self.index = index
        self.socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        var one: Int32 = 1
        setsockopt(self.socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = connect(self.socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        self.output = Array(
            """
            GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n
            """.utf8
        )
    }

    // MARK: Writing

    /// Queues a text frame made of pieces, masked.
    func send(_ pieces: [UInt8]...) {
        let length = pieces.reduce(0) { $0 + $1.count }
        self.output.append(0x81)
        switch length {
        case ...125: self.output.append(0x80 | UInt8(length))
        case ...0xFFFF: self.output += [0xFE, UInt8(length >> 8), UInt8(length & 0xFF)]
        default: self.output += [0xFF] + (0..<8).reversed().map { UInt8(truncatingIfNeeded: length >> ($0 * 8)) }
        }
        self.output += [0x5A, 0x5A, 0x5A, 0x5A]
        let start = self.output.count
        for piece in pieces {
            self.output += piece
        }
        self.output.withUnsafeMutableBufferPointer { bytes in
            for index in start..<bytes.count {
                bytes[index] ^= 0x5A
            }
        }
    }

    func write() {
        guard !self.isClosed, self.written < self.output.count else { return }
        let count = self.output.withUnsafeBytes { bytes in
            Glibc.send(
                self.socket,
                bytes.baseAddress.map { $0 + self.written },
                bytes.count - self.written,
                Int32(MSG_NOSIGNAL)
            )
        }
        guard count > 0 else { return }
        self.written += count
        if self.written == self.output.count {
            self.output.removeAll(keepingCapacity: true)
            self.written = 0
        }
    }

    // MARK: Reading

    func read() -> Reading {
        let count = recv(self.socket, Self.scratch, 1 << 18, 0)
        if count > 0 {
            self.input.append(contentsOf: UnsafeRawBufferPointer(start: Self.scratch, count: count))
            return .bytes
        }
        return count == 0 || errno != EAGAIN ? .closed : .nothing
    }

    /// `true` once, when the server has said 101.
    func parseHandshake() -> Bool {
        guard !self.isOpen, let end = self.input.firstRange(of: Array("\r\n\r\n".utf8)) else { return false }
        guard self.input.starts(with: Array("HTTP/1.1 101".utf8)) else {
            fatalError("handshake refused: \(String(decoding: self.input, as: UTF8.self))")
        }
        self.input.removeFirst(end.upperBound)
        self.isOpen = true
        return true
    }

    func parseFrames(_ handle: (UnsafeBufferPointer<UInt8>) -> Void) {
        guard self.isOpen else { return }
        let input = self.input
        var position = 0
        input.withUnsafeBufferPointer { bytes in
            while bytes.count - position >= 2 {
                var length = Int(bytes[position + 1])
                var header = 2
                if length == 126 {
                    guard bytes.count - position >= 4 else { return }
                    length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
                    header = 4
                } else if length == 127 {
                    guard bytes.count - position >= 10 else { return }
                    length = (2..<10).reduce(0) { $0 << 8 | Int(bytes[position + $1]) }
                    header = 10
                }
                guard bytes.count - position >= header + length else { return }
                if bytes[position] == 0x81 {
                    handle(UnsafeBufferPointer(rebasing: bytes[position + header..<position + header + length]))
                }
                position += header + length
            }
        }
        if position == self.input.count {
            self.input = []
        } else if position > 0 {
            self.input.removeFirst(position)
        }
    }
}

extension [UInt8] {
    fileprivate func firstRange(of pattern: [UInt8]) -> Range<Int>? {
        guard self.count >= pattern.count else { return nil }
        for start in 0...self.count - pattern.count where self[start..<start + pattern.count].elementsEqual(pattern) {
            return start..<start + pattern.count
        }
        return nil
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// Whether a text occurs among the first bytes, where the server's messages say what they are.
    func says(_ text: StaticString, within limit: Int = 110) -> Bool {
        bench_find(self.baseAddress, Swift.min(self.count, limit), text.utf8Start, text.utf8CodeUnitCount) != nil
    }

    /// The value of the member `identifier`.
    var identifier: [UInt8] {
        let name: StaticString = "\"identifier\":\""
        guard let found = bench_find(self.baseAddress, self.count, name.utf8Start, name.utf8CodeUnitCount),
            let base = UnsafeRawPointer(self.baseAddress)
        else { return [] }
        let start = base.distance(to: found) + name.utf8CodeUnitCount
        return Array(self[start...].prefix { $0 != UInt8(ascii: "\"") })
    }
}
