import Testing

@testable import ServerLog

@Suite("Log: the lines that wait")
struct LogQueueTests {
    private let line: [UInt8] = Array("line\n".utf8)

    private func append(_ count: Int, to queue: inout LogQueue) -> [Bool] {
        (0..<count).map { _ in queue.append(self.line) }
    }

    @Test("No more lines wait than may, those that were taken included")
    func lines() {
        var queue = LogQueue(limits: .init(bytes: 1000, lines: 4))
        var batch = LogQueue.Batch()
        #expect(self.append(3, to: &queue) == [true, true, true])
        queue.take(into: &batch)
        #expect(self.append(3, to: &queue) == [true, false, false])
        #expect(queue.dropped == 2)
        #expect(queue.unwrittenLines == 4)
    }

    @Test("No more bytes wait than may")
    func bytes() {
        var queue = LogQueue(limits: .init(bytes: 12, lines: 100))
        #expect(self.append(3, to: &queue) == [true, true, false])
        #expect(queue.unwrittenBytes == 10)
    }

    @Test("A full queue stays closed until half of it is written; the gap is marked once, where it is")
    func gap() {
        var queue = LogQueue(limits: .init(bytes: 1000, lines: 4))
        var batch = LogQueue.Batch()
        _ = self.append(3, to: &queue)
        queue.take(into: &batch)
        _ = self.append(3, to: &queue)
        queue.noteWritten(bytes: 5, lines: 1)
        #expect(self.append(1, to: &queue) == [false])
        #expect(queue.waiting.gaps.isEmpty)
        queue.noteWritten(bytes: 5, lines: 1)
        #expect(queue.waiting.gaps == [.init(offset: 5, lines: 3)])
        #expect(self.append(1, to: &queue) == [true])
        #expect(queue.waiting.bytes == self.line + self.line)
        #expect(queue.dropped == 3)
    }

    @Test("A line that is longer than all that may wait is a gap at once, and closes nothing")
    func tooLong() {
        var queue = LogQueue(limits: .init(bytes: 20, lines: 4))
        let long = [UInt8](repeating: UInt8(ascii: "x"), count: 21)
        let isTaken = queue.append(long)
        #expect(!isTaken)
        #expect(queue.waiting.gaps == [.init(offset: 0, lines: 1)])
        #expect(queue.isWorthWaking)
        #expect(self.append(1, to: &queue) == [true])
    }

    @Test("What could not be written is a gap before the next line, and wakes nobody before")
    func failure() {
        var queue = LogQueue(limits: .init(bytes: 1000, lines: 10))
        var batch = LogQueue.Batch()
        _ = self.append(2, to: &queue)
        queue.take(into: &batch)
        queue.noteFailed(bytes: 10, lines: 2, untold: 3)
        #expect(queue.dropped == 2)
        #expect(!queue.isWorthWaking)
        #expect(queue.finished == queue.accepted)
        _ = self.append(1, to: &queue)
        #expect(queue.isWorthWaking)
        #expect(queue.waiting.gaps == [.init(offset: 0, lines: 5)])
    }
}
