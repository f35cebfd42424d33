import Glibc
import Synchronization
import Testing

@testable import ServerLog

/// A descriptor that takes what a test lets it take.
final class ScriptedDescriptor: Sendable {
    enum Step {
        case takes(Int)
        case fails(Int32)
    }

    private let state: Mutex<(steps: [Step], taken: [UInt8])>

    /// After the steps it takes everything.
    init(_ steps: [Step]) {
        self.state = Mutex((steps, []))
    }

    var taken: String { self.state.withLock { String(decoding: $0.taken, as: UTF8.self) } }

    func write(_ bytes: UnsafeRawPointer, _ count: Int) -> Int {
        self.state.withLock { state in
            let step = state.steps.isEmpty ? Step.takes(count) : state.steps.removeFirst()
            switch step {
            case .takes(let most):
                state.taken += UnsafeRawBufferPointer(start: bytes, count: min(most, count))
                return min(most, count)
            case .fails(let code):
                errno = code
                return -1
            }
        }
    }
}

@Suite("Log: a descriptor that takes little, or nothing")
struct LogOutputTests {
    private func sink(_ descriptor: ScriptedDescriptor, limits: LogSink.Limits = .init()) throws -> LogSink {
        // A poll of no descriptor would sleep for ever, and of standard output it does not.
        try LogSink(descriptor: 1, limits: limits, write: { descriptor.write($1, $2) }) {
            Array("\($0) missing\n".utf8)
        }
    }

    @Test("What is taken in parts arrives whole, interrupted or not")
    func parts() throws {
        let descriptor = ScriptedDescriptor([
            .takes(1), .fails(EINTR), .takes(3), .fails(EINTR), .fails(EINTR), .takes(2),
        ])
        let sink = try self.sink(descriptor)
        sink.append(Array("first\n".utf8))
        sink.append(Array("second\n".utf8))
        #expect(sink.flush(within: .seconds(60)))
        #expect(descriptor.taken == "first\nsecond\n")
        #expect(sink.dropped == 0)
    }

    @Test("After a failure the next line says what is missing, on a line of its own", arguments: [EIO, ENOSPC, EPIPE])
    func failure(code: Int32) throws {
        let descriptor = ScriptedDescriptor([.takes(3), .fails(code)])
        let sink = try self.sink(descriptor)
        sink.append(Array("first\n".utf8))
        #expect(sink.flush(within: .seconds(60)))
        #expect(sink.dropped == 1)
        #expect(descriptor.taken == "fir")
        sink.append(Array("second\n".utf8))
        #expect(sink.flush(within: .seconds(60)))
        #expect(descriptor.taken == "fir\n1 missing\nsecond\n")
        #expect(sink.dropped == 1)
    }

    @Test("Failures in a row are told at once when it works again, and none of them twice")
    func failures() throws {
        let descriptor = ScriptedDescriptor([.fails(EIO), .fails(EIO), .fails(EIO)])
        let sink = try self.sink(descriptor)
        for line in ["1\n", "2\n", "3\n", "4\n"] {
            sink.append(Array(line.utf8))
            #expect(sink.flush(within: .seconds(60)))
        }
        #expect(descriptor.taken == "3 missing\n4\n")
        #expect(sink.dropped == 3)
    }

    @Test("A descriptor that takes nothing at all is a failure, and no reason to try for ever")
    func zero() throws {
        let sink = try self.sink(ScriptedDescriptor([.takes(0)]))
        sink.append(Array("first\n".utf8))
        #expect(sink.flush(within: .seconds(60)))
        #expect(sink.dropped == 1)
    }
}
