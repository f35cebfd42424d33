import Glibc
import Logging
import StrictJSON
import Testing

@testable import ServerLog

@Suite("Log: the sink", .timeLimit(.minutes(5)))
struct LogSinkTests {
    /// A line that a pipe does not hold, so that one who writes it must wait for a reader.
    private static let moreThanAPipe = Array("line 0 \(String(repeating: "x", count: 5000))\n".utf8)
    private static let limits = LogSink.Limits(bytes: 1 << 20, lines: 100)

    private func sink(_ pipe: LogPipe, limits: LogSink.Limits = LogSinkTests.limits) throws -> LogSink {
        try LogSink(descriptor: pipe.input, limits: limits) { Array("missing \($0)\n".utf8) }
    }

    /// The numbers of all lines `line N`, and how many the lines between them say are missing at each place.
    private func check(_ lines: [Substring]) -> (written: [Int], missing: Int, isWhereItSays: Bool) {
        var result = (written: [Int](), missing: 0, isWhereItSays: true)
        var next = 0
        for line in lines {
            let words = line.split(separator: " ")
            guard words.count > 1, let number = Int(words[1]) else { return ([], 0, false) }
            if words[0] == "missing" {
                result.missing += number
                next += number
            } else {
                result.isWhereItSays = result.isWhereItSays && number == next
                result.written.append(number)
                next = number + 1
            }
        }
        return result
    }

    @Test(
        "Who logs into a pipe that nobody reads never waits; what is missing is counted, and told once somebody reads",
        arguments: [false, true]
    )
    func nobodyReads(isBlocking: Bool) throws {
        let pipe = try LogPipe(isBlocking: isBlocking)
        var sink: LogSink? = try self.sink(pipe)
        sink?.append(Self.moreThanAPipe)
        for number in 1..<20_000 { sink?.append(Array("line \(number)\n".utf8)) }
        let dropped = Int(sink?.dropped ?? 0)
        // A page in the pipe is at most 600 of them.
        #expect(dropped >= 20_000 - 100 - 600)
        #expect(sink?.flush(within: .milliseconds(1)) == false)
        // It ends when all is written, and so does the file.
        sink = nil
        pipe.closeInput()
        let (written, missing, isWhereItSays) = self.check(pipe.readToEnd().logLines)
        #expect(missing == dropped)
        #expect(written.count + missing == 20_000)
        #expect(isWhereItSays)
        pipe.closeOutput()
    }

    @Test("Once it is read again, lines go on where the gap ends")
    func goesOn() throws {
        let pipe = try LogPipe(isBlocking: false)
        var sink: LogSink? = try self.sink(pipe)
        sink?.append(Self.moreThanAPipe)
        for number in 1..<2_000 { sink?.append(Array("line \(number)\n".utf8)) }
        // Reads until the queue must be open again: until the gap is told.
        var bytes: [UInt8] = []
        while !String(decoding: bytes, as: UTF8.self).contains("missing") { bytes += pipe.read(100) }
        sink?.append(Array("line 2000\n".utf8))
        sink = nil
        pipe.closeInput()
        let text = String(decoding: bytes, as: UTF8.self) + pipe.readToEnd()
        let (written, missing, isWhereItSays) = self.check(text.logLines)
        #expect(written.last == 2000)
        #expect(written.count + missing == 2001)
        #expect(isWhereItSays)
        pipe.closeOutput()
    }

    @Test("Long lines go through a small pipe in parts, and none is torn", arguments: [1, 97, 4096])
    func partialWrites(steps: Int) throws {
        let pipe = try LogPipe(isBlocking: false)
        var sink: LogSink? = try self.sink(pipe)
        let lines = (0..<20).map { String(repeating: String($0 % 10), count: 3000 + $0) }
        for line in lines { sink?.append(Array((line + "\n").utf8)) }
        sink = nil
        pipe.closeInput()
        let written = pipe.readToEnd(steps: steps).logLines.map(String.init)
        // Not in the expectation, which would print them all.
        let isWhole = written == lines
        #expect(isWhole)
        #expect(written.count == lines.count)
        pipe.closeOutput()
    }

    @Test("A reader who has gone ends nothing, and all that is lost is counted")
    func closedPipe() throws {
        let pipe = try LogPipe(isBlocking: false)
        let sink = try self.sink(pipe)
        pipe.closeOutput()
        for round in 1...3 {
            sink.append(Array("line\n".utf8))
            #expect(sink.flush(within: .seconds(60)))
            #expect(sink.dropped == UInt64(round))
        }
        pipe.closeInput()
    }

    @Test("A reader who goes while the pipe is full ends nothing either")
    func closedFullPipe() throws {
        let pipe = try LogPipe(isBlocking: false)
        let sink = try self.sink(pipe)
        sink.append(Self.moreThanAPipe)
        #expect(!sink.flush(within: .milliseconds(1)))
        pipe.closeOutput()
        #expect(sink.flush(within: .seconds(60)))
        pipe.closeInput()
    }

    @Test("A descriptor that is none loses lines and nothing else")
    func noDescriptor() throws {
        let sink = try LogSink(descriptor: -1) { _ in [] }
        sink.append(Array("line\n".utf8))
        #expect(sink.flush(within: .seconds(60)))
        #expect(sink.dropped == 1)
    }

    @Test("A descriptor that was closed is not written to when its number becomes another file's")
    func reusedDescriptor() throws {
        let pipe = try LogPipe(isBlocking: false)
        // A number that no other test gets meanwhile: the lowest free one is given out.
        var limit = rlimit()
        try #require(getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
        let number = Int32(min(limit.rlim_cur, 65536)) - 1
        try #require(fcntl(number, F_GETFD) < 0)
        let sink = try LogSink(descriptor: number) { _ in [] }
        try #require(dup2(pipe.input, number) == number)
        sink.append(Array("line\n".utf8))
        #expect(sink.flush(within: .seconds(60)))
        #expect(sink.dropped == 1)
        close(number)
        pipe.closeInput()
        #expect(pipe.readToEnd().isEmpty)
        pipe.closeOutput()
    }

    @Test("A flush waits for all that came before, and for no longer than it may")
    func flush() throws {
        let pipe = try LogPipe(isBlocking: false)
        let sink = try self.sink(pipe)
        #expect(sink.flush(within: .zero))
        sink.append(Array("line 0\n".utf8))
        #expect(sink.flush(within: .seconds(60)))
        #expect(pipe.read(100) == Array("line 0\n".utf8))
        sink.append(Self.moreThanAPipe)
        #expect(!sink.flush(within: .milliseconds(1)))
        #expect(!sink.flush(within: .seconds(-1)))
        pipe.closeOutput()
        #expect(sink.flush(within: .seconds(Int64.max)))
        pipe.closeInput()
    }

    @Test(
        "Many threads at once: every line arrives whole, and those of each thread in order",
        arguments: LogFormat.allCases
    )
    func threads(format: LogFormat) async throws {
        let pipe = try LogPipe(isBlocking: false)
        var log: ServerLog? = try ServerLog(format: format, descriptor: pipe.input, limits: .init(lines: 100_000))
        await withTaskGroup(of: Void.self) { group in
            for thread in 0..<8 {
                guard let logger = log?.logger(label: "anynode.\(thread)") else { return }
                group.addTask {
                    for number in 0..<1000 {
                        logger.info("counted", metadata: ["number": "\(number)", "name": "Alice \"\(thread)\"\n"])
                    }
                }
            }
        }
        #expect(log?.dropped == 0)
        log = nil
        pipe.closeInput()
        var next = [Int](repeating: 0, count: 8)
        for line in pipe.readToEnd().logLines {
            switch format {
            case .text:
                let words = line.split(separator: " ")
                let thread = try #require(Int(words[2].split(separator: ".")[1]))
                #expect(line.hasSuffix(" counted name=\"Alice \\\"\(thread)\\\"\\n\" number=\(next[thread])"))
                next[thread] += 1
            case .json:
                let object = try #require((String(line) + "\n").jsonObject)
                guard case .string(let label) = object["label"], let thread = Int(label.dropFirst(8)) else {
                    Issue.record("no label")
                    return
                }
                #expect(object["number"] == .string("\(next[thread])"))
                #expect(object["name"] == .string("Alice \"\(thread)\"\n"))
                next[thread] += 1
            }
        }
        #expect(next == [Int](repeating: 1000, count: 8))
        pipe.closeOutput()
    }

    @Test("Many threads into a small queue: every line is written or counted")
    func threadsIntoLittle() async throws {
        let pipe = try LogPipe(isBlocking: false)
        var sink: LogSink? = try self.sink(pipe, limits: .init(bytes: 300, lines: 20))
        let reader = Task.detached { pipe.readToEnd(steps: 50) }
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<2 {
                group.addTask { [sink] in
                    for number in 0..<5000 { sink?.append(Array("line \(number)\n".utf8)) }
                }
            }
        }
        let dropped = Int(sink?.dropped ?? 0)
        sink = nil
        pipe.closeInput()
        let lines = await reader.value.logLines
        let (written, missing, _) = self.check(lines)
        #expect(missing == dropped)
        #expect(written.count + missing == 10_000)
        pipe.closeOutput()
    }
}
