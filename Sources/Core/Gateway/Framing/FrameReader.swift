package import NIOCore

/// Reads the frames of one client: a strict server side of RFC 6455, as a pure value that does no input or output.
///
/// Strict, since NIO's own decoder lets unmasked frames, reserved bits and reserved opcodes pass; and bounded: what a header
/// announces is judged before any of it is kept, so that a client can make the server hold no more than one message.
package struct FrameReader: Sendable {
    private let messageLimit: Int
    private let fragmentLimit: Int

    /// What was received and is not consumed yet.
    private var pending = ByteBuffer()
    /// The fragments of the message under way, unmasked and joined, and how many they were.
    private var message: (text: ByteBuffer, fragments: Int)?
    private var isFinished = false

    /// - Parameters:
    ///   - messageLimit: how many bytes one message may have, its fragments together.
    ///   - fragmentLimit: how many frames one message may come in.
    package init(messageLimit: Int, fragmentLimit: Int = 1024) {
        self.messageLimit = messageLimit
        self.fragmentLimit = fragmentLimit
    }

    /// Takes what was received; nothing is copied unless a part of a frame waits for the rest of it.
    package mutating func append(_ bytes: ByteBuffer) {
        guard !self.isFinished else { return }
        if self.pending.readableBytes == 0 {
            self.pending = bytes
        } else {
            self.pending.writeImmutableBuffer(bytes)
        }
    }

    /// The next event of what was received; `nil` when more is needed, and ever after an error or a close.
    package mutating func next() throws(FramingError) -> FrameEvent? {
        do throws(FramingError) {
            while !self.isFinished {
                guard let header = try FrameHeader(peekingInto: self.pending) else { break }
                try self.judge(header)
                // The limits above bound the length.
                let length = Int(clamping: header.payloadLength)
                guard self.pending.readableBytes - header.size >= length else { break }
                if let event = try self.consume(header, length) { return event }
            }
        } catch {
            self.finish()
            throw error
        }
        self.shrink()
        return nil
    }

    /// What depends on the frames before this one: the order of fragments, and their sums.
    private func judge(_ header: FrameHeader) throws(FramingError) {
        switch header.opcode {
        case .continuation:
            guard let message = self.message else { throw .strayContinuation }
            guard message.fragments < self.fragmentLimit else { throw .tooManyFragments }
        case .text:
            guard self.message == nil else { throw .interleavedMessage }
        case .close, .ping, .pong:
            return
        }
        let left = self.messageLimit - (self.message?.text.readableBytes ?? 0)
        guard header.payloadLength <= UInt64(max(left, 0)) else { throw .tooBig }
    }

    /// Takes a frame that is there as a whole; `nil` when it does not complete a message.
    private mutating func consume(_ header: FrameHeader, _ length: Int) throws(FramingError) -> FrameEvent? {
        switch header.opcode {
        case .text where header.isFinal:
            return .text(self.takePayload(of: header, length))
        case .text, .continuation:
            var text = self.message?.text ?? ByteBuffer()
            let fragments = (self.message?.fragments ?? 0) + 1
            // Or the buffer would not be the only owner of its storage, and be copied for every fragment.
            self.message = nil
            self.takePayload(of: header, length, appendingTo: &text)
            guard header.isFinal else {
                self.message = (text, fragments)
                return nil
            }
            return .text(text)
        case .ping:
            return .ping(self.takePayload(of: header, length))
        case .pong:
            return .pong(self.takePayload(of: header, length))
        case .close:
            let payload = self.takePayload(of: header, length)
            let event = try FrameEvent(closePayload: payload)
            self.finish()
            return event
        }
    }

    /// Unmasks the payload where it stands, and returns that slice of what was received.
    ///
    /// When somebody else holds the same memory (NIO's pooled receive buffers, an event that is still in use), the payload is
    /// copied instead: that alone, whereas changing the buffer would make `ByteBuffer` copy its whole capacity.
    private mutating func takePayload(of header: FrameHeader, _ length: Int) -> ByteBuffer {
        let key = self.maskingKey(of: header)
        let end = header.size + length
        let isUnmasked: Void? = self.pending.modifyIfUniquelyOwned { buffer in
            buffer.withUnsafeMutableReadableBytes { bytes in
                let payload = UnsafeMutableRawBufferPointer(rebasing: bytes[header.size..<end])
                key.apply(from: UnsafeRawBufferPointer(payload), to: payload)
            }
        }
        var payload = ByteBuffer()
        if isUnmasked == nil {
            self.takePayload(of: header, length, appendingTo: &payload)
        } else if let frame = self.pending.readSlice(length: end) {
            payload = frame
            payload.moveReaderIndex(forwardBy: header.size)
        }
        return payload
    }

    private mutating func takePayload(of header: FrameHeader, _ length: Int, appendingTo target: inout ByteBuffer) {
        let key = self.maskingKey(of: header)
        let end = header.size + length
        self.pending.withUnsafeReadableBytes { bytes in
            let payload = UnsafeRawBufferPointer(rebasing: bytes[header.size..<end])
            target.writeWithUnsafeMutableBytes(minimumWritableBytes: length) { room in
                key.apply(from: payload, to: room)
                return length
            }
        }
        self.pending.moveReaderIndex(forwardBy: end)
    }

    private func maskingKey(of header: FrameHeader) -> MaskingKey {
        let place = self.pending.readerIndex + header.maskOffset
        return MaskingKey(inMemoryOrder: self.pending.getInteger(at: place, endianness: .host) ?? 0)
    }

    /// Gives memory back: all of it when nothing waits, and most of it when little of a large receive buffer does.
    private mutating func shrink() {
        let count = self.pending.readableBytes
        if count == 0 {
            self.pending = ByteBuffer()
        } else if self.pending.storageCapacity > 2 * count + 64 {
            self.pending = ByteBuffer(bytes: self.pending.readableBytesView)
        }
    }

    private mutating func finish() {
        self.isFinished = true
        self.pending = ByteBuffer()
        self.message = nil
    }
}

extension FrameEvent {
    /// A close frame's content: nothing, or a code and perhaps a reason (RFC 6455 §5.5.1).
    fileprivate init(closePayload: ByteBuffer) throws(FramingError) {
        var reason = closePayload
        guard reason.readableBytes != 1 else { throw .truncatedCloseCode }
        let code = reason.readInteger(as: UInt16.self)
        if let code, !CloseCode(code).isAllowedOnWire { throw .invalidCloseCode }
        guard String(validating: reason.readableBytesView, as: UTF8.self) != nil else { throw .invalidCloseReason }
        self = .close(code: code, reason: reason)
    }
}
