import Core
import NIOCore

/// The other end of the framing, written on its own so that a mistake in the product is not made twice: RFC 6455 §5.2 byte
/// by byte, with everything in it that a client may do wrong.
struct FramingClient {
    /// One frame as a client sends it.
    static func frame(
        _ opcode: UInt8,
        _ payload: some Collection<UInt8> = [UInt8](),
        isFinal: Bool = true,
        reserved: UInt8 = 0,
        mask: [UInt8]? = [0x37, 0xFA, 0x21, 0x3D],
        lengthForm: LengthForm? = nil
    ) -> [UInt8] {
        let form = lengthForm ?? (payload.count <= 125 ? .short : payload.count <= 65535 ? .medium : .long)
        var bytes = [(isFinal ? 0x80 : 0) | reserved << 4 | opcode]
        bytes += Self.length(UInt64(payload.count), form, isMasked: mask != nil)
        bytes += mask ?? []
        for (index, byte) in payload.enumerated() {
            bytes.append(byte ^ (mask?[index % 4] ?? 0))
        }
        return bytes
    }

    enum LengthForm {
        case short
        case medium
        case long
    }

    /// The length field, also of a payload that is never sent.
    static func length(_ length: UInt64, _ form: LengthForm, isMasked: Bool = true) -> [UInt8] {
        let maskBit: UInt8 = isMasked ? 0x80 : 0
        func bytes(_ count: Int) -> [UInt8] {
            (0..<count).reversed().map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) }
        }
        switch form {
        case .short: return [maskBit | UInt8(truncatingIfNeeded: length)]
        case .medium: return [maskBit | 126] + bytes(2)
        case .long: return [maskBit | 127] + bytes(8)
        }
    }

    static func text(_ text: String) -> [UInt8] {
        frame(0x1, text.utf8)
    }

    static func close(_ code: UInt16, _ reason: [UInt8] = []) -> [UInt8] {
        frame(0x8, [UInt8(code >> 8), UInt8(code & 0xFF)] + reason)
    }

    /// What a server sent: frames of its kind, or `nil` when they are not proper.
    static func parse(_ buffer: ByteBuffer) -> [(opcode: UInt8, payload: [UInt8])]? {
        var bytes = Array(buffer.readableBytesView)[...]
        var frames: [(opcode: UInt8, payload: [UInt8])] = []
        while let first = bytes.popFirst() {
            guard first & 0xF0 == 0x80, let second = bytes.popFirst(), second & 0x80 == 0 else { return nil }
            let count = second == 126 ? 2 : second == 127 ? 8 : 0
            guard bytes.count >= count else { return nil }
            let length = count == 0 ? Int(second) : bytes.prefix(count).reduce(0) { $0 << 8 | Int($1) }
            bytes = bytes.dropFirst(count)
            let isShortest = count == 0 || (count == 2 ? length > 125 : length > 65535)
            guard isShortest, bytes.count >= length else { return nil }
            frames.append((first & 0xF, Array(bytes.prefix(length))))
            bytes = bytes.dropFirst(length)
        }
        return frames
    }
}

/// What came out of a reader: its events, and how it ended.
struct FramingOutcome: Hashable {
    var events: [FrameEvent] = []
    var error: FramingError?

    /// Gives the pieces to a reader one by one, and takes all events in between.
    init(_ pieces: [[UInt8]], messageLimit: Int = 1000, fragmentLimit: Int = 1024) {
        var reader = FrameReader(messageLimit: messageLimit, fragmentLimit: fragmentLimit)
        for piece in pieces {
            reader.append(ByteBuffer(bytes: piece))
            do throws(FramingError) {
                while let event = try reader.next() {
                    self.events.append(event)
                }
            } catch {
                self.error = self.error ?? error
            }
        }
    }

    init(_ bytes: [UInt8], messageLimit: Int = 1000, fragmentLimit: Int = 1024) {
        self.init([bytes], messageLimit: messageLimit, fragmentLimit: fragmentLimit)
    }

    var code: CloseCode? { self.error?.code }
}

extension FrameEvent {
    static func text(_ text: String) -> FrameEvent { .text(ByteBuffer(string: text)) }
    static func ping(_ text: String) -> FrameEvent { .ping(ByteBuffer(string: text)) }
    static func pong(_ text: String) -> FrameEvent { .pong(ByteBuffer(string: text)) }
}
