import PushSimulator
import StrictJSON
import Testing

/// What the simulator takes for a log-in at Google and for a message, by another's HTTP client.
@Suite("Push simulator: Google", .serialized)
struct SimulatedGoogleTests {
    static let now = 1_795_394_012

    private static func customer(hasOwnKey: Bool = false) async throws -> SimulatorCustomer {
        var settings = PushSimulator.Settings()
        settings.now = { Self.now }
        settings.hasOwnKey = hasOwnKey
        return try SimulatorCustomer(try await PushSimulator.start(settings))
    }

    @Test("A signed assertion is answered with an access token, and the token opens FCM")
    func logIn() async throws {
        let customer = try await Self.customer()
        let answer = try await customer.logIn(customer.claims(at: Self.now))
        #expect(answer.status == 200)
        #expect(answer.version == "2")
        #expect(answer.member("token_type") == "Bearer")
        #expect(answer.member("expires_in") == 3600)
        let token = try await customer.accessToken(at: Self.now)
        for options in [["--http2"], ["--http1.1"]] {
            let body = #"{"message":{"token":"one","data":{"caller":"4953638195999","wakeupToken":"wt"}}}"#
            let sent = try await customer.send(body, bearer: token, options: options)
            #expect(sent.status == 200)
            #expect("--http\(sent.version)" == options[0])
            guard case .string(let name) = sent.member("name") else {
                Issue.record("no name: \(sent.body)")
                continue
            }
            #expect(name.hasPrefix("projects/anynode-test/messages/"))
            let request = try await customer.simulator.journal.next(to: .fcm)
            #expect(request.target == "one")
            #expect(request.data == ["caller": "4953638195999", "wakeupToken": "wt"])
            #expect(request.version == (options == ["--http2"] ? "HTTP/2" : "HTTP/1.1"))
            #expect(request.complaint == nil)
        }
        await customer.simulator.stop()
    }

    @Test(
        "An assertion with something wrong gets invalid_grant",
        arguments: [
            ("iss", "someone@else.example"), ("aud", "https://127.0.0.1/token"), ("aud", nil), ("iss", nil),
            ("scope", "https://www.googleapis.com/auth/drive"), ("scope", nil), ("iat", .number("\(now + 301)")),
            ("iat", nil), ("exp", .number("\(now + 3601)")), ("exp", .number("\(now)")), ("exp", nil), ("exp", "soon"),
        ] as [(String, JSONValue?)]
    )
    func wrongClaim(_ name: String, _ value: JSONValue?) async throws {
        let customer = try await Self.customer()
        var claims = customer.claims(at: Self.now)
        claims[name] = value
        let answer = try await customer.logIn(claims)
        #expect(answer.status == 400)
        #expect(answer.member("error") == "invalid_grant")
        await customer.simulator.stop()
    }

    @Test("A signature by another key, another algorithm, another grant, no assertion: refused")
    func forged() async throws {
        let customer = try await Self.customer()
        let stranger = try await Self.customer(hasOwnKey: true)
        let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
        let claims = customer.claims(at: Self.now)
        let cases: [([String: String], JSONValue)] = [
            (["grant_type": grant, "assertion": try await stranger.assertion(claims)], "invalid_grant"),
            (
                ["grant_type": grant, "assertion": try await customer.assertion(claims, algorithm: "none")],
                "invalid_grant"
            ),
            (["grant_type": grant, "assertion": "a.b"], "invalid_grant"),
            (["grant_type": grant], "invalid_request"),
            (
                ["grant_type": "client_credentials", "assertion": try await customer.assertion(claims)],
                "unsupported_grant_type"
            ),
        ]
        for (form, error) in cases {
            let answer = try await customer.submit("/token", form)
            #expect(answer.status == 400)
            #expect(answer.member("error") == error)
        }
        await customer.simulator.stop()
        await stranger.simulator.stop()
    }

    @Test("A bearer that is unknown, revoked or too old gets UNAUTHENTICATED; another project PERMISSION_DENIED")
    func bearers() async throws {
        let clock = TickingSeconds(Self.now)
        var settings = PushSimulator.Settings()
        settings.now = { clock.now }
        let customer = try SimulatorCustomer(try await PushSimulator.start(settings))
        let body = #"{"message":{"fid":"f","data":{}}}"#
        func status(_ bearer: String, project: String = "anynode-test") async throws -> JSONValue? {
            try await customer.send(body, bearer: bearer, project: project).member("error", "status")
        }
        #expect(try await status("ya29.none") == "UNAUTHENTICATED")
        let old = try await customer.accessToken(at: clock.now)
        #expect(try await status(old) == nil)
        #expect(try await status(old, project: "other") == "PERMISSION_DENIED")
        clock.now += 3600
        #expect(try await status(old) == "UNAUTHENTICATED")
        let new = try await customer.accessToken(at: clock.now)
        #expect(try await status(new) == nil)
        customer.simulator.revokeAccessTokens()
        #expect(try await status(new) == "UNAUTHENTICATED")
        await customer.simulator.stop()
    }

    static let long = String(repeating: "x", count: 4096)

    @Test(
        "A message FCM would refuse is refused, with the field named",
        arguments: [
            ("", "message"), ("{}", "message"), ("[]", ""), (#"{"message":{}}"#, "message"),
            (#"{"message":{"token":"a","fid":"b"}}"#, "message"), (#"{"message":{"token":""}}"#, "message"),
            (#"{"message":{"token":5}}"#, "message"), (#"{"message":{"token":"a","to":"b"}}"#, "message"),
            (#"{"message":{"token":"a"},"more":1}"#, ""),
            (#"{"message":{"token":"a","data":{"n":5}}}"#, "message.data[0].value"),
            (#"{"message":{"token":"a","data":{"o":{}}}}"#, "message.data[0].value"),
            (#"{"message":{"token":"a","data":{"from":"x"}}}"#, "message.data[from]"),
            (#"{"message":{"token":"a","data":{"google.x":"x"}}}"#, "message.data[google.x]"),
            (#"{"message":{"token":"a","data":{"gcm.notification.x":"x"}}}"#, "message.data[gcm.notification.x]"),
            (#"{"message":{"token":"a","data":{"k":"\#(long)"}}}"#, "message.data"),
            (#"{"message":{"token":"a","android":{"ttl":30}}}"#, "message.android.ttl"),
            (#"{"message":{"token":"a","android":{"ttl":"30"}}}"#, "message.android.ttl"),
            (#"{"message":{"token":"a","android":{"ttl":"-1s"}}}"#, "message.android.ttl"),
            (#"{"message":{"token":"a","android":{"ttl":"2419201s"}}}"#, "message.android.ttl"),
            (#"{"message":{"token":"a","android":{"priority":"urgent"}}}"#, "message.android.priority"),
            (#"{"message":{"token":"a","android":{"collapse_key":1}}}"#, "message.android.collapse_key"),
            (#"{"message":{"token":"a","apns":{"headers":{"apns-priority":10}}}}"#, "message.apns.headers[0].value"),
            (
                #"{"message":{"token":"a","apns":{"headers":{"apns-priority":"10"},"payload":{"aps":{"content-available":1}}}}}"#,
                "message.apns.headers"
            ),
            (#"{"message":{"token":"a","apns":{"headers":{"apns-push-type":"voip"}}}}"#, "message.apns.headers"),
            (#"{"message":{"token":"a","webpush":{"headers":{"TTL":"30s"}}}}"#, "message.webpush.headers"),
            (#"{"message":{"token":"a","webpush":{"headers":{"Urgency":"now"}}}}"#, "message.webpush.headers"),
            (
                #"{"message":{"token":"a","webpush":{"fcm_options":{"link":"http://a"}}}}"#,
                "message.webpush.fcm_options.link"
            ),
        ]
    )
    func refusedMessage(_ body: String, _ field: String) async throws {
        let customer = try await Self.customer()
        let answer = try await customer.send(body, bearer: try await customer.accessToken(at: Self.now))
        #expect(answer.status == 400)
        #expect(answer.member("error", "status") == "INVALID_ARGUMENT")
        #expect(answer.member("error", "details", "0", "@type") == "type.googleapis.com/google.rpc.BadRequest")
        #expect(answer.member("error", "details", "0", "fieldViolations", "0", "field") == .string(field))
        await customer.simulator.stop()
    }

    @Test("What Google's own SDK sends is taken, and so is a message at the limit")
    func takenMessage() async throws {
        let customer = try await Self.customer()
        let token = try await customer.accessToken(at: Self.now)
        let limit = String(repeating: "x", count: 4095)
        for rest in [
            #""android":{"priority":"high","ttl":"30s","collapse_key":"call"}"#, #""android":{"ttl":"0s"}"#,
            #""android":{"ttl":"3.500000000s"}"#, #""webpush":{"headers":{"Urgency":"high","TTL":"30"}}"#,
            #""apns":{"headers":{"apns-priority":"10","apns-expiration":"1795394043","apns-push-type":"alert"},"#
                + #""payload":{"aps":{"alert":{"title":"Call","body":"from 1"},"sound":"default"}}}"#,
            #""apns":{"headers":{"apns-priority":"5"},"payload":{"aps":{"content-available":1}}}"#,
            #""notification":{"title":"Call"}"#, #""data":{"k":"\#(limit)"}"#,
        ] {
            let answer = try await customer.send(#"{"message":{"token":"a",\#(rest)}}"#, bearer: token)
            #expect(answer.status == 200, "\(answer.body)")
        }
        await customer.simulator.stop()
    }
}
