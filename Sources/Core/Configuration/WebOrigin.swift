/// Where a web page comes from, as browsers put it into the `Origin` header (RFC 6454): scheme, host and port.
package enum WebOrigin {
    /// The one spelling that browsers use: in lower case, without the port that belongs to the scheme. `*` stays.
    ///
    /// `nil` when the text is no origin: a path, a user name or a wildcard within it would never match anything.
    package static func normalized(_ text: String) -> String? {
        if text == "*" { return text }
        let lower = text.lowercased()
        guard let (scheme, authority) = Self.split(lower, at: "://"), Self.isScheme(scheme) else { return nil }
        let (host, port) = Self.hostAndPort(authority)
        guard Self.isHost(host) else { return nil }
        guard let port else { return "\(scheme)://\(host)" }
        guard (1...5).contains(port.utf8.count), port.utf8.allSatisfy(Self.isDigit), let number = UInt16(port),
            number > 0
        else { return nil }
        let isUsual = (scheme == "http" && number == 80) || (scheme == "https" && number == 443)
        return isUsual ? "\(scheme)://\(host)" : "\(scheme)://\(host):\(number)"
    }

    private static func split(_ text: String, at separator: String) -> (String, String)? {
        let bytes = Array(text.utf8)
        let mark = Array(separator.utf8)
        guard let index = bytes.indices.first(where: { bytes[$0...].starts(with: mark) }) else { return nil }
        let rest = bytes[(index + mark.count)...]
        return (String(decoding: bytes[..<index], as: UTF8.self), String(decoding: rest, as: UTF8.self))
    }

    /// A colon within brackets belongs to an IPv6 address.
    private static func hostAndPort(_ authority: String) -> (host: String, port: String?) {
        let bytes = Array(authority.utf8)
        let searched = (bytes.lastIndex(of: UInt8(ascii: "]")) ?? -1) + 1
        guard let colon = bytes[searched...].firstIndex(of: UInt8(ascii: ":")) else { return (authority, nil) }
        return (
            String(decoding: bytes[..<colon], as: UTF8.self), String(decoding: bytes[(colon + 1)...], as: UTF8.self)
        )
    }

    private static func isScheme(_ text: String) -> Bool {
        guard let first = text.utf8.first, Self.isLetter(first) else { return false }
        return text.utf8.allSatisfy { Self.isLetter($0) || Self.isDigit($0) || "+-.".utf8.contains($0) }
    }

    private static func isHost(_ text: String) -> Bool {
        let bytes = text.utf8
        if bytes.first == UInt8(ascii: "["), bytes.last == UInt8(ascii: "]"), bytes.count > 3 {
            return bytes.dropFirst().dropLast().allSatisfy {
                Self.isDigit($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0) || ":.".utf8.contains($0)
            }
        }
        return !bytes.isEmpty && bytes.allSatisfy { Self.isLetter($0) || Self.isDigit($0) || "-._".utf8.contains($0) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
