internal import Glibc
package import NIOCore

/// An address of a machine: 4 bytes or 16. An IPv4 address in IPv6 clothes (RFC 4291 §2.5.5.2) is the IPv4 address.
package struct IPAddress: Sendable, Hashable, CustomStringConvertible {
    package let bytes: [UInt8]

    /// `nil` unless there are 4 or 16 bytes.
    package init?(bytes: [UInt8]) {
        switch bytes.count {
        case 4: self.bytes = bytes
        case 16 where bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF:
            self.bytes = Array(bytes.suffix(4))
        case 16: self.bytes = bytes
        default: return nil
        }
    }

    /// The usual way to write it, without port, zone or brackets.
    package init?(_ text: some StringProtocol) {
        let text = String(text)
        // For inet_pton(3) a NUL is the end, whatever follows.
        guard text.utf8.count <= 45, !text.utf8.contains(0) else { return nil }
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 {
            self.init(bytes: Array(bytes.prefix(4)))
        } else if inet_pton(AF_INET6, text, &bytes) == 1 {
            self.init(bytes: bytes)
        } else {
            return nil
        }
    }

    /// `nil` for what has none, such as a Unix socket.
    package init?(_ address: SocketAddress?) {
        switch address {
        case .v4(let v4):
            // Family and port come first (RFC 3493 §3.3 for both).
            self.init(bytes: withUnsafeBytes(of: v4.address) { Array($0.dropFirst(4).prefix(4)) })
        case .v6(let v6):
            self.init(bytes: withUnsafeBytes(of: v6.address) { Array($0.dropFirst(8).prefix(16)) })
        case .unixDomainSocket, nil:
            return nil
        }
    }

    /// Whether nobody but this machine has it.
    package var isLoopback: Bool {
        self.bytes.count == 4
            ? self.bytes[0] == 127 : self.bytes.dropLast().allSatisfy { $0 == 0 } && self.bytes[15] == 1
    }

    /// As limits and logs name it: an IPv4 address as a whole; of an IPv6 address the first 64 bits, since one subscriber
    /// owns all the rest.
    package var limitKey: String {
        if self.bytes.count == 4 {
            self.bytes.map { String($0) }.joined(separator: ".")
        } else {
            self.bytes.prefix(8).map { String($0, radix: 16) }.joined(separator: ":") + "/64"
        }
    }

    package var description: String {
        var text = [CChar](repeating: 0, count: 64)
        let family = self.bytes.count == 4 ? AF_INET : AF_INET6
        inet_ntop(family, self.bytes, &text, socklen_t(text.count))
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// All addresses that begin alike: `10.0.0.0/8`, `2001:db8::/32`, or a single one.
package struct AddressBlock: Sendable, Hashable {
    private let prefix: [UInt8]
    /// In bits.
    private let length: Int

    /// `nil` for anything unusual, an address with bits behind the length included: who writes `10.0.0.1/8` may mean one
    /// machine, and trusts sixteen million.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(first) else { return nil }
        let bits = address.bytes.count * 8
        var length = bits
        if parts.count == 2 {
            guard let written = Self.length(parts[1]) else { return nil }
            // Of an IPv4 address in IPv6 clothes, the clothes are counted too.
            length = written - (bits == 32 && first.utf8.contains(UInt8(ascii: ":")) ? 96 : 0)
        }
        guard (0...bits).contains(length) else { return nil }
        self.prefix = address.bytes
        self.length = length
        guard (length..<bits).allSatisfy({ address.bytes[$0 / 8] >> UInt8(7 - $0 % 8) & 1 == 0 }) else { return nil }
    }

    /// A number without a zero before it.
    private static func length(_ text: Substring) -> Int? {
        guard (1...3).contains(text.utf8.count), text == "0" || text.utf8.first != UInt8(ascii: "0"),
            text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return Int(text)
    }

    package func contains(_ address: IPAddress) -> Bool {
        guard address.bytes.count == self.prefix.count else { return false }
        let (whole, rest) = (self.length / 8, self.length % 8)
        guard address.bytes.prefix(whole) == self.prefix.prefix(whole) else { return false }
        guard rest > 0 else { return true }
        return (address.bytes[whole] ^ self.prefix[whole]) >> UInt8(8 - rest) == 0
    }
}
