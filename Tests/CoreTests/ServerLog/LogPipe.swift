import Glibc

/// A pipe to log into, which is read when a test says so.
final class LogPipe: Sendable {
    let input: Int32
    private let output: Int32

    /// - Parameters:
    ///   - isBlocking: Whether who writes to a full pipe sleeps, as with most stderr, or is told to come again.
    init(isBlocking: Bool) throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Failed(code: errno) }
        (self.output, self.input) = (ends[0], ends[1])
        // The least a pipe can hold, one page, so that little is enough to fill it (F_SETPIPE_SZ).
        guard fcntl(self.input, 1031, 4096) >= 0 else { throw Failed(code: errno) }
        guard isBlocking || fcntl(self.input, F_SETFL, O_NONBLOCK) == 0 else { throw Failed(code: errno) }
    }

    struct Failed: Error {
        let code: Int32
    }

    /// Closes our own end for writing: then the end of the file is when the sink is gone.
    func closeInput() { close(self.input) }

    func closeOutput() { close(self.output) }

    /// Reads once, up to so many bytes; empty at the end of the file.
    func read(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = max(0, Glibc.read(self.output, buffer.baseAddress, count))
        }
    }

    /// Reads all there is, and returns when nobody can write any more.
    func readToEnd(steps: Int = 65536) -> String {
        var bytes: [UInt8] = []
        while true {
            let part = self.read(steps)
            if part.isEmpty { return String(decoding: bytes, as: UTF8.self) }
            bytes += part
        }
    }
}

extension String {
    /// The lines of a log, each of which has to have its line feed.
    var logLines: [Substring] {
        var lines = self.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.popLast() == "" ? lines : []
    }
}
