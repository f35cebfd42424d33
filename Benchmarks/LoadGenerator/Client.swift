import CSecure
import Glibc

/// One WebSocket client: as little as possible between the socket and the benchmark.
final class Client {
    /// Its place in the directory.
    let index: Int
    let socket: Int32
    private(set) var isClosed = false
    /// It has said good-bye: the end of the connection is no failure.
    private(set) var isLeaving = false
    private var isOpen = false

    // What the scenarios want to remember of a client.
    var registration = MaskedText("")
    var call = MaskedText("")
    var peer: Client?
    var startedAt: UInt64 = 0
    var calls = 0
    /// A whole frame that is sent over and over.
    var frame: [UInt8] = []

    private var handshake: [UInt8] = []
    private var frames = FrameReader()
    private var output: [UInt8] = []
    private var written = 0

    /// Where the server has TLS.
    private let secure: UnsafeMutableRawPointer?

    private let mayBeRefused: Bool
    /// The seconds that a server which has too much to do (429, 503) wants to have passed before the next attempt.
    private(set) var retryAfter: UInt64?

    /// Begins to connect, and queues the handshake.
    ///
    /// - Parameters:
    ///   - place: which of the loopback network's addresses to come from: 127.1.0.0 and so many on; any unless given.
    ///   - resumes: whether to offer the TLS session of an earlier client.
    ///   - mayBeRefused: whether to take 429 and 503 for an answer: then ``retryAfter`` is set, and the connection ends.
    init(
        index: Int,
        server: ServerProcess,
        query: String = "",
        from place: Int? = nil,
        resumes: Bool = false,
        mayBeRefused: Bool = false
    ) {
        self.mayBeRefused = mayBeRefused
        let port = server.port
        self.index = index
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let socket = Glibc.socket(AF_INET, kind, 0)
        self.socket = socket
        self.secure = server.isSecure ? bench_tls_open(socket, resumes) : nil
        guard self.socket >= 0 else { fail("no socket: \(String(cString: strerror(errno)))") }
        var one: Int32 = 1
        setsockopt(self.socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        if let place { self.bind(to: 0x7F01_0000 + UInt32(clamping: place)) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(self.socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 || errno == EINPROGRESS else { fail("can't connect: \(String(cString: strerror(errno)))") }
        self.output = Array(
            """
            GET /\(query) HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n
            """.utf8
        )
    }

    private func bind(to host: UInt32) {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = host.bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(self.socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { fail("can't come from that address: \(String(cString: strerror(errno)))") }
    }

    func close() {
        self.isClosed = true
        if let secure = self.secure { bench_tls_close(secure) }
        Glibc.close(self.socket)
    }

    /// Ends the connection as a network does that breaks: the server gets a reset, and no goodbye.
    func cut() {
        var reset = linger(l_onoff: 1, l_linger: 0)
        setsockopt(self.socket, SOL_SOCKET, SO_LINGER, &reset, socklen_t(MemoryLayout<linger>.size))
        self.close()
    }

    /// Whether TLS goes on with the session that was offered. To be asked when the WebSocket is open.
    var isResumed: Bool { self.secure.map { bench_tls_is_resumed($0) } ?? false }

    // MARK: Writing

    func send(_ text: MaskedText) {
        self.output.appendHead(of: .text, count: text.bytes.count)
        self.output += text.bytes
    }

    /// Queues a message made of a template's two parts, and an identifier between them.
    func send(_ head: MaskedText, _ identifier: MaskedText, _ tail: MaskedText) {
        self.output.appendHead(of: .text, count: head.bytes.count + identifier.bytes.count + tail.bytes.count)
        self.output += head.bytes
        self.output += identifier.bytes
        self.output += tail.bytes
    }

    /// Queues `frame` once more.
    func sendFrame() {
        self.output += self.frame
    }

    /// Queues a close frame with code 1000; the server then ends the connection.
    func sendClose() {
        self.isLeaving = true
        self.sendControl(.close, [0x03, 0xE8])
    }

    private func sendControl(_ opcode: Opcode, _ bytes: some Collection<UInt8>) {
        self.output.appendHead(of: opcode, count: bytes.count)
        self.output += MaskedText(masking: bytes).bytes
    }

    /// Writes what is queued, as far as the socket takes it.
    func flush() {
        guard !self.isClosed, self.written < self.output.count else { return }
        let count = self.output.withUnsafeBytes { bytes in
            let (start, length) = (bytes.baseAddress.map { $0 + self.written }, bytes.count - self.written)
            guard let secure = self.secure else { return Glibc.send(self.socket, start, length, Int32(MSG_NOSIGNAL)) }
            return bench_tls_send(secure, start, length)
        }
        // A connection that was lost is noticed where it is read.
        guard count > 0 else { return }
        self.written += count
        if self.written == self.output.count {
            self.output.removeAll(keepingCapacity: self.output.capacity <= Self.smallBuffer)
            self.written = 0
        }
    }

    private static let smallBuffer = 1 << 16

    // MARK: Reading

    /// As `recv`.
    func read(into buffer: UnsafeMutableBufferPointer<UInt8>) -> Int {
        guard let secure = self.secure else { return recv(self.socket, buffer.baseAddress, buffer.count, 0) }
        return bench_tls_receive(secure, buffer.baseAddress, buffer.count)
    }

    /// Whether a short read says nothing about what is still there: TLS hands out one record at a time.
    var mayHoldMore: Bool { self.secure != nil }

    /// Takes in what the socket gave. Pings are answered here: a server closes on a client that is silent for long.
    func receive(
        _ bytes: UnsafeBufferPointer<UInt8>,
        onOpen: (Client) -> Void,
        onMessage: (Client, IncomingMessage) -> Void
    ) {
        var bytes = bytes
        if !self.isOpen {
            guard let consumed = self.takeHandshake(bytes) else { return }
            self.isOpen = true
            onOpen(self)
            bytes = UnsafeBufferPointer(rebasing: bytes[consumed...])
        }
        self.frames.read(bytes) { opcode, content in
            switch opcode {
            case .text: onMessage(self, IncomingMessage(content))
            case .ping: self.sendControl(.pong, content)
            case .pong: break
            case .close:
                guard !self.isLeaving else { return }
                let code = content.prefix(2).reduce(0) { $0 << 8 | Int($1) }
                let reason = String(decoding: content.dropFirst(2), as: UTF8.self)
                fail("client \(self.index) was closed: \(code) \(reason)")
            }
        }
    }

    /// How many of the bytes belong to the server's 101, once that is complete.
    private func takeHandshake(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        let before = self.handshake.count
        self.handshake += bytes
        let end = Array("\r\n\r\n".utf8)
        guard self.handshake.count >= end.count,
            let start = (0...self.handshake.count - end.count).first(where: { self.handshake[$0...].starts(with: end) })
        else { return nil }
        guard self.handshake.starts(with: "HTTP/1.1 101".utf8) else {
            let answer = String(decoding: self.handshake, as: UTF8.self)
            guard self.mayBeRefused, let seconds = Self.secondsToWait(answer) else {
                fail("handshake refused: \(answer)")
            }
            self.retryAfter = seconds
            self.isLeaving = true
            return nil
        }
        self.handshake = []
        return start + end.count - before
    }

    /// What `Retry-After` says, if the answer is that there is too much to do.
    private static func secondsToWait(_ answer: String) -> UInt64? {
        guard ["HTTP/1.1 429 ", "HTTP/1.1 503 "].contains(where: { answer.hasPrefix($0) }) else { return nil }
        let field = "retry-after: "
        let line = answer.split(separator: "\r\n").first { $0.lowercased().hasPrefix(field) }
        return line.flatMap { UInt64($0.dropFirst(field.count)) }
    }
}
