import Core
import Telephony
import Testing

/// The register operation: each member missing, null, of another type, or breaking its rules (S8, I18–I20).
@Suite struct RegisterMessageTests {
    private let decoder = MessageDecoder()
    private static let otherTypes = ["1", "true", "[]", "[\"a\"]"]

    // MARK: start

    @Test(arguments: [
        #""x":1"#, #""assignment":null"#, #""assignment":"alice""#, #""assignment":["alice"]"#, #""assignment":{}"#,
        #""assignment":1"#, #""assignment":{"username":null}"#, #""assignment":{"username":1}"#,
        #""assignment":{"username":"a","dialString":1}"#, #""assignment":{"username":true,"dialString":"1"}"#,
        #""assignment":{"username":{},"dialString":"1"}"#, #""assignment":{"Username":"alice"}"#,
        #""assignment":{"username":"a"},"localSideDescription":1"#,
    ])
    func startWithoutAProperAssignment(_ members: String) throws {
        #expect(try register("start", members) == .malformed(.start))
    }

    @Test func assignments() throws {
        for (written, assignment) in [
            (#"{"username":"alice"}"#, Assignment(username: "alice")), (#"{"username":""}"#, Assignment(username: "")),
            (#"{"username":"a","dialString":null,"x":[1]}"#, Assignment(username: "a")),
            (#"{ "user\u006eame" : "\u0061" }"#, Assignment(username: "a")),
            (#"{"dialString":"+49 5363"}"#, Assignment(dialString: "+49 5363")),
            ("{\"username\":\"e\u{301}\"}", Assignment(username: "e\u{301}")),
        ] {
            #expect(try register("start", "\"assignment\":\(written)") == .start(assignment, description: nil))
        }
        // Two spellings are two names.
        #expect(
            try register("start", #""assignment":{"username":"e\u0301"}"#)
                != .start(Assignment(username: "\u{E9}"), description: nil)
        )
    }

    @Test func assignmentsWithNamesTwiceEndTheConnection() {
        for written in [#"{"username":"a","username":"b"}"#, #"{"dialString":null,"dialString":"1"}"#] {
            #expect(throws: DecodeFailure.self) { try register("start", "\"assignment\":\(written)") }
        }
    }

    // MARK: status

    @Test(arguments: [
        #""notificationToken":1"#, #""notificationToken":true"#, #""notificationToken":["t"]"#,
        #""notificationToken":"t","notificationUrl":1"#, #""notificationToken":"t","notificationUrl":{}"#,
        #""notificationUrl":["https://x"]"#, #""notificationToken":"t","confirm":1"#,
        #""notificationToken":"t","confirm":"true""#, #""confirm":[]"#, #""confirm":{}"#,
        #""notificationToken":"t","identifier":1"#, #""identifier":{}"#,
    ])
    func statusWithWrongTypes(_ members: String) throws {
        #expect(try register("status", members) == .malformed(.status))
    }

    @Test func statusWithoutAToken() throws {
        #expect(try register("status", #""x":1"#) == .status(identifier: nil, nil, confirm: false))
        let message = try register(
            "status",
            #""identifier":"i","notificationToken":null,"notificationUrl":"https://x","confirm":true"#
        )
        #expect(message == .status(identifier: "i", nil, confirm: true))
        #expect(try register("status", #""confirm":false"#) == .status(identifier: nil, nil, confirm: false))
        #expect(try register("status", #""confirm":null"#) == .status(identifier: nil, nil, confirm: false))
    }

    /// The limit counts the bytes as they were written, quotes included: that is what is kept.
    @Test func tokensAreBounded() throws {
        for (start, end) in [("\"", "\""), ("{\"token\":\"", "\"}")] {
            let room = 4096 - start.utf8.count - end.utf8.count
            let longest = start + String(repeating: "t", count: room) + end
            let data = NotificationData(token: Array(longest.utf8), url: nil)
            #expect(
                try register("status", "\"notificationToken\": \(longest) ")
                    == .status(identifier: nil, data, confirm: false)
            )
            let tooLong = start + String(repeating: "t", count: room + 1) + end
            #expect(try register("status", "\"notificationToken\":\(tooLong)") == .malformed(.status))
        }
    }

    @Test(arguments: [
        ("https://app/x?a=b#c", true), ("http://app", true), ("HTTPS://app", true), ("hTTp://app", true),
        ("https://", true), ("http://app/ü", true), ("", false), ("javascript:alert(1)", false), ("//app", false),
        ("https:/app", false), (" https://app", false), ("httpx://app", false), ("file:///etc/passwd", false),
        ("http:\\u000f/app", false), ("ftp://app", false), ("http://a\\r\\nb", false), ("http://a\\u0000", false),
        ("http://a\\u007F", false), ("http://a\\u0085", false), ("http://a\u{2028}", false),
    ])
    func urlsThatAreNotForTheWebAreDropped(_ url: String, _ isKept: Bool) throws {
        let data = NotificationData(token: Array("\"t\"".utf8), url: isKept ? url : nil)
        #expect(
            try register("status", #""notificationToken":"t","notificationUrl":"\#(url)""#)
                == .status(identifier: nil, data, confirm: false)
        )
    }

    @Test func urlsAreBounded() throws {
        for (length, isKept) in [(2048, true), (2049, false), (100_000, false)] {
            let url = "https://" + String(repeating: "x", count: length - 8)
            let data = NotificationData(token: Array("{}".utf8), url: isKept ? url : nil)
            #expect(
                try register("status", #""notificationToken":{},"notificationUrl":"\#(url)""#)
                    == .status(identifier: nil, data, confirm: false)
            )
        }
    }

    // MARK: terminate

    @Test func terminate() throws {
        #expect(try register("terminate", #""x":1"#) == .terminate(identifier: nil))
        #expect(try register("terminate", #""identifier":null"#) == .terminate(identifier: nil))
        #expect(
            try register("terminate", #""identifier":"any \u0000thing""#) == .terminate(identifier: "any \u{0}thing")
        )
        for written in Self.otherTypes {
            #expect(try register("terminate", "\"identifier\":\(written)") == .malformed(.terminate))
        }
    }

    private func register(_ action: String, _ members: String) throws -> RegisterRequest? {
        let message = try decoder.decode(#"{"version":1,"operation":"register","action":"\#(action)",\#(members)}"#)
        guard case .register(let request) = message else { return nil }
        return request
    }
}
