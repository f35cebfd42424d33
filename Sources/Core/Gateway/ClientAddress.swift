package import NIOCore

/// From where a socket comes, as limits count it.
package enum ClientAddress {
    /// An IPv4 address as a whole; of an IPv6 address the first 64 bits, since one subscriber owns all the rest.
    package static func limitKey(_ address: SocketAddress?) -> String {
        switch address {
        case .v4: address?.ipAddress ?? "unknown"
        case .v6(let v6):
            withUnsafeBytes(of: v6.address) { socketAddress in
                // Family, port and flow information come first (RFC 3493 §3.3).
                let bytes = socketAddress.dropFirst(8).prefix(16).map { $0 }
                guard bytes.count == 16 else { return "unknown" }
                // An IPv4 address in disguise (RFC 4291 §2.5.5.2) is counted as what it is.
                if bytes.prefix(10).allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF {
                    return bytes.suffix(4).map { String($0) }.joined(separator: ".")
                } else {
                    return bytes.prefix(8).map { String($0, radix: 16) }.joined(separator: ":") + "/64"
                }
            }
        case .unixDomainSocket, nil: "local"
        }
    }
}
