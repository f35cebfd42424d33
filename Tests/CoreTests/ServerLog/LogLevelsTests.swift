import Logging
import Testing

@testable import ServerLog

@Suite("Log: levels while the server runs")
struct LogLevelsTests {
    @Test("A label follows the nearest one above it that has a level")
    func hierarchy() {
        let levels = LogLevels(.init(standard: .notice, labels: ["anynode": .info, "anynode.plugin": .warning]))
        #expect(levels.level(of: "anynode") == .info)
        #expect(levels.level(of: "anynode.call") == .info)
        #expect(levels.level(of: "anynode.plugin") == .warning)
        #expect(levels.level(of: "anynode.plugin.people") == .warning)
        #expect(levels.level(of: "anynode.plugin.people.cache") == .warning)
        #expect(levels.level(of: "anynode.plugins") == .info)
        #expect(levels.level(of: "anynodes") == .notice)
        #expect(levels.level(of: "") == .notice)
        #expect(levels.level(of: "other.anynode") == .notice)
    }

    @Test("Loggers made before follow a change, and back")
    func change() throws {
        let log = try ServerLog(descriptor: -1)
        let people = log.logger(label: "anynode.plugin.people")
        let call = log.logger(label: "anynode.call")
        #expect(people.logLevel == .info)
        log.levels.setLevel(.debug, label: "anynode.plugin")
        #expect(people.logLevel == .debug)
        #expect(call.logLevel == .info)
        log.levels.setLevel(.error)
        #expect(people.logLevel == .debug)
        #expect(call.logLevel == .error)
        #expect(log.levels.levels == .init(standard: .error, labels: ["anynode.plugin": .debug]))
        log.levels.setLevel(nil, label: "anynode.plugin")
        #expect(people.logLevel == .error)
        log.levels.levels = .init(standard: .trace, labels: ["anynode": .critical])
        #expect(people.logLevel == .critical)
        #expect(log.logger(label: "other").logLevel == .trace)
    }

    @Test("Each level survives", arguments: Logger.Level.allCases)
    func level(level: Logger.Level) throws {
        let log = try ServerLog(levels: .init(standard: level), descriptor: -1)
        #expect(log.logger(label: "a").logLevel == level)
    }

    @Test("Level and metadata of a logger are values")
    func values() throws {
        let log = try ServerLog(descriptor: -1)
        var first = log.logger(label: "anynode")
        first.logLevel = .debug
        first[metadataKey: "only-on"] = "first"
        var second = first
        second.logLevel = .error
        second[metadataKey: "only-on"] = "second"
        log.levels.setLevel(.critical)
        #expect(first.logLevel == .debug)
        #expect(second.logLevel == .error)
        #expect(first[metadataKey: "only-on"] == "first")
        #expect(second[metadataKey: "only-on"] == "second")
        #expect(log.logger(label: "anynode").logLevel == .critical)
    }
}
