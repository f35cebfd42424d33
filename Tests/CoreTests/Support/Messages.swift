import StrictJSON
import Testing

// Messages as the technote writes them, and the first steps that most scenarios share.

func start(_ identifier: String, to dialString: String) -> String {
    #"{"version":1,"operation":"signaling","action":"start","identifier":"\#(identifier)","remoteAddress":{"dialString":"\#(dialString)"}}"#
}

func request(_ action: String, _ identifier: String, _ more: String = "") -> String {
    #"{"version":1,"operation":"signaling","action":"\#(action)","identifier":"\#(identifier)"\#(more)}"#
}

func media(_ action: String, _ identifier: String, _ sdp: String) -> String {
    #"{"version":1,"operation":"media","action":"\#(action)","identifier":"\#(identifier)","sdp":\#(sdp)}"#
}

func candidate(_ action: String, _ identifier: String, _ ice: String) -> String {
    #"{"version":1,"operation":"media","action":"\#(action)","identifier":"\#(identifier)","ice":"\#(ice)"}"#
}

/// What a `status` of a call says.
func status(_ state: String, _ identifier: String, reason: String? = nil) -> JSONValue {
    var members: JSONObject = JSONObject()
    members["version"] = 1
    members["operation"] = "signaling"
    members["action"] = "status"
    members["state"] = .string(state)
    members["identifier"] = .string(identifier)
    members["reason"] = reason.map(JSONValue.string)
    return .object(members)
}

/// A client with its registration.
struct RegisteredClient: Sendable {
    let client: SignalingClient
    let identifier: String
}

extension SignalingClient {
    @discardableResult
    func register(_ assignment: String, expecting state: String) async throws -> JSONValue {
        try await self.send(#"{"version":1,"operation":"register","action":"start","assignment":\#(assignment)}"#)
        let reply = try await self.next()
        #expect(reply["action"] == "start")
        #expect(reply["state"]?.string == state, "\(reply.text)")
        return reply
    }

    /// The next message must have at least these members.
    @discardableResult
    func expect(_ members: JSONValue, sourceLocation: SourceLocation = #_sourceLocation) async throws -> JSONValue {
        let message = try await self.next()
        #expect(
            message.contains(members),
            "expected \(members.text), got \(message.text)",
            sourceLocation: sourceLocation
        )
        return message
    }
}

extension TestServer {
    func alice() async throws -> RegisteredClient { try await self.registered("alice") }
    func bob() async throws -> RegisteredClient { try await self.registered("bob") }
    func carol() async throws -> RegisteredClient { try await self.registered("carol") }

    func registered(_ name: String) async throws -> RegisteredClient {
        let client = try await SignalingClient.connect(to: self.address, login: "\(name):demo")
        let reply = try await client.register(#"{"username":"\#(name)"}"#, expecting: "registered")
        return RegisteredClient(client: client, identifier: try #require(reply["identifier"]?.string))
    }
}

/// The numbers of the people in the tests' directory.
enum Numbers {
    static let alice = "4953638195123"
    static let bob = "4953638195999"
    static let carol = "4953638195777"
}

/// Call identifiers: the caller's own, and the one the server made for the callee.
struct EstablishedCall: Sendable {
    let caller: String
    let callee: String
}

/// Start, ringing, answer, active: every message checked.
func establishCall(
    _ identifier: String = "c-1",
    from caller: RegisteredClient,
    to callee: RegisteredClient,
    number: String = Numbers.bob
) async throws -> EstablishedCall {
    try await caller.client.send(start(identifier, to: number))
    let offered = try await callee.client.expect(["operation": "signaling", "action": "start"])
    let other = try #require(offered["identifier"]?.string)
    try await callee.client.send(request("accept", other))
    try await callee.client.expect(status("ringing", other))
    try await caller.client.expect(status("ringing", identifier))
    try await callee.client.send(request("answer", other))
    try await callee.client.expect(status("active", other))
    try await caller.client.expect(status("active", identifier))
    return EstablishedCall(caller: identifier, callee: other)
}
