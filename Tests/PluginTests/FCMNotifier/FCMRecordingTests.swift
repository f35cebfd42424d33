import FCMNotifier
import Foundation
import PluginAPI
import PushSimulator
import StrictJSON
import Testing

/// What we send, member by member, beside what Google's own Admin SDK for Python (7.7.0) was recorded to send for the same.
@Suite("FCMNotifier: beside the recordings", .serialized, .timeLimit(.minutes(2)))
struct FCMRecordingTests {
    private static func object(_ value: JSONValue?) throws -> JSONObject {
        guard case .object(let object) = value else { throw NoObject() }
        return object
    }

    struct NoObject: Error {}

    private static func recorded(_ text: String) throws -> JSONObject {
        try self.object(JSONValue(parsing: text.utf8))
    }

    private static func sent(_ token: JSONValue, within time: Duration) async throws -> [PushRequest] {
        let fixture = try await PushFixture()
        let plugin = try await fixture.startFCM()
        let target = NotificationTarget(token: token)
        try #require(await plugin.wake(target, for: try PushSample.notice(ticket: "wt-5f1c"), within: time) == .waiting)
        await plugin.stop()
        await fixture.simulator.stop()
        return fixture.simulator.journal.requests
    }

    @Test("The log-in: the same form, the same header and claims, Google's own audience")
    func logIn() async throws {
        let request = try #require(try await Self.sent("fcm-token-AAA:xyz", within: .seconds(30)).first)
        #expect(request.endpoint == .googleToken)
        #expect(request.header("content-type") == "application/x-www-form-urlencoded")
        #expect(Set(request.form.keys) == ["assertion", "grant_type"])
        #expect(request.form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer")
        let parts = try #require(request.form["assertion"]).split(separator: ".").dropLast().map { part in
            let digits = part.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 }
            let padding = String(repeating: "=", count: (4 - digits.count % 4) % 4)
            return Data(base64Encoded: String(digits) + padding) ?? Data()
        }
        let head = try Self.object(JSONValue(parsing: parts[0]))
        let claims = try Self.object(JSONValue(parsing: parts[1]))
        // Recording 01, jose_header and claims.
        #expect(Set(head.members.map(\.name)) == ["typ", "alg", "kid"])
        #expect(head["typ"] == "JWT")
        #expect(head["alg"] == "RS256")
        #expect(Set(claims.members.map(\.name)) == ["iat", "exp", "iss", "aud", "scope"])
        #expect(claims["iss"] == "push@anynode-test.iam.gserviceaccount.com")
        #expect(claims["aud"] == "https://oauth2.googleapis.com/token")
        guard case .number(let start) = claims["iat"], case .number(let end) = claims["exp"] else {
            throw NoObject()
        }
        #expect(try #require(Int(end)) - #require(Int(start)) == 3600)
    }

    @Test("The message: the same path, headers and members as in recordings 01, 04, 05 and 10")
    func message() async throws {
        for (token, kind) in [
            ("fcm-token-AAA:xyz", "token"), (["service": "fcm", "fid": "fid-abc"], "fid"),
        ] as [(JSONValue, String)] {
            let requests = try await Self.sent(token, within: .seconds(30))
            let request = try #require(requests.last)
            #expect(request.method == "POST")
            #expect(request.path == "/v1/projects/anynode-test/messages:send")
            #expect(request.header("content-type")?.hasPrefix("application/json") == true)
            #expect(request.header("authorization")?.hasPrefix("Bearer ya29.") == true)
            #expect(request.header("expect") == nil)
            #expect(request.header("content-length") == String(request.body.count))
            let message = try Self.object(try Self.object(request.json)["message"])
            let recording = try Self.recorded(
                """
                {"android": {"collapse_key": "call", "priority": "high"},
                 "data": {"caller": "4953638195999", "url": "https://app.example.test/call", "wakeupToken": "wt-5f1c"},
                 "token": "fcm-token-AAA:xyz", "fid": "fid-abc"}
                """
            )
            #expect(message["data"] == recording["data"])
            #expect(message[kind] == recording[kind])
            let android = try Self.object(message["android"])
            #expect(Set(android.members.map(\.name)).isSuperset(of: ["collapse_key", "priority", "ttl"]))
            #expect(android["collapse_key"] == "call")
            #expect([JSONValue.string("high"), "HIGH"].contains(android["priority"]))
            // Recording 04.
            let webHeaders = try Self.object(try Self.object(message["webpush"])["headers"])
            // A topic more than the recording has: a later push for the same call takes the place of the first (RFC 8030 §5.4).
            #expect(Set(webHeaders.members.map(\.name)) == ["TTL", "Urgency", "Topic"])
            #expect(webHeaders["Urgency"] == "high")
            guard case .string(let ttl) = android["ttl"], case .string(let webTTL) = webHeaders["TTL"] else {
                throw NoObject()
            }
            #expect(ttl == "\(webTTL)s")
            #expect((1...30).contains(try #require(Int(webTTL))))
            // Recording 05.
            let apns = try Self.object(message["apns"])
            let headers = try Self.object(apns["headers"])
            let names = Set(headers.members.map(\.name))
            #expect(names == ["apns-priority", "apns-expiration", "apns-push-type", "apns-collapse-id"])
            #expect(headers["apns-priority"] == "10")
            #expect(headers["apns-push-type"] == "alert")
            #expect(headers["apns-collapse-id"] == "call")
            let aps = try Self.object(try Self.object(apns["payload"])["aps"])
            #expect(try Self.object(aps["alert"])["body"] != nil)
            #expect(aps["sound"] != nil)
            #expect(aps["mutable-content"] == 1)
        }
    }

    @Test(
        "FCM takes the message with any collapse key that the settings take, and with the longest of URLs",
        arguments: ["call", "ring.ring!", String(repeating: "k", count: 64), "a/b+c"]
    )
    func limits(_ key: String) async throws {
        let fixture = try await PushFixture()
        let plugin = try await fixture.startFCM(["collapseKey": .string(key)])
        let target = NotificationTarget(token: .string(String(repeating: "t", count: 4096)))
        // SECURITY.md I20: longer ones are dropped before.
        let url = "https://app.example.test/" + String(repeating: "%C3%A9", count: 337)
        #expect(url.utf8.count <= 2048)
        try #require(await plugin.wake(target, for: try PushSample.notice(url: url), within: .seconds(30)) == .waiting)
        #expect(try await fixture.simulator.journal.next(to: .fcm).data["url"] == url)
        await plugin.cancel(target, for: try PushSample.cancelNotice(url: url), within: .seconds(30))
        let request = try await fixture.simulator.journal.next(to: .fcm)
        #expect(request.complaint == nil)
        #expect(request.data["cancelled"] == "true")
        await plugin.stop()
        await fixture.simulator.stop()
    }

    @Test("A block of the settings takes the place of ours, with its placeholders filled in; false leaves it out")
    func blocks() async throws {
        let fixture = try await PushFixture()
        let plugin = try await fixture.startFCM([
            "apns": false, "webpush": false,
            "android": [
                "priority": "HIGH", "ttl": "{ttl}s", "notification": ["body": "{caller} \"{url}\" {x} {caller}"],
            ],
        ])
        let target = NotificationTarget(token: "fcm-token-AAA:xyz")
        try #require(await plugin.wake(target, for: try PushSample.notice(), within: .seconds(30)) == .waiting)
        let request = try await fixture.simulator.journal.next(to: .fcm)
        let message = try Self.object(try Self.object(request.json)["message"])
        #expect(message["apns"] == nil)
        #expect(message["webpush"] == nil)
        let notification = try Self.object(try Self.object(message["android"])["notification"])
        #expect(notification["body"] == .string("\(PushSample.caller) \"{url}\" {x} \(PushSample.caller)"))
        await plugin.stop()
        await fixture.simulator.stop()
    }

    @Test("The end of a call: data, the same collapse key, and no alert")
    func cancel() async throws {
        let fixture = try await PushFixture()
        let plugin = try await fixture.startFCM()
        let target = NotificationTarget(token: "fcm-token-AAA:xyz")
        await plugin.cancel(target, for: try PushSample.cancelNotice(), within: .seconds(30))
        let request = try await fixture.simulator.journal.next(to: .fcm)
        let message = try Self.object(try Self.object(request.json)["message"])
        #expect(try Self.object(message["android"])["collapse_key"] == "call")
        let apns = try Self.object(message["apns"])
        let headers = try Self.object(apns["headers"])
        #expect(headers["apns-priority"] == "5")
        #expect(headers["apns-push-type"] == "background")
        let aps = try Self.object(try Self.object(apns["payload"])["aps"])
        #expect(aps["content-available"] == 1)
        #expect(aps["alert"] == nil)
        #expect(aps["sound"] == nil)
        await plugin.stop()
        await fixture.simulator.stop()
    }
}
