/// The frames of WebSocket that the benchmarks need (RFC 6455, section 5.2).
enum Opcode: UInt8 {
    case text = 1
    case close = 8
    case ping = 9
    case pong = 10
}

extension [UInt8] {
    /// Appends the head of a masked frame of so many bytes.
    mutating func appendHead(of opcode: Opcode, count: Int) {
        self.append(0x80 | opcode.rawValue)
        switch count {
        case ...125:
            self.append(0x80 | UInt8(count))
        case ...0xFFFF:
            self.append(0xFE)
            self.append(UInt8(count >> 8))
            self.append(UInt8(count & 0xFF))
        default:
            self.append(0xFF)
            for shift in stride(from: 56, through: 0, by: -8) {
                self.append(UInt8(truncatingIfNeeded: count >> shift))
            }
        }
        for _ in 0..<4 {
            self.append(MaskedText.mask)
        }
    }
}

/// Cuts the server's frames from the bytes that arrive. It keeps nothing while frames arrive whole.
struct FrameReader {
    private var rest: [UInt8] = []

    /// - Parameter handle: called with each frame; its bytes are lent.
    mutating func read(
        _ bytes: UnsafeBufferPointer<UInt8>,
        _ handle: (Opcode, UnsafeBufferPointer<UInt8>) -> Void
    ) {
        if self.rest.isEmpty {
            let consumed = Self.cut(bytes, handle)
            if consumed < bytes.count {
                self.rest = Array(bytes[consumed...])
            }
        } else {
            self.rest.append(contentsOf: bytes)
            let consumed = self.rest.withUnsafeBufferPointer { Self.cut($0, handle) }
            self.rest = consumed == self.rest.count ? [] : Array(self.rest[consumed...])
        }
    }

    /// How many bytes the whole frames took.
    private static func cut(
        _ bytes: UnsafeBufferPointer<UInt8>,
        _ handle: (Opcode, UnsafeBufferPointer<UInt8>) -> Void
    ) -> Int {
        var position = 0
        while bytes.count - position >= 2 {
            let available = bytes.count - position
            let first = Int(bytes[position + 1])
            let lengthBytes = first == 127 ? 8 : first == 126 ? 2 : 0
            let head = 2 + lengthBytes
            guard available >= head else { break }
            let length =
                lengthBytes == 0
                ? first : bytes[position + 2..<position + head].reduce(0) { $0 << 8 | Int($1) }
            guard available - head >= length else { break }
            guard let opcode = Opcode(rawValue: bytes[position] ^ 0x80) else {
                fail("a frame that begins with the byte \(bytes[position]) was not expected")
            }
            handle(opcode, UnsafeBufferPointer(rebasing: bytes[position + head..<position + head + length]))
            position += head + length
        }
        return position
    }
}
