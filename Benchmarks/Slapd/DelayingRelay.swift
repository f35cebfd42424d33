import Foundation
import Glibc
import Synchronization

/// A directory that is far away: takes connections on loopback and passes them on, and answers come late.
package final class DelayingRelay: Sendable {
    package let port: UInt16
    private let listener: Int32

    /// - Parameters:
    ///   - socket: The path of the directory's own socket.
    ///   - delay: Of each answer; questions pass at once.
    package init(to socket: String, delay: Duration) {
        self.listener = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        self.port = withUnsafeMutablePointer(to: &address) { [listener] pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = bind(listener, address, length)
                _ = listen(listener, 64)
                _ = getsockname(listener, address, &length)
            }
            return UInt16(bigEndian: pointer.pointee.sin_port)
        }
        Thread.detachNewThread { [listener] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { return }
                guard let server = Self.connect(to: socket) else {
                    close(client)
                    continue
                }
                Thread.detachNewThread { Self.pass(client, server) }
                Thread.detachNewThread { Self.passLate(server, client, delay) }
            }
        }
    }

    deinit {
        shutdown(self.listener, Int32(SHUT_RDWR))
        close(self.listener)
    }

    private static func connect(to path: String) -> Int32? {
        let server = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(server, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        return code == 0 ? server : nil
    }

    private static func pass(_ source: Int32, _ target: Int32) {
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = read(source, &buffer, buffer.count)
            guard count > 0, write(target, buffer, count) == count else { break }
        }
        shutdown(target, Int32(SHUT_WR))
    }

    /// One thread takes the time of each piece, another lets it go when its time has come.
    private static func passLate(_ source: Int32, _ target: Int32, _ delay: Duration) {
        let queue = Box(Mutex<[(due: ContinuousClock.Instant, bytes: [UInt8])]>([]))
        let end = Box(Atomic(false))
        Thread.detachNewThread {
            while true {
                let next = queue.value.withLock { $0.isEmpty ? nil : $0.removeFirst() }
                guard let next else {
                    if end.value.load(ordering: .acquiring) { break }
                    usleep(500)
                    continue
                }
                let wait = next.due - .now
                if wait > .zero { usleep(UInt32(wait / .microseconds(1))) }
                _ = write(target, next.bytes, next.bytes.count)
            }
            close(source)
            close(target)
        }
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = read(source, &buffer, buffer.count)
            guard count > 0 else { break }
            queue.value.withLock { $0.append((.now + delay, Array(buffer[..<count]))) }
        }
        end.value.store(true, ordering: .releasing)
    }

    private final class Box<Value: ~Copyable & Sendable>: Sendable {
        let value: Value
        init(_ value: consuming Value) { self.value = value }
    }
}
