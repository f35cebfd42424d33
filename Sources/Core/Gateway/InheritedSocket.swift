internal import Glibc

/// A TCP socket that listens already, because whoever started this process has opened it (sd_listen_fds(3)).
package struct InheritedSocket: Sendable, Hashable {
    package let descriptor: CInt
    /// Where it listens, whatever the configuration says.
    package let address: IPAddress
    package let port: Int

    /// `nil` unless the descriptor is a listening TCP socket.
    package init?(_ descriptor: CInt) {
        guard Self.option(SO_ACCEPTCONN, of: descriptor) == 1,
            Self.option(SO_TYPE, of: descriptor) == CInt(SOCK_STREAM.rawValue),
            Self.option(SO_PROTOCOL, of: descriptor) == CInt(IPPROTO_TCP)
        else { return nil }
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &storage) { storage in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        guard result == 0 else { return nil }
        let bytes = withUnsafeBytes(of: storage) { Array($0) }
        // Family and port come first, then, for IPv6, the flow information (RFC 3493 §3.3).
        let addressBytes: ArraySlice<UInt8>
        switch CInt(storage.ss_family) {
        case AF_INET: addressBytes = bytes[4..<8]
        case AF_INET6: addressBytes = bytes[8..<24]
        default: return nil
        }
        guard let address = IPAddress(bytes: Array(addressBytes)) else { return nil }
        self.descriptor = descriptor
        self.address = address
        self.port = Int(bytes[2]) << 8 | Int(bytes[3])
    }

    private static func option(_ name: CInt, of descriptor: CInt) -> CInt? {
        var value: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        return getsockopt(descriptor, SOL_SOCKET, name, &value, &length) == 0 ? value : nil
    }
}
