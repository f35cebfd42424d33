import NIOCore
import StrictJSON
import Telephony

extension ByteBuffer {
    /// Writes the rest of a string member whose text is known to need no escapes: a keyword, a checked identifier or number.
    mutating func writeMember(_ start: StaticString, _ text: String) {
        self.writeStaticString(start)
        self.writeString(text)
        self.writeStaticString("\"")
    }

    /// Writes the rest of a string member whose text comes from people.
    mutating func writeEscapedMember(_ start: StaticString, _ text: String) {
        self.writeStaticString(start)
        let isPlain = text.utf8.withContiguousStorageIfAvailable { bytes in
            bytes.allSatisfy { !JSONText.mustBeEscaped($0) }
        }
        if isPlain != true {
            var escaped: [UInt8] = []
            JSONText.escape(text.utf8) { escaped.append($0) }
            self.writeBytes(escaped)
        } else {
            self.writeString(text)
        }
        self.writeStaticString("\"")
    }

    /// Writes an address member.
    mutating func writeAddress(_ start: StaticString, _ address: PartyAddress) {
        self.writeStaticString(start)
        self.writeMember("{\"dialString\":\"", address.dialString.text)
        if let name = address.displayName {
            self.writeEscapedMember(",\"displayName\":\"", name)
        }
        self.writeStaticString("}")
    }
}
