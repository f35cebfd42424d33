import Core
import NIOCore
import Testing

/// What a well-behaved client sends, in whatever pieces it arrives.
@Suite struct FramingReaderTests {
    @Test func readsEveryKindOfFrame() {
        let outcome = FramingOutcome(
            FramingClient.text("Hello") + FramingClient.frame(0x9, "ping".utf8) + FramingClient.frame(0xA, "pong".utf8)
                + FramingClient.text("") + FramingClient.frame(0x9) + FramingClient.frame(0xA)
                + FramingClient.close(1000, Array("bye".utf8))
        )
        #expect(outcome.error == nil)
        #expect(
            outcome.events == [
                .text("Hello"), .ping("ping"), .pong("pong"), .text(""), .ping(""), .pong(""),
                .close(code: 1000, reason: ByteBuffer(string: "bye")),
            ]
        )
    }

    /// The example of RFC 6455 §5.7.
    @Test func readsTheStandardsExample() {
        let outcome = FramingOutcome([0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58])
        #expect(outcome.events == [.text("Hello")])
    }

    @Test func joinsFragments() {
        let outcome = FramingOutcome(
            FramingClient.frame(0x1, "Hel".utf8, isFinal: false) + FramingClient.frame(0x9, "in between".utf8)
                + FramingClient.frame(0x0, isFinal: false)
                + FramingClient.frame(0x0, "l".utf8, isFinal: false, mask: [0, 0, 0, 0])
                + FramingClient.frame(0xA, isFinal: true) + FramingClient.frame(0x0, "o".utf8)
                + FramingClient.text("next")
                + FramingClient.frame(0x1, isFinal: false) + FramingClient.frame(0x0)
        )
        #expect(outcome.error == nil)
        #expect(outcome.events == [.ping("in between"), .pong(""), .text("Hello"), .text("next"), .text("")])
    }

    @Test(arguments: 0...40)
    func unmasksEveryLength(_ length: Int) {
        for mask in [[1, 2, 3, 4], [0xFF, 0, 0x80, 0x7F], [0, 0, 0, 0]] as [[UInt8]] {
            for offset in 0...9 {
                let payload = (0..<length).map { UInt8(truncatingIfNeeded: 0x20 + $0 * 7) }
                // Frames before it move it to every alignment.
                let before = FramingClient.frame(0xA, [UInt8](repeating: 0x61, count: offset))
                let bytes =
                    before + FramingClient.frame(0x1, payload, mask: mask)
                    + FramingClient.frame(0x9, payload, mask: mask)
                let outcome = FramingOutcome(bytes)
                #expect(
                    outcome.events.dropFirst() == [
                        .text(ByteBuffer(bytes: payload)), .ping(ByteBuffer(bytes: payload)),
                    ]
                )
            }
        }
    }

    @Test(arguments: [0, 1, 124, 125, 126, 127, 128, 255, 256, 65534, 65535, 65536, 65537, 100_000])
    func readsEveryFormOfLength(_ length: Int) {
        let payload = (0..<length).map { UInt8(truncatingIfNeeded: $0) }
        let bytes = FramingClient.frame(0x1, payload) + FramingClient.text("next")
        let expected: [FrameEvent] = [.text(ByteBuffer(bytes: payload)), .text("next")]
        #expect(FramingOutcome(bytes, messageLimit: 100_000).events == expected)
        // In the pieces that a socket would give.
        let pieces = stride(from: 0, to: bytes.count, by: 2048).map { Array(bytes[$0..<min($0 + 2048, bytes.count)]) }
        #expect(FramingOutcome(pieces, messageLimit: 100_000).events == expected)
        let fragments = stride(from: 0, to: length, by: 1000).map { start in
            FramingClient.frame(start == 0 ? 0x1 : 0x0, payload[start..<min(start + 1000, length)], isFinal: false)
        }
        guard length > 0 else { return }
        let joined = FramingOutcome(fragments.flatMap { $0 } + FramingClient.frame(0x0), messageLimit: 100_000)
        #expect(joined.events == [expected[0]])
    }

    /// Some right and some wrong, so that errors too come out the same however the bytes arrive.
    private static let streams: [[UInt8]] = [
        FramingClient.text("Hello") + FramingClient.frame(0x9, "p".utf8) + FramingClient.text("")
            + FramingClient.frame(0x1, [UInt8](repeating: 0x62, count: 130))
            + FramingClient.close(1001, Array("é".utf8)),
        FramingClient.frame(0x1, "a".utf8, isFinal: false) + FramingClient.frame(0xA, "x".utf8)
            + FramingClient.frame(0x0, [UInt8](repeating: 0x63, count: 127), isFinal: false)
            + FramingClient.frame(0x0, "z".utf8)
            + FramingClient.text("more"),
        FramingClient.text("a") + FramingClient.frame(0x0, "stray".utf8, mask: nil),
        FramingClient.text("a") + FramingClient.frame(0x3, "x".utf8),
        FramingClient.text("a") + FramingClient.frame(0x1, "x".utf8, reserved: 4, mask: nil),
        FramingClient.text("a") + FramingClient.frame(0x9, [UInt8](repeating: 0x64, count: 126)),
        FramingClient.text("a") + [0x81] + FramingClient.length(1001, .medium) + [1, 2, 3, 4, 5],
        FramingClient.text("a") + [0x81] + FramingClient.length(200, .long) + [1, 2, 3, 4, 5],
        FramingClient.text("a") + [0x81] + FramingClient.length(1 << 63, .long) + [1, 2, 3, 4, 5],
        FramingClient.close(1000) + FramingClient.text("too late"),
        FramingClient.close(1005),
    ]

    @Test(arguments: streams)
    func piecesDoNotMatter(_ bytes: [UInt8]) {
        let whole = FramingOutcome(bytes)
        #expect(FramingOutcome(bytes.map { [$0] }) == whole)
        for first in 0...bytes.count {
            #expect(FramingOutcome([Array(bytes[..<first]), Array(bytes[first...])]) == whole)
            for second in first...min(first + 12, bytes.count) {
                let pieces = [bytes[..<first], bytes[first..<second], bytes[second...]].map { Array($0) }
                #expect(FramingOutcome(pieces) == whole)
            }
        }
    }

    @Test func nothingComesAfterACloseOrAnError() throws {
        for end in [FramingClient.close(1000), FramingClient.frame(0x2)] {
            var reader = FrameReader(messageLimit: 1000)
            reader.append(ByteBuffer(bytes: end + FramingClient.text("late")))
            _ = try? reader.next()
            #expect(try reader.next() == nil)
            reader.append(ByteBuffer(bytes: FramingClient.text("later") + FramingClient.frame(0x2)))
            #expect(try reader.next() == nil)
        }
    }

    /// Whoever else holds the received memory must not see it change, and events must keep their content.
    @Test func sharedBuffersAreLeftAlone() throws {
        let bytes = FramingClient.text("one") + FramingClient.text("two") + FramingClient.frame(0x9, "three".utf8)
        let received = ByteBuffer(bytes: bytes)
        var reader = FrameReader(messageLimit: 1000)
        reader.append(received)
        var events: [FrameEvent] = []
        while let event = try reader.next() {
            events.append(event)
        }
        #expect(events == [.text("one"), .text("two"), .ping("three")])
        #expect(received == ByteBuffer(bytes: bytes))

        var unshared = FrameReader(messageLimit: 1000)
        unshared.append(ByteBuffer(bytes: bytes))
        #expect(try unshared.next() == .text("one"))
        unshared.append(ByteBuffer(bytes: FramingClient.text("four")))
        let two = try unshared.next()
        #expect(try unshared.next() == .ping("three"))
        #expect(try unshared.next() == .text("four"))
        #expect(two == .text("two"))
    }

    /// A frame that is alone in its memory is unmasked where it stands.
    @Test func unsharedBuffersAreNotCopied() throws {
        func address(_ buffer: ByteBuffer) -> UInt {
            buffer.withVeryUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
        }
        var received = ByteBuffer(bytes: FramingClient.text(String(repeating: "x", count: 200)))
        let before = address(received)
        var reader = FrameReader(messageLimit: 1000)
        reader.append(received)
        received = ByteBuffer()
        guard case .text(let text) = try reader.next() else {
            Issue.record("no text")
            return
        }
        #expect(text.readableBytes == 200)
        #expect(text.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) } - before == 8)
    }
}
