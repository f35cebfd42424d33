import Core
import NIOCore
import Telephony
import Testing

/// What is judged before a message means anything: JSON, version, operation, action (rows S1–S6 of the threat list).
@Suite struct EnvelopeTests {
    private let decoder = MessageDecoder()
    private let valid =
        #"{"version":1,"operation":"signaling","action":"start","identifier":"c-1","remoteAddress":{"dialString":"1é"}}"#

    // MARK: S1

    @Test(arguments: [
        ("\"1\"", "version must be 1, not \"1\""), ("1.0", "version must be 1, not 1.0"),
        ("1.5", "version must be 1, not 1.5"), ("1e0", "version must be 1, not 1e0"), ("2", "version must be 1, not 2"),
        ("true", "version must be 1, not true"), ("null", "version must be 1, not null"),
        ("-1", "version must be 1, not -1"), ("0", "version must be 1, not 0"), ("11", "version must be 1, not 11"),
        ("10E-1", "version must be 1, not 10E-1"), ("[1]", "version must be 1, not [1]"),
        ("{\"a\": 1}", "version must be 1, not {\"a\": 1}"), ("\"é\\u007f\"", "version must be 1, not \"??\\u007f\""),
        ("123456789012345678901", "version must be 1, not 12345678901234567890..."),
    ])
    func otherVersionsEndTheConnection(_ token: String, _ problem: String) {
        for text in [
            #"{"version":\#(token),"operation":"signaling","action":"hold","identifier":"c-1"}"#,
            #"{"operation":5,"action":"nonsense","identifier":{},"version" : \#(token) }"#,
            #"{"version":\#(token)}"#,
        ] {
            #expect(throws: DecodeFailure.version(problem)) { try decoder.decode(text) }
        }
    }

    @Test(arguments: [
        "{}", #"{"Version":1}"#, #"{"version ":1}"#, #"{"a":{"version":1}}"#,
        #"{"operation":"media","action":"offer"}"#,
    ])
    func aMissingVersionEndsTheConnection(_ text: String) {
        #expect(throws: DecodeFailure.version("version is missing")) { try decoder.decode(text) }
    }

    @Test func theVersionMayStandAnywhere() throws {
        let hold = ClientMessage.call(try #require(CallIdentifier("c")), .hold)
        #expect(try decoder.decode(#"{"operation":"signaling","action":"hold","identifier":"c","version":1}"#) == hold)
        #expect(
            try decoder.decode(#" { "operation" : "signaling","version" : 1 ,"action":"hold","identifier":"c"}"#)
                == hold
        )
    }

    // MARK: S2

    @Test(arguments: [
        "", " ", "null", "1", "\"x\"", "[]", "[{\"version\":1}]", "{", "{\"version\":1", "{\"version\":1,}",
        "{\"version\":1}x", "{\"version\":1},", "{\"version\":1}{\"version\":1}", "{\"version\":1}\u{0}",
        "\u{FEFF}{\"version\":1}", "{\"version\":1}//c", "/**/{\"version\":1}", "{version:1}", "{'version':1}",
        "{\"version\":01}", "{\"version\":1,\"x\":\"\n\"}", "{\"version\":1,\"x\":\"\\uD800\"}",
        "{\"version\":1,\"sdp\":\"\\q\"}", "{\"version\":1,\"sdp\":[1,]}", "{\"version\":1,\"sdp\":NaN}",
    ])
    func whatIsNoObjectEndsTheConnection(_ text: String) {
        expectNoObject(Array(text.utf8))
    }

    @Test(
        arguments: [
            [0xFF], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xE2, 0x82], [0xF5, 0x80, 0x80, 0x80], [0x00], [0x1F],
        ] as [[UInt8]]
    )
    func whatIsNotUTF8EndsTheConnection(_ bytes: [UInt8]) {
        for name in ["sdp", "identifier", "unknown"] {
            expectNoObject(Array("{\"version\":1,\"\(name)\":\"".utf8) + bytes + Array("\"}".utf8))
        }
        expectNoObject(Array("{\"version\":1,\"".utf8) + bytes + Array("\":1}".utf8))
        expectNoObject(Array("{\"version\":1}".utf8) + bytes)
        expectNoObject(valid.utf8.flatMap { [$0, 0] })
        expectNoObject(valid.utf8.flatMap { [0, $0] })
    }

    @Test func theProblemSaysWhere() {
        #expect(throws: DecodeFailure.notAnObject("not a JSON object: text after the end of the value at byte 14")) {
            try decoder.decode(#"{"version":1} x"#)
        }
        #expect(throws: DecodeFailure.notAnObject("not a JSON object: unexpected character at byte 0")) {
            try decoder.decode("[1]")
        }
    }

    @Test func everyTruncationEndsTheConnection() throws {
        #expect(throws: Never.self) { try decoder.decode(valid) }
        let bytes = Array(valid.utf8)
        for length in 0..<bytes.count {
            expectNoObject(Array(bytes[..<length]))
        }
    }

    // MARK: S3, S4

    @Test func depthIsLimited() throws {
        func text(_ name: String, _ depth: Int) -> String {
            let value = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            return #"{"version":1,"operation":"media","action":"offer","identifier":"c","ice":1,"\#(name)":\#(value)}"#
        }
        for name in ["sdp", "unknown", "localAddress"] {
            #expect(throws: Never.self) { try decoder.decode(text(name, 60)) }
            for depth in [61, 64, 1_000, 250_000] {
                expectNoObject(Array(text(name, depth).utf8))
            }
        }
    }

    @Test(arguments: [
        "version", "operation", "action", "reason", "identifier", "transferIdentifier", "assignment", "localAddress",
        "remoteAddress", "localSideDescription", "notificationToken", "notificationUrl", "confirm", "sdp", "ice",
    ])
    func knownNamesMustNotOccurTwice(_ name: String) {
        let escaped = "\\u00" + String(name.utf8.first ?? 0, radix: 16) + name.dropFirst()
        for (first, second) in [(name, name), (name, escaped), (escaped, name), (escaped, escaped)] {
            for value in ["1", "null", "\"a\""] {
                let start = #"{"x":0,"\#(first)":\#(value),"#
                let problem = "not a JSON object: the same name twice in one object at byte \(start.utf8.count)"
                #expect(throws: DecodeFailure.notAnObject(problem)) {
                    try decoder.decode(start + #""\#(second)":\#(value),"x":0}"#)
                }
            }
        }
    }

    @Test func namesMayBeEscaped() throws {
        let message = try decoder.decode(
            #"{"v\u0065rsion":1,"operati\u006fn":"sign\u0061ling","action":"h\u006fld","id\u0065ntifier":"\u0063-1"}"#
        )
        #expect(message == .call(try #require(CallIdentifier("c-1")), .hold))
    }

    @Test func unknownNamesArePassedOver() throws {
        let many = (0..<10_000).map { #""x\#($0 % 100)":[null]"# }.joined(separator: ",")
        let message = try decoder.decode(
            #"{\#(many),"Sdp":1,"SDP":2,"iceServers":1,"state":1,"state":2,"version":1,"operation":"x","action":"y"}"#
        )
        #expect(message == .discarded)
    }

    // MARK: S6

    @Test(arguments: [
        #""operation":"signaling""#, #""operation":"signaling","action":"status""#,
        #""operation":"signaling","action":"""#,
        #""operation":"signaling","action":"Start""#, #""operation":"signaling","action":"offer""#,
        #""operation":"signaling","action":1"#, #""operation":"signaling","action":null"#,
        #""operation":"signaling","action":["start"]"#, #""operation":"media","action":"start""#,
        #""operation":"media","action":"terminate""#, #""operation":"register","action":"hold""#,
        #""operation":"register","action":true"#, #""operation":"register""#, #""action":"start""#,
        #""operation":"","action":"start""#, #""operation":"Register","action":"start""#,
        #""operation":null,"action":"start""#, #""operation":1,"action":"start""#,
        #""operation":{"signaling":1},"action":"start""#, #""operation":"signaling","action":"st\u0000art""#,
        #""operation":"signaling","action":"startstartstartstartstartstartstart""#,
    ])
    func whatIsNotKnownIsDiscarded(_ members: String) throws {
        #expect(try decoder.decode(#"{"version":1,\#(members)}"#) == .discarded)
        #expect(try decoder.decode(#"{"version":1,\#(members),"identifier":5,"remoteAddress":5}"#) == .discarded)
    }

    @Test func buffersAreReadFromTheirReaderIndex() throws {
        var buffer = ByteBuffer(string: "xx" + valid)
        buffer.moveReaderIndex(forwardBy: 2)
        #expect(try decoder.decode(buffer) == decoder.decode(valid))
        #expect(throws: DecodeFailure.self) { try decoder.decode(ByteBuffer()) }
    }

    private func expectNoObject(_ bytes: [UInt8]) {
        do throws(DecodeFailure) {
            let message = try bytes.withUnsafeBufferPointer { bytes throws(DecodeFailure) in try decoder.decode(bytes) }
            Issue.record("accepted as \(message)")
        } catch {
            guard case .notAnObject(let problem) = error, problem.utf8.count <= 123, problem.contains(" at byte ")
            else {
                Issue.record("\(error)")
                return
            }
        }
    }
}
