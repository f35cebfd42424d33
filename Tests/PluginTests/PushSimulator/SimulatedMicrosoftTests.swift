import PushSimulator
import StrictJSON
import Testing

/// What the simulator takes for a log-in at Microsoft and for a raw notification.
@Suite("Push simulator: Microsoft", .serialized)
struct SimulatedMicrosoftTests {
    private static let microsoft = MicrosoftApplications()
    private static let entra = "/\(microsoft.tenant)/oauth2/v2.0/token"
    private static let entraForm = [
        "grant_type": "client_credentials", "client_id": microsoft.client, "client_secret": microsoft.secret,
        "scope": "https://wns.windows.com/.default",
    ]
    private static let liveForm = [
        "grant_type": "client_credentials", "client_id": microsoft.packageSID,
        "client_secret": microsoft.packageSecret, "scope": "notify.windows.com",
    ]

    private static func token(_ customer: SimulatorCustomer, _ path: String, _ form: [String: String]) async throws
        -> String
    {
        guard case .string(let token) = try await customer.submit(path, form).member("access_token") else {
            throw SimulatorCustomer.NoToken()
        }
        return token
    }

    private static func push(
        _ customer: SimulatorCustomer,
        _ channel: String,
        _ bearer: String,
        more: [String] = [],
        body: String = #"{"caller":"1","wakeupToken":"wt"}"#,
        type: String = "wns/raw",
        options: [String] = ["--http1.1"]
    ) async throws -> SimulatorCustomer.Answer {
        let headers = [
            "Authorization: Bearer \(bearer)", "Content-Type: application/octet-stream", "X-WNS-Type: \(type)",
            "Expect:",
        ]
        return try await customer.ask("/channels/\(channel)", headers + more, body: body, options: options)
    }

    @Test("Both log-ins give a token, each for its own channels only")
    func logIns() async throws {
        let customer = try SimulatorCustomer(try await PushSimulator.start())
        let entra = try await Self.token(customer, Self.entra, Self.entraForm)
        let live = try await Self.token(customer, "/accesstoken.srf", Self.liveForm)
        let answer = try await Self.push(customer, "?token=a", entra, more: ["X-WNS-RequestForStatus: true"])
        #expect(answer.status == 200)
        #expect(answer.headers["x-wns-status"] == "received")
        #expect(answer.headers["x-wns-deviceconnectionstatus"] == "connected")
        #expect(answer.headers["x-wns-msg-id"] != nil)
        #expect(answer.headers["ms-cv"] != nil)
        let request = try await customer.simulator.journal.next(to: .wns)
        #expect(request.data == ["caller": "1", "wakeupToken": "wt"])
        #expect(request.target == "/channels/?token=a")
        #expect(try await Self.push(customer, "uwp/a", live).status == 200)
        #expect(try await Self.push(customer, "uwp/a", entra).status == 403)
        #expect(try await Self.push(customer, "a", live).status == 403)
        #expect(try await Self.push(customer, "a", "none").status == 401)
        await customer.simulator.stop()
    }

    @Test("A log-in with another's fields is refused")
    func wrongLogIns() async throws {
        let customer = try SimulatorCustomer(try await PushSimulator.start())
        func error(_ path: String, _ form: [String: String], _ change: [String: String] = [:]) async throws
            -> JSONValue?
        {
            try await customer.submit(path, form.merging(change) { $1 }).member("error")
        }
        #expect(try await error(Self.entra, Self.liveForm) == "unauthorized_client")
        #expect(try await error("/accesstoken.srf", Self.entraForm) == "invalid_client")
        #expect(try await error("/other/oauth2/v2.0/token", Self.entraForm) == "invalid_request")
        #expect(try await error(Self.entra, Self.entraForm, ["client_secret": "x"]) == "invalid_client")
        #expect(try await error(Self.entra, Self.entraForm, ["scope": "notify.windows.com"]) == "invalid_scope")
        #expect(try await error(Self.entra, Self.entraForm, ["grant_type": "password"]) == "unsupported_grant_type")
        #expect(
            try await error("/accesstoken.srf", Self.liveForm, ["scope": "https://wns.windows.com/.default"])
                == "invalid_scope"
        )
        await customer.simulator.stop()
    }

    @Test("A notification WNS would refuse is refused")
    func wrongPushes() async throws {
        let customer = try SimulatorCustomer(try await PushSimulator.start())
        let token = try await Self.token(customer, Self.entra, Self.entraForm)
        let long = String(repeating: "x", count: 5001)
        #expect(try await Self.push(customer, "a", token, body: String(long.dropLast())).status == 200)
        #expect(try await Self.push(customer, "a", token, body: long).status == 413)
        #expect(try await Self.push(customer, "a", token, type: "wns/toast").status == 400)
        #expect(try await Self.push(customer, "a", token, more: ["X-WNS-TTL: soon"]).status == 400)
        #expect(try await Self.push(customer, "a", token, more: ["X-WNS-Cache-Policy: maybe"]).status == 400)
        #expect(try await Self.push(customer, "a", token, more: ["Transfer-Encoding: chunked"]).status == 411)
        #expect(try await Self.push(customer, "a", token, options: ["--http2"]).status == 505)
        await customer.simulator.stop()
    }
}
