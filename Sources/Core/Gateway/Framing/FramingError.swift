/// A breach of the framing rules, after which the connection has to be closed.
package struct FramingError: Error, Hashable, Sendable {
    /// What to close the connection with.
    package let code: CloseCode
    /// The same for people: a constant, never a part of what was received.
    package let reason: String

    private init(_ code: CloseCode, _ reason: String) {
        self.code = code
        self.reason = reason
    }

    static let reservedBits = FramingError(.protocolError, "reserved bits set, but no extension negotiated")
    static let reservedOpcode = FramingError(.protocolError, "reserved opcode")
    static let fragmentedControl = FramingError(.protocolError, "fragmented control frame")
    static let longControl = FramingError(.protocolError, "control frame of more than 125 bytes")
    static let notMasked = FramingError(.protocolError, "frame of a client without a mask")
    static let strayContinuation = FramingError(.protocolError, "continuation of no message")
    static let interleavedMessage = FramingError(.protocolError, "new message inside a fragmented one")
    static let nonMinimalLength = FramingError(.protocolError, "payload length not in its shortest form")
    static let negativeLength = FramingError(.protocolError, "payload length with its highest bit set")
    static let binary = FramingError(.unsupportedData, "binary messages are not supported")
    static let tooBig = FramingError(.messageTooBig, "message over the size limit")
    static let tooManyFragments = FramingError(.policyViolation, "message in too many fragments")
    static let truncatedCloseCode = FramingError(.protocolError, "close frame with half a code")
    static let invalidCloseCode = FramingError(.protocolError, "close code that must not be sent")
    static let invalidCloseReason = FramingError(.invalidPayload, "close reason is not UTF-8")
}
