import Core
import NIOCore
import Testing

/// Random bytes and damaged frames: no trap, no more memory than the limits say, and always one of the documented codes.
@Suite struct FramingFuzzTests {
    private static let messageLimit = 2000

    @Test(arguments: 1...8)
    func damagedStreams(_ seed: Int) {
        var random = FramingGenerator(seed: UInt64(seed))
        var codes: Set<CloseCode> = []
        for _ in 0..<600 {
            var bytes = (0..<Int.random(in: 1...6, using: &random)).flatMap { _ in Self.frame(using: &random) }
            for _ in 0..<Int.random(in: 0...2, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                case 1: bytes.remove(at: index)
                default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: index)
                }
                if bytes.isEmpty { bytes = [0x81] }
            }
            let whole = FramingOutcome(bytes, messageLimit: Self.messageLimit, fragmentLimit: 3)
            let pieces = Self.pieces(of: bytes, using: &random)
            #expect(FramingOutcome(pieces, messageLimit: Self.messageLimit, fragmentLimit: 3) == whole)
            for case .text(let text) in whole.events {
                #expect(text.readableBytes <= Self.messageLimit)
            }
            if let code = whole.code { codes.insert(code) }
        }
        let documented: Set<CloseCode> = [
            .protocolError, .unsupportedData, .invalidPayload, .policyViolation, .messageTooBig,
        ]
        #expect(codes.isSubset(of: documented))
        #expect(codes.count >= 4, "the fuzz is too gentle or too rough: \(codes.map(\.number))")
    }

    @Test func randomBytes() {
        var random = FramingGenerator(seed: 99)
        for _ in 0..<5_000 {
            let bytes = (0..<Int.random(in: 1...64, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            let whole = FramingOutcome(bytes)
            #expect(FramingOutcome(bytes.map { [$0] }) == whole)
        }
    }

    /// What is held for a client, whatever it does: a message under way, and of a frame under way no more than came.
    @Test func memoryIsBounded() throws {
        var reader = FrameReader(messageLimit: 256 * 1024)
        // A header that announces much, and then a trickle in large receive buffers.
        var received = ByteBufferAllocator().buffer(capacity: 65536)
        received.writeBytes([0x81] + FramingClient.length(200_000, .long) + [1, 2, 3, 4])
        reader.append(received)
        #expect(try reader.next() == nil)
        #expect(Self.heldBytes(reader) <= 256)
        for count in 1...100 {
            received = ByteBufferAllocator().buffer(capacity: 65536)
            received.writeInteger(0x61 as UInt8)
            reader.append(received)
            #expect(try reader.next() == nil)
            #expect(Self.heldBytes(reader) <= 256 + 4 * count)
        }
        var rest = 199_900
        while rest > 0 {
            let count = min(rest, 4096)
            reader.append(ByteBuffer(repeating: 0x61, count: count))
            rest -= count
            let event = try reader.next()
            #expect((event == nil) == (rest > 0))
        }
        #expect(try reader.next() == nil)
        #expect(Self.heldBytes(reader) == 0)
    }

    @Test func nothingIsHeldWhileIdle() throws {
        var reader = FrameReader(messageLimit: 1000)
        for bytes in [
            FramingClient.text("x"), FramingClient.frame(0x9), FramingClient.text("a") + FramingClient.text("b"),
            FramingClient.frame(0x1, "f".utf8, isFinal: false) + FramingClient.frame(0x0, "g".utf8),
        ] {
            reader.append(ByteBuffer(bytes: bytes))
            while try reader.next() != nil {}
            #expect(Self.heldBytes(reader) == 0)
        }
        // After an error, neither.
        reader.append(ByteBuffer(bytes: FramingClient.frame(0x1, "f".utf8, isFinal: false) + FramingClient.frame(0x2)))
        #expect(throws: FramingError.self) { while try reader.next() != nil {} }
        reader.append(ByteBuffer(repeating: 0, count: 1000))
        #expect(Self.heldBytes(reader) == 0)
    }

    /// Many frames in one receive buffer whose events are all kept: time and memory stay in proportion.
    @Test func keptEventsDoNotMultiplyTheBuffer() throws {
        let bytes = (0..<20_000).flatMap { _ in FramingClient.text("x") }
        var reader = FrameReader(messageLimit: 1000)
        reader.append(ByteBuffer(bytes: bytes))
        var events: [FrameEvent] = []
        let start = ContinuousClock.now
        while let event = try reader.next() {
            events.append(event)
        }
        #expect(events.count == 20_000)
        #expect(ContinuousClock.now - start < .seconds(5))
    }

    /// The storage behind every buffer that the reader holds, found by reflection: it is nobody else's business.
    private static func heldBytes(_ value: Any) -> Int {
        if let buffer = value as? ByteBuffer { return buffer.storageCapacity }
        return Mirror(reflecting: value).children.reduce(0) { $0 + heldBytes($1.value) }
    }

    private static func frame(using random: inout FramingGenerator) -> [UInt8] {
        let opcode: UInt8 = [0x0, 0x0, 0x1, 0x1, 0x1, 0x1, 0x2, 0x8, 0x9, 0xA].randomElement(using: &random) ?? 0x1
        let lengths = [0, 1, 5, 100, 125, 126, 300, 1999, 2001]
        var length = lengths.randomElement(using: &random) ?? 0
        if opcode >= 0x8 { length = min(length, Int.random(in: 0...10, using: &random) == 0 ? 126 : 125) }
        var payload = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
        if opcode == 0x8, length >= 2, Bool.random(using: &random) {
            payload.replaceSubrange(0..<2, with: [0x03, 0xE8])
        }
        let mask = (0..<4).map { _ in UInt8.random(in: 0...255, using: &random) }
        let isFinal = opcode >= 0x8 || Int.random(in: 0...2, using: &random) > 0
        return FramingClient.frame(opcode, payload, isFinal: isFinal, mask: mask)
    }

    private static func pieces(of bytes: [UInt8], using random: inout FramingGenerator) -> [[UInt8]] {
        var rest = bytes[...]
        var pieces: [[UInt8]] = []
        while !rest.isEmpty {
            let count = Int.random(in: 1...(Bool.random(using: &random) ? 3 : 400), using: &random)
            pieces.append(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        return pieces
    }
}

/// SplitMix64: the same streams in every run.
private struct FramingGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var value = self.state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}
