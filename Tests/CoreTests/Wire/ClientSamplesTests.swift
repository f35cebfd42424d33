import Core
import Telephony
import Testing

/// Every message of a client that docs/protocol.md shows or describes.
@Suite struct ClientSamplesTests {
    private let decoder = MessageDecoder()

    @Test func registers() throws {
        let message = try decoder.decode(
            #"""
            {"version":1,"operation":"register","action":"start","localSideDescription":"demo 1.0",
             "assignment":{"username":"alice"}}
            """#
        )
        #expect(message == .register(.start(Assignment(username: "alice"), description: "demo 1.0")))
    }

    @Test func registersByNumber() throws {
        let byNumber = try decoder.decode(
            #"{"version":1,"operation":"register","action":"start","assignment":{"dialString":"4953638195123"}}"#
        )
        #expect(byNumber == .register(.start(Assignment(dialString: "4953638195123"), description: nil)))
        let byBoth = try decoder.decode(
            #"{"version":1,"operation":"register","action":"start","assignment":{"dialString":"49","username":"alice"}}"#
        )
        #expect(byBoth == .register(.start(Assignment(username: "alice", dialString: "49"), description: nil)))
    }

    @Test func offersNotificationData() throws {
        let message = try decoder.decode(
            #"""
            {"version":1,"operation":"register","action":"status","identifier":"6f1c",
             "notificationToken":"fcm-token","notificationUrl":"https://app/x"}
            """#
        )
        let data = NotificationData(token: Array(#""fcm-token""#.utf8), url: "https://app/x")
        #expect(message == .register(.status(identifier: "6f1c", data, confirm: false)))
    }

    @Test(arguments: [#"{"service":"fcm", "token":"abc"}"#, #"{ "service":"wns","channelUri":"https://x" }"#])
    func offersNotificationDataAsObject(_ token: String) throws {
        let message = try decoder.decode(
            #"{"version":1,"operation":"register","action":"status","notificationToken":\#(token),"confirm":true}"#
        )
        let data = NotificationData(token: Array(token.utf8), url: nil)
        #expect(message == .register(.status(identifier: nil, data, confirm: true)))
    }

    @Test func deregisters() throws {
        let message = try decoder.decode(
            #"{"version":1,"operation":"register","action":"terminate","identifier":"6f1c"}"#
        )
        #expect(message == .register(.terminate(identifier: "6f1c")))
    }

    @Test func calls() throws {
        let message = try decoder.decode(
            #"""
            {"version":1,"operation":"signaling","action":"start","identifier":"c-1",
             "remoteAddress":{"dialString":"4953638195999"}}
            """#
        )
        #expect(try message == call("c-1", .start(to: number("4953638195999"), description: nil)))
    }

    @Test(arguments: [
        ("accept", CallRequest.accept), ("answer", .answer), ("hold", .hold), ("retrieve", .retrieve),
        ("terminate", .terminate(nil)),
    ])
    func asksOfACall(_ action: String, _ request: CallRequest) throws {
        let message = try decoder.decode(
            #"{"version":1,"operation":"signaling","action":"\#(action)","identifier":"c-1"}"#
        )
        #expect(try message == call("c-1", request))
    }

    @Test(arguments: [Reason.normal, .busy, .rejected])
    func endsACallWithAReason(_ reason: Reason) throws {
        let message = try decoder.decode(
            #"{"version":1,"operation":"signaling","action":"terminate","identifier":"c-1","reason":"\#(reason.rawValue)"}"#
        )
        #expect(try message == call("c-1", .terminate(reason)))
    }

    @Test func transfers() throws {
        let attended = try decoder.decode(
            #"{"version":1,"operation":"signaling","action":"transfer","identifier":"c-1","transferIdentifier":"c-2"}"#
        )
        let other = try #require(CallIdentifier("c-2"))
        #expect(try attended == call("c-1", .transfer(to: other)))
        let blind = try decoder.decode(
            #"{"version":1,"operation":"signaling","action":"transfer","identifier":"c-1","remoteAddress":"+49-5363"}"#
        )
        #expect(try blind == call("c-1", .redirect(to: number("495363"))))
    }

    @Test(arguments: [("offer", SessionDescription.Kind.offer), ("answer", .answer)])
    func negotiatesMedia(_ action: String, _ kind: SessionDescription.Kind) throws {
        func media(_ members: String) throws -> ClientMessage {
            try decoder.decode(
                #"{"version":1,"operation":"media","action":"\#(action)","identifier":"c-1",\#(members)}"#
            )
        }
        func description(_ members: String, hasSDP: Bool) throws -> ClientMessage {
            try call("c-1", .media(SessionDescription(kind: kind, members: Array(members.utf8), hasSDP: hasSDP)))
        }
        #expect(try media(#""sdp":"v=0""#) == description(#""sdp":"v=0""#, hasSDP: true))
        #expect(try media(#""ice": [ 1 ]"#) == description(#""ice":[ 1 ]"#, hasSDP: false))
        #expect(try media(#""ice":[],"sdp":{}"#) == description(#""sdp":{},"ice":[]"#, hasSDP: true))
    }

    private func call(_ identifier: String, _ request: CallRequest) throws -> ClientMessage {
        .call(try #require(CallIdentifier(identifier)), request)
    }

    private func number(_ text: String) throws -> DialString {
        try #require(DialString(text))
    }
}
