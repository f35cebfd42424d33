package import NIOCore

/// Appends the server's frames (RFC 6455 §5.2, unmasked) to a buffer, so that one write sends as many as there are.
package enum FrameWriter {
    /// What a control frame may carry (RFC 6455 §5.5).
    private static let longestControlPayload = 125

    /// Appends a text message whose payload `write` appends in place, however long it turns out to be.
    ///
    /// Room is left for the header of 126 to 65535 bytes of payload, as all media has; only others have to be moved.
    package static func text(into buffer: inout ByteBuffer, _ write: (inout ByteBuffer) -> Void) {
        let start = buffer.writerIndex
        buffer.writeInteger(0 as UInt32)
        let guess = buffer.writerIndex
        write(&buffer)
        let length = max(buffer.writerIndex - guess, 0)
        let place = start + Self.headerSize(ofPayload: length)
        if place != guess {
            // Cannot fail: it copies what was just written.
            _ = try? buffer.copyBytes(at: guess, to: place, length: length)
            buffer.moveWriterIndex(to: place + length)
        }
        Self.setHeader(.text, payload: length, at: start, in: &buffer)
    }

    /// Appends a ping without payload.
    package static func ping(into buffer: inout ByteBuffer) {
        Self.control(.ping, ByteBuffer(), into: &buffer)
    }

    /// Appends the answer to a ping: its own payload (RFC 6455 §5.5.3).
    package static func pong(_ payload: ByteBuffer, into buffer: inout ByteBuffer) {
        Self.control(.pong, payload, into: &buffer)
    }

    /// Appends a close frame. A reason of more than 123 bytes is cut, between two characters.
    package static func close(_ code: CloseCode, reason: String = "", into buffer: inout ByteBuffer) {
        var payload = ByteBuffer(integer: code.number)
        payload.writeSubstring(reason.cut(toUTF8Count: Self.longestControlPayload - payload.readableBytes))
        Self.control(.close, payload, into: &buffer)
    }

    /// Appends the answer to a close: the client's own code, or none if it gave none (RFC 6455 §5.5.1).
    package static func close(echoing code: UInt16?, into buffer: inout ByteBuffer) {
        Self.control(.close, code.map { ByteBuffer(integer: $0) } ?? ByteBuffer(), into: &buffer)
    }

    private static func control(_ opcode: FrameHeader.Opcode, _ payload: ByteBuffer, into buffer: inout ByteBuffer) {
        let payload = payload.readableBytesView.prefix(Self.longestControlPayload)
        buffer.writeMultipleIntegers(0x80 | opcode.rawValue, UInt8(truncatingIfNeeded: payload.count))
        buffer.writeBytes(payload)
    }

    private static func headerSize(ofPayload length: Int) -> Int {
        switch length {
        case ...125: 2
        case ...0xFFFF: 4
        default: 10
        }
    }

    private static func setHeader(
        _ opcode: FrameHeader.Opcode,
        payload length: Int,
        at start: Int,
        in buffer: inout ByteBuffer
    ) {
        buffer.setInteger(0x80 | opcode.rawValue, at: start)
        switch Self.headerSize(ofPayload: length) {
        case 2:
            buffer.setInteger(UInt8(truncatingIfNeeded: length), at: start + 1)
        case 4:
            buffer.setInteger(126 as UInt8, at: start + 1)
            buffer.setInteger(UInt16(truncatingIfNeeded: length), at: start + 2)
        default:
            buffer.setInteger(127 as UInt8, at: start + 1)
            buffer.setInteger(UInt64(length), at: start + 2)
        }
    }
}

extension String {
    /// As many whole scalars from the beginning as fit.
    fileprivate func cut(toUTF8Count limit: Int) -> Substring {
        var end = self.startIndex
        var count = 0
        for scalar in self.unicodeScalars {
            count += UTF8.width(scalar)
            guard count <= limit else { break }
            self.unicodeScalars.formIndex(after: &end)
        }
        return self[..<end]
    }
}
