import Glibc
import NIOCore

/// A listening Unix socket that only its owner can open from the first moment on.
package enum UnixSocket {
    package struct Problem: Error, Sendable, CustomStringConvertible {
        package let description: String
    }

    /// Makes the socket listen, and puts it at its path.
    ///
    /// It is made in a folder of its own that nobody else can enter, and then moved to its place, so that there is no moment
    /// at which others could open it. What stands there is replaced only if nobody answers there.
    ///
    /// - Returns: The descriptor.
    package static func listen(at path: String) throws(Problem) -> CInt {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        try self.makeFolder(folder.isEmpty ? "/" : folder)
        try self.checkPlace(path)
        var template = Array("\(folder)/.admin-XXXXXX".utf8CString)
        guard template.withUnsafeMutableBufferPointer({ $0.baseAddress.flatMap { mkdtemp($0) } }) != nil else {
            throw Problem("can't make a folder in \(folder)")
        }
        let privateFolder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { rmdir(privateFolder) }
        let privatePath = "\(privateFolder)/s"
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Problem("can't make a socket") }
        do throws(Problem) {
            var address = try self.address(privatePath)
            let isBound = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            guard isBound == 0 else { throw Problem("can't make a socket in \(folder)") }
            guard chmod(privatePath, 0o600) == 0, Glibc.listen(descriptor, 128) == 0,
                rename(privatePath, path) == 0
            else {
                let problem = Problem("can't put a socket at \(path)")
                unlink(privatePath)
                throw problem
            }
            return descriptor
        } catch {
            close(descriptor)
            throw error
        }
    }

    /// Takes the socket away, if it is still the one that was put there.
    package static func remove(_ path: String, _ identity: Identity?) {
        if let identity, Identity(path) == identity { unlink(path) }
    }

    /// Which file stands at a path.
    package struct Identity: Sendable, Equatable {
        private let device: UInt64
        private let node: UInt64

        package init?(_ path: String) {
            var status = stat()
            guard lstat(path, &status) == 0 else { return nil }
            self.device = UInt64(status.st_dev)
            self.node = UInt64(status.st_ino)
        }
    }

    /// What SO_PEERCRED fills in (`struct ucred`, unix(7)), which the module of the C library leaves out.
    private struct PeerCredentials {
        var process: Int32 = 0
        var user: UInt32 = .max
        var group: UInt32 = .max
    }

    /// The user at the other end of a connection; `nil` when the system does not say.
    static func user(of channel: any Channel) -> EventLoopFuture<UInt32?> {
        guard let options = channel as? any SocketOptionProvider else {
            return channel.eventLoop.makeSucceededFuture(nil)
        }
        let credentials: EventLoopFuture<PeerCredentials> = options.unsafeGetSocketOption(
            level: .socket,
            name: NIOBSDSocket.Option(rawValue: SO_PEERCRED)
        )
        return credentials.map { $0.user }.recover { _ in nil }
    }

    private static func makeFolder(_ folder: String) throws(Problem) {
        var status = stat()
        if stat(folder, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFDIR else { throw Problem(plain: "expected a folder at \(folder)") }
            return
        }
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
            throw Problem("can't make the folder \(folder)")
        }
    }

    /// Whether a socket may be put there: not where somebody answers, nor in the place of anything else.
    private static func checkPlace(_ path: String) throws(Problem) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw Problem(plain: "expected a socket or nothing at \(path), found something else")
        }
        var address = try self.address(path)
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Problem("can't make a socket") }
        defer { close(descriptor) }
        let isAnswered = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        if isAnswered == 0 {
            throw Problem(plain: "another server answers at \(path): stop it, or set admin.socket to another path")
        }
        // What else may be wrong there, such as a queue that is full, means that somebody is there.
        guard errno == ECONNREFUSED || errno == ENOENT else {
            throw Problem("can't find out whether somebody answers at \(path)")
        }
    }

    private static func address(_ path: String) throws(Problem) -> sockaddr_un {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard bytes.count < room else {
            throw Problem(plain: "expected a path of fewer than \(room) bytes for a socket, found \(path)")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return address
    }
}

extension UnixSocket.Problem {
    /// With what the system says.
    fileprivate init(_ what: String) {
        self.description = "\(what): \(String(cString: strerror(errno)))"
    }

    fileprivate init(plain: String) {
        self.description = plain
    }
}
