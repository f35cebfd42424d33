import Logging
import StrictJSON
import Testing

@testable import ServerLog

@Suite("Log: from a logger to a line")
struct ServerLogTests {
    private struct Unreachable: Error, CustomStringConvertible {
        let description = "no\nroute"
    }

    /// What is written while `body` logs.
    private func lines(
        format: LogFormat = .text,
        level: Logger.Level = .info,
        limits: LogSink.Limits = .init(),
        _ body: (ServerLog) -> Void
    ) throws -> [String] {
        let pipe = try LogPipe(isBlocking: true)
        var log: ServerLog? = try ServerLog(
            format: format,
            levels: .init(standard: level),
            descriptor: pipe.input,
            limits: limits,
            clock: { LogTime(seconds: 0, milliseconds: 7) }
        )
        if let log { body(log) }
        log = nil
        pipe.closeInput()
        defer { pipe.closeOutput() }
        return pipe.readToEnd().logLines.map(String.init)
    }

    @Test("A line has the logger's metadata and the message's, whose word counts")
    func metadata() throws {
        let lines = try self.lines { log in
            var logger = log.logger(label: "anynode")
            logger[metadataKey: "plugin"] = "people"
            logger[metadataKey: "peer"] = "192.0.2.7:4711"
            logger.info("call started", metadata: ["call": "12.3", "plugin": "staff"])
            logger.debug("not this one")
            logger.warning("nothing of its own")
        }
        #expect(
            lines == [
                "1970-01-01T00:00:00.007Z info anynode call started call=12.3 peer=192.0.2.7:4711 plugin=staff",
                "1970-01-01T00:00:00.007Z warning anynode nothing of its own peer=192.0.2.7:4711 plugin=people",
            ]
        )
    }

    @Test("Metadata of a provider is under the message's and over the logger's")
    func provider() throws {
        let lines = try self.lines { log in
            let provider = Logger.MetadataProvider { ["a": "provided", "b": "provided", "c": "provided"] }
            var logger = Logger(label: "anynode") { log.handler(label: $0, metadataProvider: provider) }
            logger[metadataKey: "a"] = "own"
            logger.info("m", metadata: ["b": "said"])
        }
        #expect(lines == ["1970-01-01T00:00:00.007Z info anynode m a=provided b=said c=provided"])
    }

    @Test("An error is metadata, and one line")
    func error() throws {
        let lines = try self.lines { log in
            log.logger(label: "anynode").error("failed", error: Unreachable())
        }
        #expect(lines.count == 1)
        #expect(lines.first?.contains(#" failed error.message="no\nroute" error.type="#) == true)
    }

    @Test("Format and level change between two messages")
    func changes() throws {
        let lines = try self.lines { log in
            let logger = log.logger(label: "anynode")
            logger.debug("not yet")
            log.levels.setLevel(.debug)
            log.format = .json
            logger.debug("now", source: "Core", file: "Core/A.swift", line: 3)
            logger.info("from anywhere", source: "Core", file: "Core/A.swift", line: 4)
            log.format = .text
            log.levels.setLevel(.warning, label: "anynode")
            logger.info("not any more")
            logger.warning("still")
        }
        #expect(
            lines == [
                #"{"time":"1970-01-01T00:00:00.007Z","level":"debug","label":"anynode","message":"now","#
                    + #""source":"Core","file":"Core/A.swift","line":3}"#,
                #"{"time":"1970-01-01T00:00:00.007Z","level":"info","label":"anynode","message":"from anywhere"}"#,
                "1970-01-01T00:00:00.007Z warning anynode still",
            ]
        )
    }

    @Test("The line about missing lines is one like others", arguments: LogFormat.allCases)
    func gapLine(format: LogFormat) throws {
        // No line fits.
        let lines = try self.lines(format: format, limits: .init(bytes: 8, lines: 8)) { log in
            log.logger(label: "anynode").info("call started")
            log.flush(within: .seconds(60))
            #expect(log.dropped == 1)
        }
        let message = "log lines are missing here, nobody read them in time"
        switch format {
        case .text:
            #expect(lines == ["1970-01-01T00:00:00.007Z warning anynode.log \(message) lines=1"])
        case .json:
            let object = try #require(lines.first.map { $0 + "\n" }?.jsonObject)
            #expect(object["message"] == .string(message))
            #expect(object["label"] == .string("anynode.log"))
            #expect(object["lines"] == .string("1"))
        }
    }
}
