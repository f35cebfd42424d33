package import NIOCore
import StrictJSON

/// Reads what clients send: one JSON object a message (§8.1), strictly, in one pass, with no copy of what is not needed.
///
/// What it throws ends the connection. A fault that can be attributed to a call or to the registration is a result instead,
/// since it has to be answered.
package struct MessageDecoder: Sendable {
    package init() {}

    /// Reads one message.
    package func decode(_ bytes: UnsafeBufferPointer<UInt8>) throws(DecodeFailure) -> ClientMessage {
        let members = try Self.members(of: bytes)
        // Judged before anything else: what another version means by its members is not known here (§8.1.1).
        guard let version = members.written(.version) else { throw .version("version is missing") }
        guard version.bytes.spells("1") else { throw .version("version must be 1, not \(Self.excerpt(of: version))") }
        do throws(JSONSyntaxError) {
            return try members.message()
        } catch {
            throw Self.failure(error)
        }
    }

    /// Reads one message.
    package func decode(_ buffer: ByteBuffer) throws(DecodeFailure) -> ClientMessage {
        try buffer.withUnsafeReadableBytes { bytes throws(DecodeFailure) in
            try self.decode(bytes.bindMemory(to: UInt8.self))
        }
    }

    /// Reads one message.
    package func decode(_ text: String) throws(DecodeFailure) -> ClientMessage {
        try self.decode(ByteBuffer(string: text))
    }

    private static func members(of bytes: UnsafeBufferPointer<UInt8>) throws(DecodeFailure) -> MessageMembers {
        do throws(JSONSyntaxError) {
            return try MessageMembers(of: bytes)
        } catch {
            throw Self.failure(error)
        }
    }

    private static func failure(_ error: JSONSyntaxError) -> DecodeFailure {
        .notAnObject("not a JSON object: \(error)")
    }

    /// The beginning of a value, fit for the reason of a close frame and for a log: short, and printable ASCII only.
    private static func excerpt(of value: MemberValue) -> String {
        let shown = 20
        let printable = value.bytes.prefix(shown).map { (0x20...0x7E).contains($0) ? $0 : UInt8(ascii: "?") }
        return String(decoding: printable, as: UTF8.self) + (value.bytes.count > shown ? "..." : "")
    }
}
