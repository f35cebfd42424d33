/// Cuts a stream of bytes into lines, wherever the reads happen to end.
package struct LineReader: Sendable {
    private var buffer: [UInt8] = []
    /// Where the first line that was not taken begins.
    private var start = 0
    /// How far the buffer was searched for a line's end.
    private var searched = 0
    private let longest: Int

    /// - Parameter longest: The longest line that is held, in bytes.
    package init(longest: Int = 64 << 20) {
        self.longest = longest
    }

    /// Whether there is the beginning of a line whose end has not come.
    package var isInsideLine: Bool { self.start < self.buffer.count }

    /// Whether the line that is coming in is longer than allowed.
    package var isOverfull: Bool { self.buffer.count - self.start > self.longest }

    /// Takes what was read.
    package mutating func append(_ bytes: some Collection<UInt8>) {
        if self.start > 0 {
            self.buffer.removeFirst(self.start)
            self.searched -= self.start
            self.start = 0
        }
        self.buffer.append(contentsOf: bytes)
    }

    /// The next whole line without its end; empty ones are passed over.
    package mutating func next() -> [UInt8]? {
        while let end = self.buffer[self.searched...].firstIndex(of: UInt8(ascii: "\n")) {
            var line = self.buffer[self.start..<end]
            self.start = end + 1
            self.searched = end + 1
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            if !line.isEmpty { return Array(line) }
        }
        self.searched = self.buffer.count
        return nil
    }
}
