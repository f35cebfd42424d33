internal import Glibc

/// Takes finished lines from any thread, and has one thread of its own write them to a descriptor.
///
/// Who logs never waits for who reads: when too much waits, the newest lines are dropped and counted, and once there is
/// room again a line says how many. Lines still waiting are written when the sink goes away.
package final class LogSink: Sendable {
    /// How much may wait.
    package struct Limits: Sendable, Equatable {
        package var bytes: Int
        package var lines: Int

        package init(bytes: Int = 4 << 20, lines: Int = 10_000) {
            self.bytes = bytes
            self.lines = lines
        }
    }

    /// What the writer and those who log share.
    private struct State {
        var queue: LogQueue
        var isWriterAsleep = false
        /// Whether the writer has taken something that it is not done with.
        var isWriting = false
        /// How many wait in `flush(within:)`.
        var flushes = 0
        var isEnding = false
    }

    /// The system's way to write, or a test's: as write(2) it returns a number of bytes, or -1 and sets `errno`.
    typealias Write = @Sendable (Int32, UnsafeRawPointer, Int) -> Int

    /// How long lines gather after some were written.
    private static let pause = Duration.milliseconds(1)

    private let state: Monitor<State>

    /// Starts the writer's thread.
    /// - Parameters:
    ///   - descriptor: Where to write. The sink writes to a duplicate, and changes none of its flags, which others share.
    ///   - gapLine: The line that says how many are missing, with its line feed. Called by the writer.
    package convenience init(
        descriptor: Int32,
        limits: Limits = Limits(),
        gapLine: @escaping @Sendable (Int) -> [UInt8]
    ) throws(LogSinkError) {
        try self.init(descriptor: descriptor, limits: limits, write: { write($0, $1, $2) }, gapLine: gapLine)
    }

    init(
        descriptor: Int32,
        limits: Limits = Limits(),
        write: @escaping Write,
        gapLine: @escaping @Sendable (Int) -> [UInt8]
    ) throws(LogSinkError) {
        // Its own, so that it stays the same file if the number is closed and used again. When there is none left, the
        // number has to do; but one that stands for nothing must not be used, since it may become a file of somebody else.
        let duplicate = fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
        let fallback = errno == EBADF ? -1 : descriptor
        let output = LogOutput(descriptor: duplicate < 0 ? fallback : duplicate, write: write)
        self.state = Monitor(State(queue: LogQueue(limits: limits)))
        do {
            try LogWriterThread.start { [state] in
                Self.run(state, output, gapLine)
                if duplicate >= 0 { close(duplicate) }
            }
        } catch {
            if duplicate >= 0 { close(duplicate) }
            throw error
        }
    }

    deinit {
        self.state.withLock { $0.isEnding = true }
        self.state.announceChange()
    }

    /// Lines that were lost, because there was no room or because the descriptor took no more.
    package var dropped: UInt64 { self.state.withLock { $0.queue.dropped } }

    /// Takes a line with its line feed, or counts it. Never waits for a reader.
    package func append(_ line: [UInt8]) {
        let mustWake = self.state.withLock { state in
            guard state.queue.append(line) || state.queue.isWorthWaking, state.isWriterAsleep else { return false }
            state.isWriterAsleep = false
            return true
        }
        if mustWake { self.state.announceChange() }
    }

    /// Waits until all that was appended before is written or lost, but no longer than the time given.
    /// - Returns: Whether nothing of it waits any more.
    @discardableResult
    package func flush(within time: Duration) -> Bool {
        let target = self.state.withLock { state in
            state.flushes += 1
            return state.queue.accepted
        }
        self.state.announceChange()
        defer { self.state.withLock { $0.flushes -= 1 } }
        let done: Void? = self.state.wait(until: .monotonic(after: time)) { state in
            let isWritten = state.queue.finished >= target
            // The line about what is missing is due as well.
            let isTold = !state.queue.isWorthWaking && !state.isWriting
            return isWritten && (isTold || state.queue.accepted > target) ? () : nil
        }
        return done != nil
    }

    /// What the writer's thread does until the sink is gone and nothing waits.
    private static func run(_ monitor: Monitor<State>, _ output: LogOutput, _ gapLine: (Int) -> [UInt8]) {
        var output = output
        var batch = LogQueue.Batch()
        while true {
            let goesOn = monitor.wait { state in
                if state.queue.isWorthWaking {
                    state.queue.take(into: &batch)
                    state.isWriting = true
                    return true
                }
                state.isWriterAsleep = true
                return state.isEnding ? false : nil
            }
            guard goesOn == true else { return }
            output.write(batch, gapLine) { progress in
                let hasListeners = monitor.withLock { state in
                    switch progress {
                    case .written(let bytes, let lines):
                        state.queue.noteWritten(bytes: bytes, lines: lines)
                    case .failed(let bytes, let lines, let untold):
                        state.queue.noteFailed(bytes: bytes, lines: lines, untold: untold)
                    }
                    return state.flushes > 0
                }
                if hasListeners { monitor.announceChange() }
            }
            // A burst's memory is given back.
            batch.bytes.removeAll(keepingCapacity: batch.bytes.capacity <= 256 << 10)
            batch.gaps.removeAll(keepingCapacity: true)
            let hasListeners = monitor.withLock { state in
                state.isWriting = false
                return state.flushes > 0
            }
            if hasListeners { monitor.announceChange() }
            // In a burst, lines gather meanwhile: one write for many, and nobody has to wake us for each.
            _ = monitor.wait(until: .monotonic(after: Self.pause)) { $0.flushes > 0 || $0.isEnding ? () : nil }
        }
    }
}

extension timespec {
    /// A moment of the monotonic clock.
    fileprivate static func monotonic(after time: Duration) -> timespec {
        var moment = timespec()
        clock_gettime(CLOCK_MONOTONIC, &moment)
        // A year stands for ever, and no sum overflows.
        let (seconds, attoseconds) = min(max(time, .zero), .seconds(31_536_000)).components
        let nanoseconds = moment.tv_nsec + Int(attoseconds / 1_000_000_000)
        return timespec(
            tv_sec: moment.tv_sec + Int(seconds) + nanoseconds / 1_000_000_000,
            tv_nsec: nanoseconds % 1_000_000_000
        )
    }
}
