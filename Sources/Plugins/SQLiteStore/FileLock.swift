internal import Foundation
internal import PluginAPI
internal import Synchronization

/// A file that one process at a time has locked: the kernel gives it free when the process ends, however it ends.
final class FileLock: Sendable {
    private let descriptor: Mutex<Int32>

    /// - Throws: ``PluginError/unavailable(_:)`` when another process has it.
    init(path: String) throws {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw PluginError.unavailable("\(path): \(String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let isTaken = errno == EWOULDBLOCK
            let problem = String(cString: strerror(errno))
            Glibc.close(descriptor)
            throw PluginError.unavailable(
                isTaken ? "another server uses this store: it has locked \(path)" : "\(path): \(problem)"
            )
        }
        self.descriptor = Mutex(descriptor)
    }

    func release() {
        let descriptor = self.descriptor.withLock { descriptor in
            defer { descriptor = -1 }
            return descriptor
        }
        guard descriptor >= 0 else { return }
        // Closing alone would not do while a process that is just being started holds a copy of the descriptor.
        flock(descriptor, LOCK_UN)
        Glibc.close(descriptor)
    }

    deinit {
        self.release()
    }
}
