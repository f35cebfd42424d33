import Logging
import StrictJSON
import Testing

@testable import ServerLog

@Suite("Log: what a line says")
struct LogLineTests {
    private static let time = LogTime(seconds: 1_795_446_245, milliseconds: 123)

    private func head(_ message: String, level: Logger.Level = .info) -> LineHead {
        LineHead(time: Self.time, level: level, label: "anynode", message: message)
    }

    private func text(_ message: String, _ metadata: Logger.Metadata = [:]) -> String {
        String(decoding: TextLine.line(self.head(message), metadata), as: UTF8.self)
    }

    private func json(_ message: String, _ metadata: Logger.Metadata = [:]) -> String {
        String(decoding: JSONLine.line(self.head(message), metadata), as: UTF8.self)
    }

    @Test("Text is time, level, label, message and metadata")
    func plainText() {
        #expect(
            self.text("call started", ["caller": "Alice \"A\"", "call": "12.3"])
                == "2026-11-23T15:04:05.123Z info anynode call started call=12.3 caller=\"Alice \\\"A\\\"\"\n"
        )
    }

    @Test("JSON is one object, in the same order")
    func plainJSON() {
        #expect(
            self.json("call started", ["caller": "Alice \"A\"", "call": "12.3"])
                == #"{"time":"2026-11-23T15:04:05.123Z","level":"info","label":"anynode","message":"call started","#
                + #""call":"12.3","caller":"Alice \"A\""}"# + "\n"
        )
    }

    @Test("Keys by which lines belong together come first")
    func order() {
        let metadata: Logger.Metadata = ["peer": "p", "b": "1", "leg": "l", "a": "2", "registration": "r", "call": "c"]
        #expect(self.text("m", metadata).hasSuffix(" m call=c registration=r leg=l peer=p a=2 b=1\n"))
    }

    @Test(
        "A value is quoted when it would not be told from its surroundings",
        arguments: [
            ("", "\"\""), ("a b", "\"a b\""), ("a=b", "\"a=b\""), ("a,b", "\"a,b\""), ("[a]", "\"[a]\""),
            ("{a}", "\"{a}\""), ("é", "\"é\""), ("[2001:db8::1]:80", "\"[2001:db8::1]:80\""),
            ("a/b:c@d.e-f_g", "a/b:c@d.e-f_g"),
        ]
    )
    func quoting(value: String, expected: String) {
        #expect(self.text("m", ["k": .string(value)]).hasSuffix(" m k=\(expected)\n"))
    }

    @Test(
        "A message is quoted when it could pass for metadata",
        arguments: [
            ("x call=12", "\"x call=12\""), ("a \"b\"", "\"a \\\"b\\\"\""), ("", "\"\""), ("a ", "\"a \""),
            ("a b", "a b"),
        ]
    )
    func messageQuoting(message: String, expected: String) {
        #expect(self.text(message).hasSuffix(" anynode \(expected)\n"))
    }

    @Test("Nested metadata is nested")
    func nesting() throws {
        let metadata: Logger.Metadata = ["m": .dictionary(["b": .array(["1", "x y"]), "a": .stringConvertible(7)])]
        #expect(self.text("m", metadata).hasSuffix(" m={a=7,b=[1,\"x y\"]}\n"))
        #expect(self.json("m", metadata).hasSuffix(#","m":{"a":"7","b":["1","x y"]}}"# + "\n"))
    }

    @Test("A key that is called like ours gets out of the way, and of those that did so before")
    func collision() throws {
        let metadata: Logger.Metadata = [
            "time": "1", "meta.time": "2", "meta.meta.time": "3", "omitted": "4", "meta.x": "5",
        ]
        let object = try #require(self.json("m", metadata).jsonObject)
        #expect(object["time"] == .string("2026-11-23T15:04:05.123Z"))
        #expect(object["meta.time"] == .string("1"))
        #expect(object["meta.meta.time"] == .string("2"))
        #expect(object["meta.meta.meta.time"] == .string("3"))
        #expect(object["meta.omitted"] == .string("4"))
        #expect(object["meta.x"] == .string("5"))
        #expect(object.members.count == 9)
    }

    @Test("Where a message comes from is said at debug, and not at info")
    func origin() throws {
        var head = self.head("m", level: .debug)
        head.origin = LineHead.Origin(source: "Core", file: "Core/A.swift", line: 12)
        let object = try #require(String(decoding: JSONLine.line(head, [:]), as: UTF8.self).jsonObject)
        #expect(object["source"] == .string("Core"))
        #expect(object["file"] == .string("Core/A.swift"))
        #expect(object["line"] == .number("12"))
        #expect(try #require(self.json("m").jsonObject)["source"] == nil)
    }

    @Test("A long value is cut between characters, and says by how much")
    func longValue() throws {
        let value = String(repeating: "x", count: 4095) + "é" + String(repeating: "y", count: 100)
        #expect(self.text("m", ["k": .string(value)]).suffix(19) == "x…[102 bytes cut]\"\n")
        let object = try #require(self.json("m", ["k": .string(value)]).jsonObject)
        #expect(object["k"] == .string(String(repeating: "x", count: 4095) + "…[102 bytes cut]"))
        let fits = String(repeating: "x", count: 4096)
        #expect(try #require(self.json(fits).jsonObject)["message"] == .string(fits))
    }

    @Test("A line has an end, whatever is put into it")
    func longLine() throws {
        var metadata: Logger.Metadata = [:]
        for index in 0..<1000 { metadata["key\(index)"] = .string(String(repeating: "\u{7}", count: 5000)) }
        metadata["deep"] = .array((0..<10000).map { .string("element \($0)") })
        let text = self.text("m", metadata)
        let json = self.json("m", metadata)
        #expect(text.utf8.count < 65536)
        #expect(json.utf8.count < 65536)
        let object = try #require(json.jsonObject)
        // Five of our own, the list, and some more of the thousand.
        guard case .number(let omitted) = object["omitted"] else {
            Issue.record("nothing omitted")
            return
        }
        #expect(Int(omitted) == 1001 - (object.members.count - 5))
        #expect(text.hasSuffix(" more]\n"))
        guard case .array(let elements) = object["deep"] else {
            Issue.record("no list")
            return
        }
        #expect(elements.last == .string("…[\(10000 - elements.count + 1) more]"))
    }

    @Test("Metadata nested without end is cut")
    func depth() throws {
        var value: Logger.MetadataValue = "core"
        for _ in 0..<1000 { value = .array([.dictionary(["k": value])]) }
        #expect(self.text("m", ["k": value]).hasSuffix(" k=[{k=[{k=[{k=[{k=…}]}]}]}]\n"))
        #expect(self.json("m", ["k": value]).jsonObject != nil)
    }

    @Test(
        "Time is written by RFC 3339",
        arguments: [
            (0, 0, "1970-01-01T00:00:00.000Z"), (951_782_399, 999, "2000-02-28T23:59:59.999Z"),
            (951_782_400, 1, "2000-02-29T00:00:00.001Z"), (951_868_800, 10, "2000-03-01T00:00:00.010Z"),
            (4_107_542_400, 0, "2100-03-01T00:00:00.000Z"), (1_798_761_599, 0, "2026-12-31T23:59:59.000Z"),
            (1_798_761_600, 0, "2027-01-01T00:00:00.000Z"), (253_402_300_799, 0, "9999-12-31T23:59:59.000Z"),
            (-1, -1, "1970-01-01T00:00:00.000Z"), (Int64.max, 1000, "9999-12-31T23:59:59.999Z"),
        ]
    )
    func time(seconds: Int64, milliseconds: Int, expected: String) {
        var bytes: [UInt8] = []
        LogTime(seconds: seconds, milliseconds: milliseconds).append(to: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == expected)
    }
}
