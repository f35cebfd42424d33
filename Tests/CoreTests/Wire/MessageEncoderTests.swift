import Core
import NIOCore
import StrictJSON
import Telephony
import Testing

/// Every message of the server, byte for byte, and JSON whatever people call themselves.
@Suite struct MessageEncoderTests {
    private let encoder = MessageEncoder(
        serverDescription: "anynode-server 1.0.0",
        iceServers: [["urls": "turn:t.example", "username": "1:u", "credential": "p=="]],
        notificationConfiguration: ["vapidKey": "B\"x", "n": 1]
    )
    private let registration = RegistrationIdentifier(high: 0x6F1C, low: 1)
    private let secret = "0000000000006f1c0000000000000001"

    // MARK: Register

    @Test func registered() throws {
        let label = RegistrationLabel(identifier: registration, address: try alice())
        #expect(
            text(.registered(label))
                == #"{"version":1,"operation":"register","action":"start","state":"registered","reason":"success","#
                + #""identifier":"\#(secret)","localAddress":{"dialString":"4953638195123","displayName":"Alice"},"#
                + #""localSideDescription":"anynode-server 1.0.0","notificationConfiguration":{"vapidKey":"B\"x","n":1},"#
                + #""iceServers":[{"urls":"turn:t.example","username":"1:u","credential":"p=="}]}"#
        )
    }

    @Test func registeredWithoutExtras() throws {
        let encoder = MessageEncoder(serverDescription: "a\"b", iceServers: nil, notificationConfiguration: nil)
        let address = PartyAddress(dialString: try #require(DialString("1")))
        let label = RegistrationLabel(identifier: registration, address: address)
        #expect(
            text(.registered(label), encoder)
                == #"{"version":1,"operation":"register","action":"start","state":"registered","reason":"success","#
                + #""identifier":"\#(secret)","localAddress":{"dialString":"1"},"localSideDescription":"a\"b"}"#
        )
    }

    @Test func registrationsThatFailOrEnd() {
        #expect(
            text(.registerFailed(.notFound))
                == #"{"version":1,"operation":"register","action":"start","state":"failed","reason":"notFound"}"#
        )
        #expect(
            text(.registrationEnded(registration, .success))
                == #"{"version":1,"operation":"register","action":"terminate","state":"terminated","reason":"success","#
                + #""identifier":"\#(secret)"}"#
        )
        for action in [RegisterAction.start, .status, .terminate] {
            #expect(
                text(.registerRefused(action, .invalidMessage))
                    == #"{"version":1,"operation":"register","action":"\#(action.rawValue)","state":"failed","#
                    + #""reason":"invalidMessage"}"#
            )
        }
        #expect(
            text(.notificationStored(registration))
                == #"{"version":1,"operation":"register","action":"status","state":"registered","reason":"success","#
                + #""identifier":"\#(secret)"}"#
        )
    }

    // MARK: Signaling

    @Test func callStates() throws {
        let label = try label()
        let parties =
            #""identifier":"c-1","localAddress":{"dialString":"4953638195123","displayName":"Alice"},"#
            + #""remoteAddress":{"dialString":"4953638195999"}}"#
        for state in CallState.allCases {
            #expect(
                text(.call(label, .status(state, nil)))
                    == #"{"version":1,"operation":"signaling","action":"status","state":"\#(state.rawValue)",\#(parties)"#
            )
            for reason in Reason.allCases {
                #expect(
                    text(.call(label, .status(state, reason)))
                        == #"{"version":1,"operation":"signaling","action":"status","state":"\#(state.rawValue)","#
                        + #""reason":"\#(reason.rawValue)",\#(parties)"#
                )
            }
        }
    }

    @Test func incomingCalls() throws {
        let label = try label(description: "demo \"1.0\"")
        #expect(
            text(.call(label, .start))
                == #"{"version":1,"operation":"signaling","action":"start","identifier":"c-1","#
                + #""localAddress":{"dialString":"4953638195123","displayName":"Alice"},"#
                + #""remoteAddress":{"dialString":"4953638195999"},"localSideDescription":"demo \"1.0\""}"#
        )
    }

    @Test(arguments: [
        (nil, ""), ("c-1", #","identifier":"c-1""#), ("", #","identifier":"""#),
        ("\"\\\n\u{0}\u{1F}é😀", #","identifier":"\"\\\n\u0000\u001fé😀""#),
    ])
    func refusedCalls(_ identifier: String?, _ member: String) {
        #expect(
            text(.callRefused(identifier: identifier, .invalidIdentifier))
                == #"{"version":1,"operation":"signaling","action":"status","state":"terminated","#
                + #""reason":"invalidIdentifier"\#(member)}"#
        )
    }

    // MARK: Media

    @Test(arguments: [
        #""sdp":"v=0\r\n""#, #""ice":[ 1e999 ]"#, #""sdp":{ "a":1,"a":2 },"ice":"\/\u002f""#,
    ])
    func mediaIsRelayedByteForByte(_ members: String) throws {
        for kind in [SessionDescription.Kind.offer, .answer] {
            let description = SessionDescription(
                kind: kind,
                members: Array(members.utf8),
                hasSDP: members.hasPrefix("\"sdp")
            )
            let written = text(.call(try label(), .media(description)))
            #expect(
                written
                    == #"{"version":1,"operation":"media","action":"\#(kind.rawValue)","identifier":"c-1",\#(members)}"#
            )
            // Both directions have one form, so that what was written can be read again.
            #expect(try MessageDecoder().decode(written) == .call(label().identifier, .media(description)))
        }
    }

    @Test func freshOffers() throws {
        #expect(
            text(.call(try label(), .offerRequest))
                == #"{"version":1,"operation":"media","action":"offer","identifier":"c-1"}"#
        )
    }

    // MARK: All

    @Test(arguments: [
        "", "\"", "\\", "\\\"", "\"}],{", "\u{0}", "\u{1F}", "\n\r\t\u{8}", "\u{7F}", "\u{2028}", "é", "e\u{301}", "😀",
        "\u{202E}evil", "\\u0041", "</script>", "\u{FEFF}", String(repeating: "\"", count: 300),
    ])
    func everyMessageIsJSON(_ text: String) throws {
        let number = try #require(DialString("a*#._-Z"))
        let address = PartyAddress(dialString: number, displayName: text)
        let identifier = CallIdentifier(uuidFrom: 1, 2)
        let description = SessionDescription(kind: .offer, members: Array("\"sdp\":\"\(number)\"".utf8), hasSDP: true)
        let label = LegLabel(identifier: identifier, local: address, remote: address, remoteDescription: text)
        let encoder = MessageEncoder(
            serverDescription: text,
            iceServers: .array([.string(text)]),
            notificationConfiguration: .string(text)
        )
        for indication: Indication in [
            .call(label, .start), .call(label, .status(.terminated, .internal)), .call(label, .media(description)),
            .call(label, .offerRequest), .callRefused(identifier: text, .unknownIdentifier),
            .callRefused(identifier: nil, .overload), .registerFailed(.forbidden), .registerRefused(.status, .overload),
            .registered(RegistrationLabel(identifier: registration, address: address)),
            .registrationEnded(registration, .expired), .notificationStored(registration),
        ] {
            let written = self.text(indication, encoder)
            guard case .object(let object) = try JSONValue(parsing: written.utf8) else {
                Issue.record("not an object: \(written)")
                return
            }
            #expect(object["version"] == 1)
            switch indication {
            case .call(_, .start), .call(_, .status):
                #expect(object["localSideDescription"] == .string(text))
                let address = try #require(object["remoteAddress"])
                let name: JSONValue? = text.presentable.isEmpty ? nil : .string(text.presentable)
                #expect(
                    address == name.map { ["dialString": "a*#._-Z", "displayName": $0] } ?? ["dialString": "a*#._-Z"]
                )
            case .callRefused(let identifier?, _):
                #expect(object["identifier"] == .string(identifier))
            case .registered:
                #expect(object["localSideDescription"] == .string(text))
                #expect(object["iceServers"] == .array([.string(text)]))
                #expect(object["notificationConfiguration"] == .string(text))
            case .call, .callRefused, .registerFailed, .registerRefused, .registrationEnded, .notificationStored:
                break
            }
        }
    }

    @Test func messagesAreAppended() throws {
        var buffer = ByteBuffer(string: "before")
        encoder.encode(.registerFailed(.notFound), into: &buffer)
        encoder.encode(.call(try label(), .offerRequest), into: &buffer)
        let both = text(.registerFailed(.notFound)) + text(.call(try label(), .offerRequest))
        #expect(String(buffer: buffer) == "before" + both)
    }

    private func text(_ indication: Indication, _ encoder: MessageEncoder? = nil) -> String {
        var buffer = ByteBuffer()
        (encoder ?? self.encoder).encode(indication, into: &buffer)
        return String(buffer: buffer)
    }

    private func alice() throws -> PartyAddress {
        PartyAddress(dialString: try #require(DialString("4953638195123")), displayName: "Alice")
    }

    private func label(description: String? = nil) throws -> LegLabel {
        LegLabel(
            identifier: try #require(CallIdentifier("c-1")),
            local: try alice(),
            remote: PartyAddress(dialString: try #require(DialString("4953638195999"))),
            remoteDescription: description
        )
    }
}
