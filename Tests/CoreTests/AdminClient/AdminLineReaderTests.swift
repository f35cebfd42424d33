import AdminClient
import Testing

/// NDJSON cut into lines, wherever the reads end.
@Suite struct AdminLineReaderTests {
    private static let text = Array("{\"a\":1}\n\n{\"b\":\"é\"}\r\n{\"c\":3}\nrest".utf8)
    private static let lines = ["{\"a\":1}", "{\"b\":\"é\"}", "{\"c\":3}"]

    @Test("The lines are the same at whatever byte the text is split", arguments: 0...Self.text.count)
    func split(at index: Int) {
        var reader = LineReader()
        var lines: [String] = []
        for part in [Self.text[..<index], Self.text[index...]] {
            reader.append(part)
            while let line = reader.next() { lines.append(String(decoding: line, as: UTF8.self)) }
        }
        #expect(lines == Self.lines)
        #expect(reader.isInsideLine)
    }

    @Test("Byte by byte gives the same lines")
    func byteByByte() {
        var reader = LineReader()
        var lines: [String] = []
        for byte in Self.text {
            reader.append([byte])
            while let line = reader.next() { lines.append(String(decoding: line, as: UTF8.self)) }
        }
        #expect(lines == Self.lines)
    }

    @Test("A line without end is noticed")
    func endless() {
        var reader = LineReader(longest: 8)
        reader.append(Array("12345678".utf8))
        #expect(!reader.isOverfull)
        reader.append(Array("9".utf8))
        #expect(reader.isOverfull)
    }
}
