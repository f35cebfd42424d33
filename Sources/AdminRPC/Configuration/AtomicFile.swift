import Glibc

/// Writes a file so that there is always either what was there before or all of what is new, also when the power fails.
enum AtomicFile {
    struct Problem: Error, Sendable, CustomStringConvertible {
        let description: String
    }

    /// Writes beside the file, to the disk, and then puts it in the file's place. Owner and permissions stay.
    static func replace(_ path: String, with bytes: [UInt8]) throws(Problem) {
        // Where the file is a link, what it leads to is replaced.
        let path = self.resolved(path)
        var present = stat()
        let isThere = stat(path, &present) == 0
        let other = "\(path).\(getpid()).new"
        let descriptor = open(other, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, isThere ? 0o600 : 0o640)
        guard descriptor >= 0 else { throw self.problem("can't write beside \(path)") }
        do throws(Problem) {
            if isThere {
                guard fchmod(descriptor, present.st_mode & 0o7777) == 0 else {
                    throw self.problem("can't give \(other) the permissions of the file")
                }
                // Only root may give a file away; everybody else keeps his own.
                _ = fchown(descriptor, present.st_uid, present.st_gid)
            }
            try self.write(bytes, to: descriptor, other)
            guard fsync(descriptor) == 0 else { throw self.problem("can't write \(other) to the disk") }
            guard rename(other, path) == 0 else { throw self.problem("can't replace \(path)") }
            close(descriptor)
        } catch {
            close(descriptor)
            unlink(other)
            throw error
        }
        self.sync(folderOf: path)
    }

    private static func write(_ bytes: [UInt8], to descriptor: CInt, _ path: String) throws(Problem) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(descriptor, buffer.baseAddress.map { $0 + offset }, buffer.count - offset)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw self.problem("can't write \(path)") }
            offset += count
        }
    }

    /// So that the new name is on the disk as well. Some file systems can't; the file is whole in any case.
    private static func sync(folderOf path: String) {
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    private static func resolved(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }

    private static func problem(_ what: String) -> Problem {
        Problem(description: "\(what): \(String(cString: strerror(errno)))")
    }
}
