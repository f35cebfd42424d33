import NIOCore

/// Cuts what arrives into lines (newline-delimited JSON). A line that is too long ends the connection.
struct LineFramer: NIOSingleStepByteToMessageDecoder {
    typealias InboundOut = ByteBuffer

    struct TooLong: Error {}

    /// How much of the buffer holds no end of line.
    private var searched = 0

    mutating func decode(buffer: inout ByteBuffer) throws -> ByteBuffer? {
        let view = buffer.readableBytesView
        guard let end = view.dropFirst(self.searched).firstIndex(of: UInt8(ascii: "\n")) else {
            self.searched = view.count
            guard view.count <= RPCDesk.longestText else { throw TooLong() }
            return nil
        }
        self.searched = 0
        let length = end - view.startIndex
        guard length <= RPCDesk.longestText else { throw TooLong() }
        let line = buffer.readSlice(length: length)
        buffer.moveReaderIndex(forwardBy: 1)
        return line
    }

    mutating func decodeLast(buffer: inout ByteBuffer, seenEOF: Bool) throws -> ByteBuffer? {
        if let line = try self.decode(buffer: &buffer) { return line }
        guard buffer.readableBytes > 0 else { return nil }
        // What was sent without an end of line by somebody who then closed his side: `printf … | nc -U`.
        return buffer.readSlice(length: buffer.readableBytes)
    }
}
