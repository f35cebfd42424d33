package import NIOCore

/// What a client's frames amount to.
package enum FrameEvent: Hashable, Sendable {
    /// A whole text message, its fragments joined. Whether it is UTF-8 is checked where it is read as JSON.
    case text(ByteBuffer)
    /// To be answered by a pong with the same payload (RFC 6455 §5.5.2).
    case ping(ByteBuffer)
    case pong(ByteBuffer)
    /// The client closes, or answers a close; the reason is UTF-8. Nothing comes after it.
    case close(code: UInt16?, reason: ByteBuffer)
}
