/// Putting a value from outside into a filter or a name, so that it is nothing but a value there.
///
/// Both work on bytes: by characters, an asterisk with a combining mark would not be an asterisk, and stay one for the server.
enum LDAPEscaping {
    /// For an assertion value in a filter (RFC 4515 §3): everything but plain ASCII as `\xx`.
    static func filterValue(_ text: String) -> String {
        Self.escape(text) { byte, _, _ in
            switch byte {
            case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "*"), UInt8(ascii: "\\"): true
            default: false
            }
        }
    }

    /// For an attribute value in a distinguished name (RFC 4514 §2.4): everything but plain ASCII as `\xx`.
    static func nameValue(_ text: String) -> String {
        Self.escape(text) { byte, isFirst, isLast in
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "+"), UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "<"),
                UInt8(ascii: ">"), UInt8(ascii: "\\"), UInt8(ascii: "="):
                true
            case UInt8(ascii: "#"): isFirst
            case UInt8(ascii: " "): isFirst || isLast
            default: false
            }
        }
    }

    private static func escape(
        _ text: String,
        where isSpecial: (_ byte: UInt8, _ isFirst: Bool, _ isLast: Bool) -> Bool
    ) -> String {
        let bytes = Array(text.utf8)
        let count = bytes.count
        func isPlain(_ byte: UInt8, _ index: Int) -> Bool {
            (0x20..<0x7F).contains(byte) && !isSpecial(byte, index == 0, index == count - 1)
        }
        guard bytes.indices.contains(where: { !isPlain(bytes[$0], $0) }) else { return text }
        var escaped: [UInt8] = []
        escaped.reserveCapacity(bytes.count)
        for (index, byte) in bytes.enumerated() {
            if isPlain(byte, index) {
                escaped.append(byte)
            } else {
                escaped += [UInt8(ascii: "\\"), Self.digit(byte >> 4), Self.digit(byte & 0x0F)]
            }
        }
        return String(decoding: escaped, as: UTF8.self)
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
