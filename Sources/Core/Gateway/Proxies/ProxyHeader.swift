/// The first bytes of a connection that comes through a proxy which speaks the PROXY protocol, version 1 or 2 (HAProxy's
/// `proxy-protocol.txt`).
package enum ProxyHeader: Sendable, Hashable {
    /// Not all of it is there yet.
    case incomplete
    /// It is no such header, and never will be.
    case malformed
    /// Who connected to the proxy; `nil` when the proxy speaks for itself, or of a connection that has no address. The rest
    /// begins after `length` bytes.
    case complete(source: IPAddress?, length: Int)

    /// A version 1 header is no longer than this, its line end included.
    private static let longestLine = 107
    /// What a version 2 header may carry behind its fixed part.
    private static let longestBody = 2048
    private static let signature: [UInt8] = [
        0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A,
    ]

    /// The most bytes that are ever looked at.
    package static let longest = 16 + Self.longestBody

    package init(_ bytes: [UInt8]) {
        if bytes.starts(with: "PROXY ".utf8) {
            self = Self.line(bytes)
        } else if bytes.count >= Self.signature.count, bytes.starts(with: Self.signature) {
            self = Self.binary(bytes)
        } else if Self.signature.starts(with: bytes) || "PROXY ".utf8.starts(with: bytes) {
            self = .incomplete
        } else {
            self = .malformed
        }
    }

    // MARK: Version 1

    /// `PROXY TCP4 source destination sourcePort destinationPort\r\n` (section 2.1).
    private static func line(_ bytes: [UInt8]) -> ProxyHeader {
        let searched = bytes.prefix(Self.longestLine)
        guard let end = searched.firstIndex(of: UInt8(ascii: "\r")), end + 1 < bytes.count else {
            return bytes.count < Self.longestLine ? .incomplete : .malformed
        }
        guard end + 1 < Self.longestLine, bytes[end + 1] == UInt8(ascii: "\n"),
            let text = String(validating: bytes[..<end], as: UTF8.self)
        else { return .malformed }
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count >= 2 else { return .malformed }
        if words[1] == "UNKNOWN" { return .complete(source: nil, length: end + 2) }
        guard words.count == 6, words[1] == "TCP4" || words[1] == "TCP6",
            let source = IPAddress(words[2]), IPAddress(words[3]) != nil,
            words[2].contains(":") == (words[1] == "TCP6"), words[3].contains(":") == (words[1] == "TCP6"),
            Self.isPort(words[4]), Self.isPort(words[5])
        else { return .malformed }
        return .complete(source: source, length: end + 2)
    }

    private static func isPort(_ text: Substring) -> Bool {
        guard (1...5).contains(text.utf8.count), text == "0" || text.utf8.first != UInt8(ascii: "0"),
            text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return false }
        return UInt16(text) != nil
    }

    // MARK: Version 2

    /// Signature, command, family, length, addresses, and more that is skipped (section 2.2).
    private static func binary(_ bytes: [UInt8]) -> ProxyHeader {
        guard bytes.count >= 13 else { return .incomplete }
        let command = bytes[12]
        guard command == 0x20 || command == 0x21 else { return .malformed }
        guard bytes.count >= 16 else { return .incomplete }
        let bodyLength = Int(bytes[14]) << 8 | Int(bytes[15])
        guard bodyLength <= Self.longestBody else { return .malformed }
        guard bytes.count >= 16 + bodyLength else { return .incomplete }
        let length = 16 + bodyLength
        // LOCAL: the proxy itself, asking whether we are well.
        guard command == 0x21 else { return .complete(source: nil, length: length) }
        switch bytes[13] {
        case 0x11:
            guard bodyLength >= 12 else { return .malformed }
            return .complete(source: IPAddress(bytes: Array(bytes[16..<20])), length: length)
        case 0x21:
            guard bodyLength >= 36 else { return .malformed }
            return .complete(source: IPAddress(bytes: Array(bytes[16..<32])), length: length)
        // Unspecified, datagrams, Unix sockets: no address that we could use.
        case 0x00, 0x12, 0x22, 0x31, 0x32:
            return .complete(source: nil, length: length)
        default:
            return .malformed
        }
    }
}
