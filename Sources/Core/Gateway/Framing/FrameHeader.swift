import NIOCore

/// The header of a client's frame (RFC 6455 §5.2), checked as far as it is right or wrong by itself.
struct FrameHeader {
    /// What a frame may be here; binary messages are not among it.
    enum Opcode: UInt8 {
        case continuation = 0x0
        case text = 0x1
        case close = 0x8
        case ping = 0x9
        case pong = 0xA

        var isControl: Bool { self.rawValue & 0x8 != 0 }
    }

    let opcode: Opcode
    let isFinal: Bool
    let payloadLength: UInt64
    /// Where the mask stands, counted from the first byte of the frame.
    let maskOffset: Int

    /// The bytes before the payload.
    var size: Int { self.maskOffset + 4 }

    /// Reads the header that stands next, without consuming it; `nil` until its length field is whole.
    ///
    /// Each byte is judged as soon as it is there, and in order: so the outcome does not depend on how the bytes arrive.
    init?(peekingInto buffer: ByteBuffer) throws(FramingError) {
        let start = buffer.readerIndex
        guard let first = buffer.getInteger(at: start, as: UInt8.self) else { return nil }
        guard first & 0x70 == 0 else { throw .reservedBits }
        guard first & 0x0F != 0x2 else { throw .binary }
        guard let opcode = Opcode(rawValue: first & 0x0F) else { throw .reservedOpcode }
        self.opcode = opcode
        self.isFinal = first & 0x80 != 0
        if opcode.isControl && !self.isFinal { throw .fragmentedControl }

        guard let second = buffer.getInteger(at: start + 1, as: UInt8.self) else { return nil }
        guard second & 0x80 != 0 else { throw .notMasked }
        switch second & 0x7F {
        case let length where length <= 125:
            self.payloadLength = UInt64(length)
            self.maskOffset = 2
        case _ where opcode.isControl:
            throw .longControl
        case 126:
            guard let length = buffer.getInteger(at: start + 2, as: UInt16.self) else { return nil }
            guard length > 125 else { throw .nonMinimalLength }
            self.payloadLength = UInt64(length)
            self.maskOffset = 4
        default:
            guard let length = buffer.getInteger(at: start + 2, as: UInt64.self) else { return nil }
            guard length >> 63 == 0 else { throw .negativeLength }
            guard length > 0xFFFF else { throw .nonMinimalLength }
            self.payloadLength = length
            self.maskOffset = 10
        }
    }
}
