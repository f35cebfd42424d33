import Core
import NIOCore

/// The frames of one WebSocket client (RFC 6455 §5), read by `FrameReader`.
///
/// The first byte chooses how the rest is cut into pieces; the limits are small, so that short inputs reach them.
enum FramesTarget {
    private static let messageLimit = 200
    private static let fragmentLimit = 4

    @Sendable static func run(_ bytes: [UInt8]) throws(BrokenProperty) {
        guard let first = bytes.first else { return }
        let stream = bytes.dropFirst()
        let whole = Outcome(of: [stream])
        try require(Outcome(of: stream.map { [$0] }) == whole, "byte by byte comes out as in one piece")
        try require(Outcome(of: Self.pieces(of: stream, size: Int(first) + 1)) == whole, "pieces come out as the whole")
        try whole.check(received: stream.count)
    }

    private static func pieces(of bytes: ArraySlice<UInt8>, size: Int) -> [ArraySlice<UInt8>] {
        stride(from: bytes.startIndex, to: bytes.endIndex, by: size).map { bytes[$0...].prefix(size) }
    }

    /// What came out of a reader: its events, and how it ended.
    private struct Outcome: Equatable {
        var events: [FrameEvent] = []
        var error: FramingError?
        /// Events after a close or an error: there must be none.
        var late = 0

        init(of pieces: [some Sequence<UInt8>]) {
            var reader = FrameReader(
                messageLimit: FramesTarget.messageLimit,
                fragmentLimit: FramesTarget.fragmentLimit
            )
            var isOver = false
            for piece in pieces {
                reader.append(ByteBuffer(bytes: piece))
                do throws(FramingError) {
                    while let event = try reader.next() {
                        if isOver { self.late += 1 }
                        if case .close = event { isOver = true }
                        self.events.append(event)
                    }
                } catch {
                    if isOver { self.late += 1 }
                    isOver = true
                    self.error = error
                }
            }
        }

        func check(received: Int) throws(BrokenProperty) {
            try require(self.late == 0, "nothing comes after a close or an error")
            var sum = 0
            for event in self.events {
                switch event {
                case .text(let text):
                    try require(text.readableBytes <= FramesTarget.messageLimit, "a message keeps to its limit")
                    sum += text.readableBytes
                case .ping(let payload), .pong(let payload):
                    try require(payload.readableBytes <= 125, "a control frame has at most 125 bytes")
                    sum += payload.readableBytes
                case .close(let code, let reason):
                    try require(
                        code.map { (1000...4999).contains($0) && ![1004, 1005, 1006, 1015].contains($0) } ?? true,
                        "a close code is one that may be sent"
                    )
                    try require(
                        String(validating: reason.readableBytesView, as: UTF8.self) != nil,
                        "a close reason is UTF-8"
                    )
                    sum += reason.readableBytes
                }
            }
            // A masked frame has at least six bytes more than its payload.
            try require(sum + 6 * self.events.count <= received, "no more comes out than went in")
            if let error = self.error {
                try require(
                    FramesTarget.documentedCodes.contains(error.code),
                    "a breach is closed with a documented code"
                )
            }
        }
    }

    private static let documentedCodes: Set<CloseCode> = [
        .protocolError, .unsupportedData, .invalidPayload, .policyViolation, .messageTooBig,
    ]
}
