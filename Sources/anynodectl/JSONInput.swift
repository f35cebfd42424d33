internal import AdminClient
internal import Glibc
internal import StrictJSON

/// JSON that a command line names.
enum JSONInput {
    /// The most that is read: what the server takes in one request.
    private static let limit = 1 << 20

    /// Reads a file, or with `-` standard input.
    static func read(_ path: String) throws(LocalFailure) -> JSONValue {
        try Self.parse(try Self.bytes(of: path), name: path == "-" ? "standard input" : path)
    }

    static func parse(_ bytes: [UInt8], name: String) throws(LocalFailure) -> JSONValue {
        do throws(JSONSyntaxError) {
            return try JSONValue(parsing: bytes)
        } catch {
            let (line, column) = error.position(in: bytes)
            throw LocalFailure(message: "\(name.shown):\(line):\(column): \(error.problem.rawValue)")
        }
    }

    /// All bytes of a file, or with `-` of standard input.
    static func bytes(of path: String) throws(LocalFailure) -> [UInt8] {
        let isStandardInput = path == "-"
        let descriptor = isStandardInput ? 0 : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw LocalFailure(message: "can't read \(path.shown): \(systemMessage(errno))")
        }
        defer { if !isStandardInput { close(descriptor) } }
        var bytes: [UInt8] = []
        while bytes.count <= Self.limit {
            let chunk = [UInt8](unsafeUninitializedCapacity: 65536) { buffer, count in
                count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
                if count < 0 { count = 0 }
            }
            if chunk.isEmpty { return bytes }
            bytes += chunk
        }
        throw LocalFailure(message: "\(path.shown) is larger than \(Self.limit) bytes, which no server takes")
    }
}
