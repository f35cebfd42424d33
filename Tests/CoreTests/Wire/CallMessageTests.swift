import Core
import Telephony
import Testing

/// What is asked of calls: identifiers, and each member missing, null, of another type, or breaking its rules (S5, S7–S9).
@Suite struct CallMessageTests {
    private let decoder = MessageDecoder()
    private static let otherTypes = ["1", "-1.5e300", "true", "false", "[]", "[\"a\"]", "{}", "{\"dialString\":1}"]

    // MARK: S7

    @Test(arguments: [
        "", " ", "c 1", "c.1", "c/1", "c\t1", "c\u{0}1", "é", "c\u{301}", "Ａ", "٣", "c-1\n", "*", "../x", "c%201", "{}",
        String(repeating: "x", count: 127) + "!", String(repeating: "é", count: 64),
    ])
    func badIdentifiersAreEchoed(_ identifier: String) throws {
        for start in Self.everyCallMessage {
            let message = try decoder.decode("{\(start),\"identifier\":\(quoted(identifier))}")
            #expect(message == .invalidCallIdentifier(echo: identifier))
        }
    }

    @Test func longIdentifiersAreNotEchoed() throws {
        for identifier in [
            String(repeating: "x", count: 129), String(repeating: "é", count: 65),
            String(repeating: "x", count: 100_000),
            String(repeating: "\u{0}", count: 129),
        ] {
            for start in Self.everyCallMessage {
                let message = try decoder.decode("{\(start),\"identifier\":\(quoted(identifier))}")
                #expect(message == .invalidCallIdentifier(echo: nil))
            }
        }
        // Long as it is written, and yet within the limit.
        let text = String(repeating: "\u{1}", count: 128)
        let message = try decoder.decode("{\(Self.everyCallMessage[0]),\"identifier\":\(quoted(text))}")
        #expect(message == .invalidCallIdentifier(echo: text))
    }

    @Test func identifiersMustBeStrings() throws {
        for start in Self.everyCallMessage {
            #expect(try decoder.decode("{\(start)}") == .invalidCallIdentifier(echo: nil))
            for other in Self.otherTypes + ["null"] {
                let message = try decoder.decode("{\(start),\"identifier\":\(other)}")
                #expect(message == .invalidCallIdentifier(echo: nil))
            }
        }
    }

    @Test(arguments: [
        "a", "-", "_", "AZaz09-_", "6f1cd6a0-9df1-4f0e-8a51-8c6d2c2f1b11", String(repeating: "x", count: 128),
    ])
    func goodIdentifiers(_ identifier: String) throws {
        let message = try decoder.decode(#"{\#(Self.everyCallMessage[1]),"identifier":"\#(identifier)"}"#)
        #expect(message == .call(try #require(CallIdentifier(identifier)), .accept))
        let escaped = identifier.utf8.map { "\\u00" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let same = try decoder.decode(#"{\#(Self.everyCallMessage[1]),"identifier":"\#(escaped)"}"#)
        #expect(same == message)
    }

    // MARK: S8

    @Test func addresses() throws {
        let number = try #require(DialString("495363"))
        for (written, expected) in [
            (#"{"dialString":"495363"}"#, number), (#"{ "dialString" : "+49-53.63" , "displayName":"Bob"}"#, number),
            (#"{"displayName":null,"x":[{}],"dialString":"\u0034\u00395363"}"#, number), (#""495363""#, number),
            (#"{"dialString":""}"#, nil), (#""""#, nil), (#""a b""#, nil), (#""sip:x@y""#, nil), (#""٣""#, nil),
            (#""49\u0000""#, nil), ("\"\(String(repeating: "1", count: 65))\"", nil),
            (#"{"dialString":"*\u0301"}"#, nil),
            ("\"\(String(repeating: "1", count: 100_000))\"", nil),
        ] {
            #expect(try request("start", "\"remoteAddress\":\(written)") == .start(to: expected, description: nil))
            #expect(try request("transfer", "\"remoteAddress\":\(written)") == .redirect(to: expected))
        }
    }

    @Test(arguments: [
        "1", "true", "[]", "[\"1\"]", "{}", #"{"dialString":1}"#, #"{"dialString":null}"#, #"{"dialString":{}}"#,
        #"{"displayName":"Bob"}"#, #"{"dialString":"1","displayName":1}"#, #"{"dialString":"1","displayName":["B"]}"#,
        #"{"DialString":"1"}"#,
    ])
    func malformedAddresses(_ written: String) throws {
        #expect(try request("start", "\"remoteAddress\":\(written)") == .malformed)
        #expect(try request("transfer", "\"remoteAddress\":\(written)") == .malformed)
        // Of no importance to the others.
        #expect(try request("hold", "\"remoteAddress\":\(written)") == .hold)
        #expect(try request("terminate", "\"remoteAddress\":\(written),\"localAddress\":\(written)") == .terminate(nil))
    }

    @Test(arguments: [
        #"{"dialString":"1","dialString":"1"}"#, #"{"dialString":null,"x":1,"dialStrin\u0067":"1"}"#,
        #"{"dialString":"1","displayName":"A","displayName":null}"#,
    ])
    func addressesWithNamesTwiceEndTheConnection(_ written: String) throws {
        let error = try #require(throws: DecodeFailure.self) { try request("start", "\"remoteAddress\":\(written)") }
        guard case .notAnObject(let problem) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(problem.contains("the same name twice in one object at byte "))
    }

    @Test func startNeedsARemoteAddress() throws {
        #expect(try request("start", #""x":1"#) == .malformed)
        #expect(try request("start", #""remoteAddress":null"#) == .malformed)
    }

    @Test func theLocalAddressIsOnlyLookedAt() throws {
        let started = CallRequest.start(to: DialString("1"), description: nil)
        for written in ["null", "\"anything\"", "{}", #"{"dialString":"110"}"#] {
            #expect(try request("start", #""remoteAddress":"1","localAddress":\#(written)"#) == started)
        }
        for written in ["1", "true", "[]"] {
            #expect(try request("start", #""remoteAddress":"1","localAddress":\#(written)"#) == .malformed)
        }
    }

    @Test func descriptions() throws {
        let longest = String(repeating: "x", count: 256)
        for (written, expected) in [
            ("null", nil), ("\"\"", nil), ("\"demo 1.0\"", "demo 1.0"), ("\"\(longest)\"", longest),
            (#""a\u0000\n\u202Eb""#, "ab"), (#""\u0007""#, nil), ("\"Müller 😀\"", "Müller 😀"),
            ("\"\(String(repeating: "\\u0041", count: 256))\"", String(repeating: "A", count: 256)),
        ] {
            let members = #""remoteAddress":"1","localSideDescription":\#(written)"#
            #expect(try request("start", members) == .start(to: DialString("1"), description: expected))
        }
        for written in Self.otherTypes + ["\"\(longest)x\"", "\"\(String(repeating: "é", count: 129))\""] {
            #expect(try request("start", #""remoteAddress":"1","localSideDescription":\#(written)"#) == .malformed)
            #expect(try request("answer", #""localSideDescription":\#(written)"#) == .answer)
        }
    }

    @Test func reasons() throws {
        #expect(try request("terminate", #""reason":null"#) == .terminate(nil))
        #expect(try request("terminate", #""reason":"n\u006frmal""#) == .terminate(.normal))
        for reason in Reason.allCases where ![.normal, .busy, .rejected].contains(reason) {
            #expect(try request("terminate", #""reason":"\#(reason.rawValue)""#) == .malformed)
        }
        for written in Self.otherTypes + [
            "\"\"", "\"Busy\"", "\"busy \"", "\"\(String(repeating: "busy", count: 9))\"",
        ] {
            #expect(try request("terminate", #""reason":\#(written)"#) == .malformed)
            #expect(try request("hold", #""reason":\#(written)"#) == .hold)
        }
    }

    @Test func transfersNeedOneTarget() throws {
        #expect(try request("transfer", #""x":1"#) == .malformed)
        #expect(try request("transfer", #""transferIdentifier":"c-2","remoteAddress":"1""#) == .malformed)
        #expect(try request("transfer", #""transferIdentifier":null,"remoteAddress":null"#) == .malformed)
        let other = try #require(CallIdentifier("c-2"))
        #expect(try request("transfer", #""transferIdentifier":"c-2","remoteAddress":null"#) == .transfer(to: other))
        #expect(
            try request("transfer", #""transferIdentifier":null,"remoteAddress":"1""#) == .redirect(to: DialString("1"))
        )
        for written in Self.otherTypes + ["\"\"", "\"c 2\"", "\"\(String(repeating: "x", count: 129))\""] {
            #expect(try request("transfer", #""transferIdentifier":\#(written)"#) == .malformed)
        }
    }

    // MARK: S9

    @Test func mediaNeedsSomething() throws {
        for members in [#""x":1"#, #""sdp":null"#, #""ice":null"#, #""sdp":null,"ice":null"#, #""SDP":"v=0""#] {
            #expect(try media(members) == .malformed)
        }
    }

    /// What the sender wrote reaches the other side byte for byte.
    @Test(arguments: [
        "\"\"", "\"v=0\\r\\no=- 1 2 IN IP4 127.0.0.1\\r\\n\"", "{ \"type\" :\t\"offer\",\n\"sdp\":\"\\u0076=0\" }",
        "[ ]",
        "123456789012345678901234567890.123e-4567", "-0.0E+00", "true", "\"\\/\\u002f/\\uD83D\\uDE00😀é\u{2028}\"",
        "[ {\"a\":1,\"a\":1} , null ]", "{\"sdp\":1,\"ice\":2,\"version\":3}", "\"\u{7F}\\u0000\"",
    ])
    func mediaIsKeptAsItCame(_ value: String) throws {
        #expect(try media("\"sdp\" : \(value) ") == offer("\"sdp\":\(value)", hasSDP: true))
        #expect(try media("\"ice\":\n\(value)\n") == offer("\"ice\":\(value)", hasSDP: false))
        #expect(try media("\"ice\":\(value),\"sdp\":0") == offer("\"sdp\":0,\"ice\":\(value)", hasSDP: true))
        #expect(try media("\"sdp\":\(value),\"ice\":0") == offer("\"sdp\":\(value),\"ice\":0", hasSDP: true))
        #expect(try media("\"sdp\":null,\"ice\":\(value)") == offer("\"ice\":\(value)", hasSDP: false))
        #expect(try media("\"sdp\":\(value),\"ice\":null") == offer("\"sdp\":\(value)", hasSDP: true))
    }

    /// The other members are nobody's business in a media message.
    @Test func mediaMindsNothingElse() throws {
        let members = #""reason":1,"remoteAddress":2,"localAddress":3,"localSideDescription":4,"transferIdentifier":5"#
        #expect(try media(#""sdp":0,\#(members)"#) == offer("\"sdp\":0", hasSDP: true))
    }

    // MARK: -

    private static let everyCallMessage =
        ["start", "accept", "answer", "terminate", "hold", "retrieve", "transfer"].map {
            #""version":1,"operation":"signaling","action":"\#($0)""#
        } + ["offer", "answer"].map { #""version":1,"operation":"media","action":"\#($0)","sdp":0"# }

    private func request(_ action: String, _ members: String) throws -> CallRequest {
        try request(ofOperation: "signaling", action, members)
    }

    private func media(_ members: String) throws -> CallRequest {
        try request(ofOperation: "media", "offer", members)
    }

    private func request(ofOperation operation: String, _ action: String, _ members: String) throws -> CallRequest {
        let message = try decoder.decode(
            #"{"version":1,"operation":"\#(operation)","action":"\#(action)","identifier":"c-1",\#(members)}"#
        )
        guard case .call(let identifier, let request) = message, identifier.text == "c-1" else {
            throw UnexpectedMessage(message: message)
        }
        return request
    }

    private func offer(_ members: String, hasSDP: Bool) -> CallRequest {
        .media(SessionDescription(kind: .offer, members: Array(members.utf8), hasSDP: hasSDP))
    }

    /// The text as a JSON string, everything below the space escaped.
    private func quoted(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar in
            scalar.value < 0x20
                ? "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16) : String(scalar)
        }
        return "\"" + escaped.joined() + "\""
    }
}

private struct UnexpectedMessage: Error {
    let message: ClientMessage
}
