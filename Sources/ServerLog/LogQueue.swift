/// The lines that wait to be written: a bounded number, and how many had no room.
///
/// A value, so that its decisions can be tested without threads. When it is full, the newest lines are lost, and it stays
/// closed until half of it is written: so what is missing is a few long stretches, each marked once, and not every other
/// line.
struct LogQueue {
    /// Where in the waiting bytes lines are missing, and how many.
    struct Gap: Equatable {
        var offset: Int
        var lines: Int
    }

    /// What the writer takes at once.
    struct Batch {
        var bytes: [UInt8] = []
        var gaps: [Gap] = []
    }

    let limits: LogSink.Limits
    private(set) var waiting = Batch()
    /// What is not written yet, of the waiting and of what the writer has taken.
    private(set) var unwrittenBytes = 0
    private(set) var unwrittenLines = 0
    /// The bytes of all lines that were ever taken in, and those of them that are written or lost.
    private(set) var accepted: UInt64 = 0
    private(set) var finished: UInt64 = 0
    /// All lines that were ever lost.
    private(set) var dropped: UInt64 = 0
    /// Lines lost since the last gap was marked.
    private var lost = 0
    private var isClosed = false
    /// Whether the last write failed. Then gaps wait for the next line, since there is nobody to tell.
    private(set) var isFailing = false

    init(limits: LogSink.Limits) {
        self.limits = limits
    }

    /// Whether there is something to write.
    var isWorthWaking: Bool { !self.waiting.bytes.isEmpty || (!self.waiting.gaps.isEmpty && !self.isFailing) }

    /// Takes a line in, or counts it.
    mutating func append(_ line: [UInt8]) -> Bool {
        guard
            !self.isClosed, line.count <= self.limits.bytes - self.unwrittenBytes,
            self.unwrittenLines < self.limits.lines
        else {
            self.isClosed = true
            self.lost += 1
            self.dropped += 1
            self.openIfRoom()
            return false
        }
        self.waiting.bytes.append(contentsOf: line)
        self.unwrittenBytes += line.count
        self.unwrittenLines += 1
        self.accepted += UInt64(line.count)
        return true
    }

    /// Gives the writer all that waits, in exchange for an empty batch.
    mutating func take(into batch: inout Batch) {
        swap(&self.waiting, &batch)
    }

    /// Notes that bytes, with the ends of so many lines among them, are written.
    mutating func noteWritten(bytes: Int, lines: Int) {
        self.isFailing = false
        self.note(bytes: bytes, lines: lines)
    }

    /// Notes that the rest of what the writer took can't be written, and that it could not tell of older gaps either.
    mutating func noteFailed(bytes: Int, lines: Int, untold: Int) {
        self.isFailing = true
        self.dropped += UInt64(lines)
        let missing = lines + untold
        if let first = self.waiting.gaps.first, first.offset == 0 {
            self.waiting.gaps[0].lines += missing
        } else if missing > 0 {
            self.waiting.gaps.insert(Gap(offset: 0, lines: missing), at: 0)
        }
        self.note(bytes: bytes, lines: lines)
    }

    private mutating func note(bytes: Int, lines: Int) {
        self.unwrittenBytes -= bytes
        // Right even if what was taken in was not one line each.
        self.unwrittenLines = self.unwrittenBytes == 0 ? 0 : max(0, self.unwrittenLines - lines)
        self.finished += UInt64(bytes)
        self.openIfRoom()
    }

    /// Opens a closed queue when it is half empty, and marks what is missing.
    private mutating func openIfRoom() {
        guard
            self.isClosed, self.unwrittenBytes <= self.limits.bytes / 2, self.unwrittenLines <= self.limits.lines / 2
        else { return }
        self.isClosed = false
        let gap = Gap(offset: self.waiting.bytes.count, lines: self.lost)
        self.lost = 0
        if let last = self.waiting.gaps.indices.last, self.waiting.gaps[last].offset == gap.offset {
            self.waiting.gaps[last].lines += gap.lines
        } else {
            self.waiting.gaps.append(gap)
        }
    }
}
