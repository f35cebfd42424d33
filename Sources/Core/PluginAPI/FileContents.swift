internal import Glibc

/// The bytes of a regular file, read whole and within a limit, so that no path in a configuration can hang the server
/// (a FIFO) or fill its memory (`/dev/zero`).
package struct FileContents: Sendable {
    /// All bytes.
    package let bytes: [UInt8]
    /// Which file it was, and of when.
    package let version: FileVersion

    /// Reads the file.
    package init(path: String, limit: Int) throws(FileProblem) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw FileProblem(errorNumber: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileProblem(errorNumber: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw FileProblem(found: "something that is not a file") }
        guard status.st_size <= limit else { throw FileProblem(found: "more than \(WrittenSize.text(of: limit))") }
        self.version = FileVersion(status)
        self.bytes = try Self.read(descriptor, expecting: Int(status.st_size), limit: limit)
    }

    private static func read(_ descriptor: CInt, expecting size: Int, limit: Int) throws(FileProblem) -> [UInt8] {
        var bytes: [UInt8] = []
        var capacity = size + 1
        while true {
            let start = bytes.count
            bytes.append(contentsOf: repeatElement(0, count: capacity - start))
            let count = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(descriptor, buffer.baseAddress.map { $0 + start }, buffer.count - start)
            }
            if count < 0, errno == EINTR {
                bytes.removeLast(bytes.count - start)
                continue
            }
            guard count >= 0 else { throw FileProblem(errorNumber: errno) }
            bytes.removeLast(bytes.count - start - count)
            if count == 0 { return bytes }
            // It may have grown since it was measured.
            guard bytes.count <= limit else { throw FileProblem(found: "more than \(WrittenSize.text(of: limit))") }
            if bytes.count == capacity { capacity += 64 << 10 }
        }
    }
}

/// What tells one version of a file from the next: content is not compared.
package struct FileVersion: Hashable, Sendable {
    private let device: UInt64
    private let node: UInt64
    private let size: Int64
    private let seconds: Int
    private let nanoseconds: Int

    /// The version that stands there now.
    package init(path: String) throws(FileProblem) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw FileProblem(errorNumber: errno) }
        self.init(status)
    }

    fileprivate init(_ status: stat) {
        self.device = UInt64(status.st_dev)
        self.node = UInt64(status.st_ino)
        self.size = Int64(status.st_size)
        self.seconds = status.st_mtim.tv_sec
        self.nanoseconds = status.st_mtim.tv_nsec
    }
}

/// Why a file could not be read.
package struct FileProblem: Error, Hashable, Sendable {
    /// What stands there instead of a readable file, for "expected …, found …".
    package let found: String

    init(found: String) {
        self.found = found
    }

    init(errorNumber: CInt) {
        var text = [CChar](repeating: 0, count: 256)
        let message = text.withUnsafeMutableBufferPointer { buffer -> String? in
            guard let base = buffer.baseAddress, strerror_r(errorNumber, base, buffer.count) == 0 else { return nil }
            return String(cString: base)
        }
        self.found = "an error: \(message ?? "error \(errorNumber)")"
    }
}

/// The variables that the process was started with.
enum ProcessEnvironment {
    static var variables: [String: String] {
        var variables: [String: String] = [:]
        var next = environ
        while let entry = next.pointee {
            let text = String(cString: entry)
            if let separator = text.utf8.firstIndex(of: UInt8(ascii: "=")) {
                variables[String(text[..<separator])] = String(text[text.utf8.index(after: separator)...])
            }
            next = next.successor()
        }
        return variables
    }
}
