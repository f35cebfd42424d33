import Foundation
import StrictJSON
import Telephony
import Testing

@testable import AdminRPC

@Suite("Configuration: patches, masks, differences, files")
struct ConfigurationPiecesTests {
    private func parse(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

    @Test(
        "The examples of RFC 7396",
        arguments: [
            (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a":"b","b":"c"}"#),
            (#"{"a":"b"}"#, #"{"a":null}"#, "{}"), (#"{"a":"b","b":"c"}"#, #"{"a":null}"#, #"{"b":"c"}"#),
            (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"c"}"#, #"{"a":["b"]}"#, #"{"a":["b"]}"#),
            (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#),
            (#"{"a":[{"b":"c"}]}"#, #"{"a":[1]}"#, #"{"a":[1]}"#), (#"["a","b"]"#, #"["c","d"]"#, #"["c","d"]"#),
            (#"{"a":"b"}"#, #"["c"]"#, #"["c"]"#), (#"{"a":"foo"}"#, "null", "null"),
            (#"{"a":"foo"}"#, "\"bar\"", "\"bar\""), (#"{"e":null}"#, #"{"a":1}"#, #"{"e":null,"a":1}"#),
            ("[1,2]", #"{"a":"b","c":null}"#, #"{"a":"b"}"#),
            ("{}", #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
        ]
    )
    func mergePatch(target: String, patch: String, result: String) throws {
        #expect(try MergePatch.apply(self.parse(patch), to: self.parse(target)) == self.parse(result))
    }

    @Test("Secrets are hidden where they stand, and come back where masks are sent, moved elements or not")
    func masks() throws {
        let document = try self.parse(
            #"""
            {"plugins":[{"name":"a","settings":{"key":"s1"}},{"name":"b","settings":{"key":"s2","o":{"$env":"X"}}}],
             "token":"s3","a/b":{"~":"s4"}}
            """#
        )
        let places = ["/plugins/0/settings/key", "/plugins/1/settings/key", "/token", "/a~1b/~0"]
        let hidden = SecretMask.hide(places, in: document)
        for secret in ["s1", "s2", "s3", "s4"] { #expect(!hidden.text.contains(secret)) }
        #expect(hidden.text.contains(#"{"$env":"X"}"#))
        var unknown: [String] = []
        #expect(SecretMask.restore(hidden, from: document, unknown: &unknown) == document)
        #expect(unknown.isEmpty)

        guard case .object(var moved) = hidden, case .array(let plugins)? = moved["plugins"] else {
            Issue.record("no plugins")
            return
        }
        moved["plugins"] = .array(plugins.reversed() + [["name": "c", "settings": ["key": "***"]]])
        let restored = SecretMask.restore(.object(moved), from: document, unknown: &unknown)
        #expect(restored.text.contains(#"{"name":"b","settings":{"key":"s2""#))
        #expect(restored.text.contains(#"{"name":"a","settings":{"key":"s1""#))
        #expect(unknown == ["/plugins/2/settings/key"])
    }

    @Test("Differences are told by their places")
    func differences() throws {
        let old = try self.parse(#"{"a":1,"b":{"c":[1,2],"d":"x"},"e":[1]}"#)
        let new = try self.parse(#"{"b":{"c":[1,3],"d":"x","f~":null},"e":[1,2]}"#)
        let changes = DocumentChange.all(from: old, to: new).map { "\($0.kind.rawValue) \($0.pointer)" }
        #expect(changes == ["removed /a", "changed /b/c/1", "added /b/f~0", "changed /e"])
        #expect(DocumentChange.all(from: old, to: old).isEmpty)
    }

    @Test("A file is replaced as a whole, with its permissions; where that fails it stays (A6)")
    func files() throws {
        let folder = TemporaryFolder()
        let path = "\(folder.path)/plugins.json"
        try AtomicFile.replace(path, with: Array("one".utf8))
        #expect(chmod(path, 0o604) == 0)
        try AtomicFile.replace(path, with: Array("two".utf8))
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o604)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "two")
        #expect(symlink(path, "\(folder.path)/link") == 0)
        try AtomicFile.replace("\(folder.path)/link", with: Array("three".utf8))
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "three")
        #expect(lstat("\(folder.path)/link", &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)
        #expect(throws: AtomicFile.Problem.self) {
            try AtomicFile.replace("\(folder.path)/none/plugins.json", with: [])
        }
        // Nothing is left beside it.
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["link", "plugins.json"])
    }

    @Test("A full disk leaves the old file, and says so (A6)")
    func fullDisk() throws {
        #expect(throws: AtomicFile.Problem.self) { try AtomicFile.replace("/dev/full/x", with: [1]) }
    }
}

@Suite("Admin API: times, names, topics, queues")
struct AdminPiecesTests {
    @Test(
        "Times there and back",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"), (4_107_542_399_000, "2100-02-28T23:59:59.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
            (1_795_446_245_123, "2026-11-23T15:04:05.123Z"),
        ] as [(Int64, String)]
    )
    func times(milliseconds: Int64, text: String) {
        #expect(Timestamp.text(CalendarTime(milliseconds: milliseconds)) == text)
        #expect(Timestamp.time(text)?.milliseconds == milliseconds)
    }

    @Test(
        "Texts that are no times",
        arguments: [
            "", "2026", "2026-11-23", "2026-11-23T15:04:05", "2026-11-23T15:04:05+01:00", "2026-13-23T15:04:05Z",
            "2026-11-32T15:04:05Z", "2026-02-31T00:00:00Z", "2026-11-23T24:04:05Z", "2026-11-23T15:04:05.Z",
            "2026-11-23T15:04:05.1234567890Z",
            "２026-11-23T15:04:05Z", "2026-11-23 15:04:05Z", "-026-11-23T15:04:05Z",
        ]
    )
    func noTimes(text: String) {
        #expect(Timestamp.time(text) == nil)
    }

    @Test(
        "Public names have one spelling",
        arguments: ["", ".", "1", "1.", ".1", "1.2.3", "01.2", "+1.2", "1.2 ", "٣.1", "4294967296.0"]
    )
    func names(text: String) {
        #expect(PublicName.handle(text, of: Call.self) == nil)
        #expect(PublicName.handle("4294967295.7", of: Call.self)?.description == "4294967295.7")
    }

    @Test("Topics")
    func topics() {
        #expect(Topics(["*"]).contain("call.ended"))
        #expect(Topics(["call.*"]).contain("call.ended") && !Topics(["call.*"]).contain("registration.lost"))
        #expect(Topics(["call.ended"]).contain("call.ended") && !Topics(["call.ended"]).contain("call.started"))
        for wrong in ["", "call", "calls.*", ".", "call.", "**"] { #expect(!Topics.isKnown(wrong), "\(wrong)") }
        for right in ["*", "call.*", "registration.ended"] { #expect(Topics.isKnown(right)) }
    }

    @Test("A queue that nobody takes from keeps what it has, and counts the rest by subscription (A10)")
    func queue() async throws {
        let queue = EventQueue(mostEvents: 3)
        #expect(queue.add((0..<5).map { [UInt8($0)] }, of: "1") == 2)
        queue.lose(7, of: "2")
        let first = try #require(await queue.next())
        #expect(first.texts == [[0], [1], [2]])
        #expect(first.lost == ["1": 2, "2": 7])
        #expect(queue.add([[9]], of: "1") == 0)
        let second = try #require(await queue.next())
        #expect(second.texts == [[9]] && second.lost.isEmpty)
        async let last = queue.next()
        queue.close()
        #expect(await last == nil)
    }

    @Test("Too many bytes are lost as well as too many events")
    func bytes() async throws {
        let queue = EventQueue()
        let big = [UInt8](repeating: 0, count: 3 << 20)
        #expect(queue.add([big, big], of: "1") == 1)
    }

    @Test("An example of a shape fits the shape's schema in its names")
    func shape() {
        let shape = Shape.object(["a": .text("x"), "b?": .list(.integer(1)), "c": .map(.flag(true))])
        #expect(shape.example == ["a": "x", "b": [1], "c": ["name": true]])
        guard case .object(let schema) = shape.schema else { return }
        #expect(schema["required"] == ["a", "c"])
        #expect(schema["additionalProperties"] == false)
    }

    @Test(
        "Fractions are short",
        arguments: [
            (0, "0"), (1, "1"), (1.5, "1.5"), (0.25, "0.25"), (-0.125, "-0.125"), (1234.5678, "1234.568"),
            (0.0004, "0"), (.infinity, "0"), (.nan, "0"),
        ] as [(Double, String)]
    )
    func decimals(number: Double, text: String) {
        #expect(JSONValue.decimal(number) == .number(text))
    }
}
