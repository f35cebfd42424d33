import Logging
import StrictJSON
import Testing

@testable import ServerLog

@Suite("Log: one event is one line")
struct LineEscapingTests {
    /// A line with something in the message, a key, a value, and a nested key and value.
    private func line(_ format: LogFormat, with text: String) -> String {
        let head = LineHead(
            time: LogTime(seconds: 0, milliseconds: 0),
            level: .info,
            label: "label" + text,
            message: "a\(text)b"
        )
        let metadata: Logger.Metadata = [
            "key" + text: "c\(text)d",
            "nested": .dictionary(["inner" + text: .array([.string("e\(text)f")])]),
        ]
        let bytes =
            switch format {
            case .text: TextLine.line(head, metadata)
            case .json: JSONLine.line(head, metadata)
            }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("is escaped as text wherever it stands", arguments: HostileText.all)
    func text(row: HostileText) {
        let line = self.line(.text, with: String(Character(row.scalar)))
        let body = line.unicodeScalars.dropLast()
        #expect(line.unicodeScalars.last == "\n")
        if row.scalar != "\"" && row.scalar != "\\" { #expect(!body.contains(row.scalar)) }
        #expect(line.contains("a\(row.text)b"))
        #expect(line.contains("\"key\(row.text)\"=\"c\(row.text)d\""))
        #expect(line.contains("\"label\(row.text)\""))
        #expect(line.contains("nested={\"inner\(row.text)\"=[\"e\(row.text)f\"]}"))
    }

    @Test("is escaped as JSON wherever it stands, and comes back", arguments: HostileText.all)
    func json(row: HostileText) throws {
        let text = String(Character(row.scalar))
        let line = self.line(.json, with: text)
        let body = line.unicodeScalars.dropLast()
        #expect(line.unicodeScalars.last == "\n")
        if row.scalar != "\"" && row.scalar != "\\" { #expect(!body.contains(row.scalar)) }
        #expect(line.contains("\"a\(row.json)b\""))
        let object = try #require(line.jsonObject)
        #expect(object["message"] == .string("a\(text)b"))
        #expect(object["label"] == .string("label" + text))
        #expect(object["key" + text] == .string("c\(text)d"))
        guard case .object(let nested) = object["nested"] else {
            Issue.record("no nested object")
            return
        }
        #expect(nested["inner" + text] == .array([.string("e\(text)f")]))
    }

    @Test("is escaped byte by byte, and what follows stays", arguments: InvalidBytes.all)
    func invalid(row: InvalidBytes) {
        #expect(
            self.escaped(row.bytes + [UInt8(ascii: "z")], .text)
                == row.bytes.map { "\\x{\(String($0, radix: 16))}" }.joined() + "z"
        )
        #expect(
            self.escaped(row.bytes + [UInt8(ascii: "z")], .json)
                == String(repeating: "\\ufffd", count: row.bytes.count) + "z"
        )
    }

    private func escaped(_ bytes: [UInt8], _ notation: LineEscaping.Notation) -> String {
        var result: [UInt8] = []
        bytes.withUnsafeBufferPointer { LineEscaping(notation: notation).append($0, to: &result) }
        return String(decoding: result, as: UTF8.self)
    }

    @Test("Names of all the world stay as they are", arguments: ["Jürgen", "Ψυχή", "日本語", "👩‍💻", "שלום"])
    func harmless(name: String) {
        #expect(self.escaped(Array(name.utf8), .text) == name)
        #expect(self.escaped(Array(name.utf8), .json) == name)
    }

    @Test("Every character is itself, or escaped if it is one of those that must be")
    func everyScalar() {
        for value in UInt32(0)...0x10FFFF {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let bytes = Array(String(Character(scalar)).utf8)
            var result: [UInt8] = []
            bytes.withUnsafeBufferPointer { LineEscaping(notation: .text).append($0, to: &result) }
            let isEscaped = result != bytes
            let isHostile = LineEscaping.mustBeEscaped(value) || value == 0x22 || value == 0x5C
            if isEscaped != isHostile { Issue.record("U+\(String(value, radix: 16)) is treated wrong") }
        }
    }
}

extension String {
    /// The object that a line of JSON is.
    var jsonObject: JSONObject? {
        guard self.hasSuffix("\n"), case .object(let object)? = try? JSONValue(parsing: self.utf8.dropLast()) else {
            return nil
        }
        return object
    }
}
