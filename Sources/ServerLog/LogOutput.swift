internal import Glibc

/// Writes batches of lines to a descriptor, however little it takes at a time.
struct LogOutput {
    /// What has become of a part of a batch.
    enum Progress {
        case written(bytes: Int, lines: Int)
        /// Of the whole rest of the batch. `untold` is how many lines are missing from before, which nobody was told.
        case failed(bytes: Int, lines: Int, untold: Int)
    }

    /// What a pipe holds: to write more at once says no sooner that there is room again.
    private static let slice = 64 << 10

    let descriptor: Int32
    let write: LogSink.Write
    /// Whether the last line was begun and not ended, because writing failed in the middle.
    private var isLineBroken = false

    init(descriptor: Int32, write: @escaping LogSink.Write) {
        self.descriptor = descriptor
        self.write = write
    }

    /// Writes a batch, with a line at each of its gaps.
    mutating func write(_ batch: LogQueue.Batch, _ gapLine: (Int) -> [UInt8], _ report: (Progress) -> Void) {
        batch.bytes.withUnsafeBytes { bytes in
            var position = 0
            // So that half a line from before the failure does not swallow a whole one.
            if self.isLineBroken, !self.writeAll([UInt8(ascii: "\n")]) {
                return report(Self.failure(of: bytes, from: position, batch.gaps[...]))
            }
            for (index, gap) in batch.gaps.enumerated() {
                guard self.write(bytes, from: &position, to: gap.offset, report) else {
                    return report(Self.failure(of: bytes, from: position, batch.gaps[index...]))
                }
                guard self.writeAll(gapLine(gap.lines)) else {
                    return report(Self.failure(of: bytes, from: position, batch.gaps[index...]))
                }
            }
            guard self.write(bytes, from: &position, to: bytes.count, report) else {
                return report(Self.failure(of: bytes, from: position, []))
            }
            // Gaps alone are a success too, that nobody has heard of so far.
            if bytes.isEmpty { report(.written(bytes: 0, lines: 0)) }
        }
    }

    /// Writes a range of bytes, and says after each step how far it got. Whether it got to the end.
    private mutating func write(
        _ bytes: UnsafeRawBufferPointer,
        from position: inout Int,
        to end: Int,
        _ report: (Progress) -> Void
    ) -> Bool {
        while position < end {
            let part = UnsafeRawBufferPointer(rebasing: bytes[position..<min(end, position + Self.slice)])
            guard let count = self.writeSome(part) else { return false }
            report(.written(bytes: count, lines: Self.lineFeeds(in: part[..<count])))
            position += count
        }
        return true
    }

    private mutating func writeAll(_ line: [UInt8]) -> Bool {
        line.withUnsafeBytes { bytes in
            var position = 0
            return self.write(bytes, from: &position, to: bytes.count) { _ in }
        }
    }

    /// Writes what is taken at once, and waits as long as nothing is. `nil` when nothing ever will be.
    private mutating func writeSome(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard let start = bytes.baseAddress else { return 0 }
        while true {
            let count = self.write(self.descriptor, start, bytes.count)
            if count > 0 {
                self.isLineBroken = bytes[count - 1] != UInt8(ascii: "\n")
                return count
            }
            switch errno {
            case _ where count == 0:
                // No descriptor does that; what did would keep us busy for ever.
                return nil
            case EINTR:
                continue
            case EAGAIN, EWOULDBLOCK:
                var interest = pollfd(fd: self.descriptor, events: Int16(POLLOUT), revents: 0)
                // Whatever comes of it, the next write says what to do.
                _ = poll(&interest, 1, -1)
            default:
                return nil
            }
        }
    }

    private static func failure(
        of bytes: UnsafeRawBufferPointer,
        from position: Int,
        _ gaps: ArraySlice<LogQueue.Gap>
    ) -> Progress {
        .failed(
            bytes: bytes.count - position,
            lines: self.lineFeeds(in: bytes[position...]),
            untold: gaps.reduce(0) { $0 + $1.lines }
        )
    }

    private static func lineFeeds(in bytes: Slice<UnsafeRawBufferPointer>) -> Int {
        let bytes = UnsafeRawBufferPointer(rebasing: bytes)
        guard let start = bytes.baseAddress else { return 0 }
        var count = 0
        var position = 0
        // One step a line and not a byte, of which there may be millions.
        while let found = memchr(start + position, Int32(UInt8(ascii: "\n")), bytes.count - position) {
            count += 1
            position = UnsafeRawPointer(found) - start + 1
        }
        return count
    }
}
