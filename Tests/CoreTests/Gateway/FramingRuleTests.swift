import Core
import NIOCore
import Testing

/// What a client may not do (rows W6–W9 and W12 of the threat list).
@Suite struct FramingRuleTests {
    @Test(arguments: [UInt8(0x1), 0x8, 0x9, 0xA])
    func framesMustBeMasked(_ opcode: UInt8) {
        expect(.protocolError, FramingClient.frame(opcode, mask: nil))
        expect(.protocolError, FramingClient.frame(opcode, "Hello".utf8, mask: nil))
    }

    @Test(arguments: UInt8(1)...7)
    func reservedBitsMustNotBeSet(_ bits: UInt8) {
        for opcode: UInt8 in [0x0, 0x1, 0x8, 0x9, 0xA] {
            expect(.protocolError, FramingClient.frame(opcode, "x".utf8, reserved: bits))
        }
    }

    @Test(arguments: [UInt8(0x3), 0x4, 0x5, 0x6, 0x7, 0xB, 0xC, 0xD, 0xE, 0xF])
    func reservedOpcodesAreRefused(_ opcode: UInt8) {
        expect(.protocolError, FramingClient.frame(opcode))
        expect(.protocolError, FramingClient.frame(opcode, "x".utf8, isFinal: false))
        // Judged by the first byte alone.
        expect(.protocolError, [0x80 | opcode])
    }

    @Test func binaryIsRefused() {
        expect(.unsupportedData, FramingClient.frame(0x2))
        expect(.unsupportedData, FramingClient.frame(0x2, "x".utf8, isFinal: false))
        expect(.unsupportedData, [0x82])
    }

    @Test(arguments: [UInt8(0x8), 0x9, 0xA])
    func controlFramesAreShortAndWhole(_ opcode: UInt8) {
        expect(.protocolError, FramingClient.frame(opcode, "x".utf8, isFinal: false))
        expect(.protocolError, FramingClient.frame(opcode, isFinal: false))
        for length in [126, 127, 500, 65536] {
            expect(.protocolError, FramingClient.frame(opcode, [UInt8](repeating: 0x61, count: length)))
        }
        // Also in a longer form than needed, and before any payload.
        expect(.protocolError, [0x80 | opcode] + FramingClient.length(5, .medium))
        expect(.protocolError, [0x80 | opcode, 0x80 | 127])
    }

    @Test func controlFramesMayHave125Bytes() {
        let payload = [UInt8](repeating: 0x61, count: 125)
        let outcome = FramingOutcome(FramingClient.frame(0x9, payload) + FramingClient.frame(0xA, payload))
        #expect(outcome.events == [.ping(ByteBuffer(bytes: payload)), .pong(ByteBuffer(bytes: payload))])
    }

    @Test func fragmentsMustBeInOrder() {
        expect(.protocolError, FramingClient.frame(0x0))
        expect(.protocolError, FramingClient.frame(0x0, "x".utf8, isFinal: false))
        expect(.protocolError, FramingClient.text("whole") + FramingClient.frame(0x0, "x".utf8), after: 1)
        let open = FramingClient.frame(0x1, "x".utf8, isFinal: false)
        expect(.protocolError, open + FramingClient.text("new"))
        expect(.protocolError, open + open)
        expect(.protocolError, open + FramingClient.frame(0x0) + FramingClient.frame(0x0), after: 1)
    }

    @Test(arguments: [UInt64(0), 1, 125])
    func lengthsMustBeMinimal(_ length: UInt64) {
        expect(.protocolError, [0x81] + FramingClient.length(length, .medium))
        expect(.protocolError, [0x81] + FramingClient.length(length, .long))
        expect(
            .protocolError,
            FramingClient.frame(0x1, [UInt8](repeating: 0x61, count: Int(length)), lengthForm: .medium)
        )
        for length: UInt64 in [126, 65535] {
            expect(.protocolError, [0x81] + FramingClient.length(length, .long))
        }
    }

    @Test(arguments: [UInt64(1) << 63, .max, .max - 1, 1 << 63 | 5])
    func lengthsMustNotBeNegative(_ length: UInt64) {
        expect(.protocolError, [0x81] + FramingClient.length(length, .long), limit: .max)
    }

    /// Judged as soon as the length is known: no byte of the payload, nor even of the mask, is waited for.
    @Test(arguments: [UInt64(1) << 16, 1 << 31, 1 << 32, 1 << 53, .max >> 1])
    func hugeMessagesAreRefusedAtTheHeader(_ length: UInt64) {
        expect(.messageTooBig, [0x81] + FramingClient.length(length, .long))
        expect(.messageTooBig, [0x01] + FramingClient.length(length, .long))
    }

    @Test func messagesAreLimited() {
        func payload(_ count: Int) -> [UInt8] { [UInt8](repeating: 0x61, count: count) }
        #expect(FramingOutcome(FramingClient.frame(0x1, payload(1000))).events.count == 1)
        expect(.messageTooBig, [0x81] + FramingClient.length(1001, .medium))
        // All fragments together.
        let start = FramingClient.frame(0x1, payload(600), isFinal: false) + FramingClient.frame(0x9, payload(100))
        let whole = start + FramingClient.frame(0x0, payload(400))
        #expect(FramingOutcome(whole).events.last == .text(ByteBuffer(bytes: payload(1000))))
        expect(.messageTooBig, start + [0x80] + FramingClient.length(401, .medium), after: 1)
        expect(.messageTooBig, start + [0x00] + FramingClient.length(.max >> 1, .long), after: 1)
        // The next message has the whole room again.
        #expect(FramingOutcome(whole + whole).events.count == 4)
        // No limit is an excuse for a trap.
        #expect(FramingOutcome(FramingClient.text("x"), messageLimit: .max).events == [.text("x")])
        expect(.messageTooBig, FramingClient.text("x"), limit: 0)
        expect(.messageTooBig, FramingClient.text("x"), limit: -5)
    }

    @Test func fragmentsAreLimited() {
        func message(_ count: Int) -> [UInt8] {
            (1...count).flatMap { FramingClient.frame($0 == 1 ? 0x1 : 0x0, isFinal: $0 == count) }
        }
        #expect(FramingOutcome(message(4), fragmentLimit: 4).events == [.text("")])
        #expect(FramingOutcome(message(5), fragmentLimit: 4).code == .policyViolation)
        #expect(FramingOutcome(message(4) + message(4), fragmentLimit: 4).events.count == 2)
        #expect(FramingOutcome(message(1024)).events == [.text("")])
        #expect(FramingOutcome(message(1025)).code == .policyViolation)
        // Control frames in between do not count.
        let pings = (0..<10).flatMap { _ in FramingClient.frame(0x9) }
        let open = FramingClient.frame(0x1, isFinal: false)
        #expect(FramingOutcome(open + pings + FramingClient.frame(0x0), fragmentLimit: 2).error == nil)
    }

    @Test(arguments: [
        UInt16(1000), 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
    ])
    func closeCodes(_ code: UInt16) {
        #expect(FramingOutcome(FramingClient.close(code)).events == [.close(code: code, reason: ByteBuffer())])
        let reason = Array("Grüße".utf8)
        let outcome = FramingOutcome(FramingClient.close(code, reason))
        #expect(outcome.events == [.close(code: code, reason: ByteBuffer(bytes: reason))])
    }

    @Test(arguments: [
        UInt16(0), 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 1999, 2000, 2999, 5000, 9999, 65535,
    ])
    func wrongCloseCodes(_ code: UInt16) {
        expect(.protocolError, FramingClient.close(code))
        expect(.protocolError, FramingClient.close(code, Array("x".utf8)))
    }

    @Test func closePayloads() {
        #expect(FramingOutcome(FramingClient.frame(0x8)).events == [.close(code: nil, reason: ByteBuffer())])
        expect(.protocolError, FramingClient.frame(0x8, [0x03]))
        let longest = [UInt8](repeating: 0x61, count: 123)
        #expect(FramingOutcome(FramingClient.close(1000, longest)).events.count == 1)
        for reason in [[0xFF], [0xC3], [0xED, 0xA0, 0x80], [0x61, 0xC0, 0xAF], [0xF4, 0x90, 0x80, 0x80]] as [[UInt8]] {
            expect(.invalidPayload, FramingClient.close(1000, reason))
        }
        // In the middle of a message too.
        let open = FramingClient.frame(0x1, "x".utf8, isFinal: false)
        #expect(FramingOutcome(open + FramingClient.close(1001)).events == [.close(code: 1001, reason: ByteBuffer())])
    }

    @Test func reasonsFitIntoACloseFrame() {
        for bytes in [FramingClient.frame(0x2), FramingClient.frame(0x0), [0x81, 0x01], [0x88, 0xFE]] {
            let reason = FramingOutcome(bytes).error?.reason ?? ""
            #expect((1...123).contains(reason.utf8.count))
        }
    }

    /// Refused with this code, after so many events; alone, and with anything behind it.
    private func expect(
        _ code: CloseCode,
        _ bytes: [UInt8],
        after count: Int = 0,
        limit: Int = 1000,
        at location: SourceLocation = #_sourceLocation
    ) {
        for outcome in [
            FramingOutcome(bytes, messageLimit: limit),
            FramingOutcome(bytes + FramingClient.text("more"), messageLimit: limit),
            FramingOutcome(bytes.map { [$0] }, messageLimit: limit),
        ] {
            #expect(outcome.code == code, sourceLocation: location)
            #expect(outcome.events.count == count, sourceLocation: location)
        }
    }
}
