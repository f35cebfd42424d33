internal import Glibc

/// A connected Unix domain stream socket that never blocks beyond a deadline.
package struct UnixSocket: ~Copyable {
    private let descriptor: Int32

    /// Takes over a descriptor that is connected, for tests.
    package init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Connects to a path.
    package init(path: String) throws(AdminFailure) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard !bytes.isEmpty, bytes.count < room, !bytes.contains(0) else {
            throw .noServer(path: path, code: ENAMETOOLONG)
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }

        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .broken(.system(errno)) }
        // A server that hangs takes no connections once its backlog is full: that is no reason to hang too.
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        _ = setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let result = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else {
            let code = errno
            close(descriptor)
            throw .noServer(path: path, code: code)
        }
        self.descriptor = descriptor
    }

    deinit { close(self.descriptor) }

    /// Sends all of it.
    package func send(_ bytes: [UInt8], before deadline: ContinuousClock.Instant?) throws(Break) {
        var sent = 0
        while sent < bytes.count {
            let rest = bytes[sent...]
            // Without SIGPIPE: a server that went away is reported in words.
            let count = rest.withUnsafeBytes {
                Glibc.send(self.descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            }
            if count >= 0 {
                sent += count
            } else if errno == EAGAIN {
                guard try self.wait(for: POLLOUT, before: deadline) else { throw .timeout(seconds: 0) }
            } else if errno == EPIPE || errno == ECONNRESET {
                throw .closed(insideLine: false)
            } else if errno != EINTR {
                throw .system(errno)
            }
        }
    }

    /// What has come; empty when the server closed its side, `nil` at the deadline.
    package func receive(before deadline: ContinuousClock.Instant?) throws(Break) -> [UInt8]? {
        while true {
            guard try self.wait(for: POLLIN, before: deadline) else { return nil }
            var code: Int32 = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: 65536) { buffer, count in
                let result = recv(self.descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
                code = result < 0 ? errno : 0
                count = max(0, result)
            }
            switch code {
            case 0: return bytes
            case ECONNRESET: return []
            case EINTR, EAGAIN: continue
            default: throw .system(code)
            }
        }
    }

    /// Whether the socket became ready before the deadline.
    private func wait(for event: Int32, before deadline: ContinuousClock.Instant?) throws(Break) -> Bool {
        while true {
            var poller = pollfd(fd: self.descriptor, events: Int16(event), revents: 0)
            let result = poll(&poller, 1, deadline.map(Self.milliseconds(until:)) ?? -1)
            if result > 0 { return true }
            if result == 0 {
                // A deadline beyond what poll can express is waited for in turns.
                if let deadline, deadline > .now { continue }
                return false
            }
            if errno != EINTR { throw .system(errno) }
        }
    }

    /// Rounded up, so that nobody polls in a busy loop at the end.
    private static func milliseconds(until deadline: ContinuousClock.Instant) -> Int32 {
        let left = ContinuousClock.now.duration(to: deadline)
        guard left > .zero else { return 0 }
        guard left < .seconds(3600) else { return 3_600_000 }
        return Int32(left / .milliseconds(1)) + 1
    }
}

/// The system's own words for an `errno`.
package func systemMessage(_ code: Int32) -> String {
    strerror(code).map { String(cString: $0) } ?? "error \(code)"
}
