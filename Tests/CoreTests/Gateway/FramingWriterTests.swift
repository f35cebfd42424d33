import Core
import NIOCore
import Testing

@Suite struct FramingWriterTests {
    private static let lengths = [0, 1, 2, 124, 125, 126, 127, 128, 1000, 65534, 65535, 65536, 65537, 200_000]

    @Test(arguments: lengths)
    func textOfEveryLength(_ length: Int) throws {
        let payload = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        var buffer = ByteBuffer()
        FrameWriter.text(into: &buffer) { $0.writeBytes(payload) }
        let frames = try #require(FramingClient.parse(buffer))
        #expect(frames.map(\.opcode) == [0x1])
        #expect(frames.map(\.payload) == [payload])
        #expect(buffer.readableBytes == length + (length < 126 ? 2 : length < 65536 ? 4 : 10))
    }

    /// Several frames in one buffer that has been read in part: each leaves the others alone.
    @Test func framesAreAppended() throws {
        var buffer = ByteBuffer(string: "unread")
        buffer.moveReaderIndex(forwardBy: 6)
        for (index, length) in (Self.lengths + Self.lengths.reversed()).enumerated() {
            FrameWriter.text(into: &buffer) { buffer in
                // In several steps, as a message is written.
                buffer.writeRepeatingByte(UInt8(index), count: length / 2)
                buffer.writeRepeatingByte(UInt8(index), count: length - length / 2)
            }
            FrameWriter.ping(into: &buffer)
        }
        let frames = try #require(FramingClient.parse(buffer))
        #expect(frames.map(\.opcode) == Self.lengths.flatMap { _ in [0x1, 0x9, 0x1, 0x9] })
        let expected = (Self.lengths + Self.lengths.reversed()).enumerated().flatMap { index, length in
            [[UInt8](repeating: UInt8(index), count: length), []]
        }
        #expect(frames.map(\.payload) == expected)
    }

    @Test func sharedBuffersAreCopied() throws {
        for length in [5, 500, 70_000] {
            var buffer = ByteBuffer(string: "before")
            let copy = buffer
            FrameWriter.text(into: &buffer) { $0.writeRepeatingByte(0x61, count: length) }
            #expect(String(buffer: copy) == "before")
            buffer.moveReaderIndex(forwardBy: 6)
            #expect(try #require(FramingClient.parse(buffer)).map(\.payload.count) == [length])
        }
    }

    @Test func controlFrames() throws {
        var buffer = ByteBuffer()
        FrameWriter.ping(into: &buffer)
        #expect(Array(buffer.readableBytesView) == [0x89, 0])
        buffer.clear()
        FrameWriter.pong(ByteBuffer(string: "abc"), into: &buffer)
        #expect(Array(buffer.readableBytesView) == [0x8A, 3, 0x61, 0x62, 0x63])
        buffer.clear()
        FrameWriter.close(.goingAway, reason: "ab", into: &buffer)
        #expect(Array(buffer.readableBytesView) == [0x88, 4, 0x03, 0xE9, 0x61, 0x62])
        buffer.clear()
        FrameWriter.close(.keepAliveLost, into: &buffer)
        #expect(Array(buffer.readableBytesView) == [0x88, 2, 0x0F, 0xA4])
        buffer.clear()
        FrameWriter.close(echoing: nil, into: &buffer)
        #expect(Array(buffer.readableBytesView) == [0x88, 0])
        buffer.clear()
        FrameWriter.close(echoing: 3000, into: &buffer)
        #expect(Array(buffer.readableBytesView) == [0x88, 2, 0x0B, 0xB8])
    }

    @Test func controlPayloadsAreBounded() throws {
        var buffer = ByteBuffer()
        FrameWriter.pong(ByteBuffer(repeating: 0x61, count: 125), into: &buffer)
        FrameWriter.pong(ByteBuffer(repeating: 0x61, count: 126), into: &buffer)
        #expect(try #require(FramingClient.parse(buffer)).map(\.payload.count) == [125, 125])
    }

    @Test(arguments: ["a", "é", "€", "😀", "e\u{301}", "\r\n", "👨‍👩‍👧‍👦"])
    func reasonsAreCutBetweenCharacters(_ text: String) throws {
        for offset in 0..<4 {
            let reason = String(repeating: "x", count: offset) + String(repeating: text, count: 130)
            var buffer = ByteBuffer()
            FrameWriter.close(.normal, reason: reason, into: &buffer)
            let payload = try #require(FramingClient.parse(buffer)?.first?.payload)
            let cut = try #require(String(validating: payload.dropFirst(2), as: UTF8.self))
            #expect(reason.utf8.starts(with: cut.utf8))
            #expect((120...123).contains(cut.utf8.count))
        }
        var buffer = ByteBuffer()
        FrameWriter.close(.normal, reason: String(repeating: "x", count: 123), into: &buffer)
        #expect(buffer.readableBytes == 127)
    }

    @Test func codesAreThoseOfTheProtocol() {
        let codes: [CloseCode] = [
            .normal, .goingAway, .protocolError, .unsupportedData, .invalidPayload, .policyViolation, .messageTooBig,
            .internalError, .tryAgainLater, .tokenExpired, .replaced, .terminatedByAdministrator, .keepAliveLost,
        ]
        #expect(codes.map(\.number) == [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 1013, 4001, 4002, 4003, 4004])
    }
}
