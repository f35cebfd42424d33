import Logging
import StrictJSON
import Telephony
import Testing

/// What clients do over `ws` they do over `wss`, and TLS itself goes unnoticed.
@Suite("TLS: signaling over wss", .serialized)
struct TLSScenarios {
    private let authority: TestAuthority
    private let listener: JSONValue
    private let client: TLSClient

    init() async throws {
        self.authority = try await TestAuthority()
        self.listener = encryptedListener([try await self.authority.issue("server")])
        self.client = try TLSClient(trusting: self.authority)
    }

    /// The listener with other members of the configuration beside it.
    private func configuration(_ more: JSONValue) -> JSONValue {
        guard case .object(var members) = self.listener, case .object(let more) = more else { return self.listener }
        for member in more.members { members[member.name] = member.value }
        return .object(members)
    }

    @Test("A whole call")
    func call() async throws {
        try await withServer(self.listener, tls: self.client) { server in
            let (alice, bob) = try await (server.alice(), server.bob())
            let call = try await establishCall(from: alice, to: bob)
            try await alice.client.send(media("offer", call.caller, #""v=0""#))
            try await bob.client.expect(["action": "offer", "identifier": .string(call.callee), "sdp": "v=0"])
            try await bob.client.send(media("answer", call.callee, #""v=1""#))
            try await alice.client.expect(["action": "answer", "identifier": .string(call.caller), "sdp": "v=1"])
            try await alice.client.send(candidate("offer", call.caller, "candidate:1"))
            try await bob.client.expect(["identifier": .string(call.callee), "ice": "candidate:1"])
            try await alice.client.send(request("terminate", call.caller))
            try await alice.client.expect(status("terminating", call.caller))
            try await alice.client.expect(status("terminated", call.caller, reason: "normal"))
            try await bob.client.expect(status("terminated", call.callee, reason: "normal"))
        }
    }

    @Test("Pages, several on one connection, and a refused handshake with the right one after it")
    func pages() async throws {
        try await withServer(self.listener, tls: self.client) { server in
            let socket = try await RawSocket.connect(port: server.port, tls: self.client)
            for path in ["/healthz", "/readyz"] {
                try await socket.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n")
                #expect(try await HTTPReply.read(from: socket).status == 200)
            }
            let lines = (["GET / HTTP/1.1"] + HandshakeScenarios.good).joined(separator: "\r\n")
            try await socket.send("\(lines)\r\n\r\n")
            #expect(try await HTTPReply.read(from: socket).status == 401)
            try await socket.send("\(lines)\r\nAuthorization: Basic YWxpY2U6ZGVtbw==\r\n\r\n")
            #expect(try await HTTPReply.read(from: socket).status == 101)
            try await socket.send(ClientFrame.make(opcode: 9, [1, 2, 3]))
            let pong = try await socket.read(count: 5)
            #expect(pong == [0x8A, 3, 1, 2, 3])
        }
    }

    @Test(
        "Messages in the handshake's own segment are answered, whether the log-in takes a moment or not",
        arguments: [(true, true), (true, false), (false, true), (false, false)]
    )
    func framesInSameSegment(isEncrypted: Bool, isAnonymous: Bool) async throws {
        let more: JSONValue = ["authentication": ["anonymous": .bool(isAnonymous), "methods": ["basic"]]]
        let tls = isEncrypted ? self.client : nil
        try await withServer(isEncrypted ? self.configuration(more) : more, tls: tls) { server in
            let socket = try await RawSocket.connect(port: server.port, tls: tls)
            let login = isAnonymous ? [] : ["Authorization: Basic YWxpY2U6ZGVtbw=="]
            let head = (["GET / HTTP/1.1"] + HandshakeScenarios.good + login).joined(separator: "\r\n")
            let frame = ClientFrame.text(Array(request("hold", "c-1").utf8))
            try await socket.send(Array("\(head)\r\n\r\n".utf8) + frame)
            #expect(try await HTTPReply.read(from: socket).status == 101)
            let header = try await socket.read(count: 2)
            #expect(header[0] == 0x81)
            let answer = try await socket.read(count: Int(header[1] & 0x7F))
            #expect(String(decoding: answer, as: UTF8.self).contains("notRegistered"))
        }
    }

    @Test("A megabyte, and many messages behind it, arrive whole and in order")
    func flood() async throws {
        let more: JSONValue = [
            "signaling": ["messageLimit": "2MiB"],
            "limits": ["outboundBytes": "16MiB", "messagesPerSecond": 10000, "messageBurst": 10000],
        ]
        try await withServer(self.configuration(more), tls: self.client) { server in
            let (alice, bob) = try await (server.alice(), server.bob())
            let call = try await establishCall(from: alice, to: bob)
            let sizes = [1 << 20] + Array(repeating: 16 << 10, count: 60) + [1, 300_000]
            let texts = sizes.enumerated().map {
                "\($0.offset):" + String(repeating: "sdp\($0.offset)", count: $0.element / 5)
            }
            for text in texts {
                try await alice.client.send(media("offer", call.caller, "\"\(text)\""))
            }
            for text in texts {
                let message = try await bob.client.next()
                // Not in an expectation of its own: it would print a megabyte.
                let isWhole = message["sdp"]?.string == text
                #expect(isWhole, "of \(text.utf8.count) bytes")
            }
        }
    }

    @Test("A client that does not read is closed, and its neighbours go on")
    func slowReader() async throws {
        let more: JSONValue = [
            "limits": ["outboundBytes": "64KiB", "messagesPerSecond": 100_000, "messageBurst": 100_000]
        ]
        try await withServer(self.configuration(more), tls: self.client) { server in
            let (alice, bob) = try await (server.alice(), server.bob())
            let call = try await establishCall(from: alice, to: bob)
            try await bob.client.socket.stopReading()
            let offer = media("offer", call.caller, "\"\(String(repeating: "x", count: 60_000))\"")
            var isClosed = false
            for _ in 0..<400 where !isClosed {
                try await alice.client.send(offer)
                isClosed = server.census.ports < 2
            }
            try await server.waitUntil { $0.ports == 1 }
            try await alice.client.expectNothing()
        }
    }

    @Test("The closing handshake ends TLS too, and nothing of it is worth more than a debug line")
    func closing() async throws {
        let log = LogRecorder()
        try await withServer(self.listener, tls: self.client, logging: log) { server in
            let alice = try await server.alice()
            try await alice.client.send(frame: ClientFrame.make(opcode: 8, [0x03, 0xE8]))
            #expect(try await alice.client.closed().code == 1000)
            #expect(try await alice.client.socket.readToEnd().isEmpty)
            let bob = try await server.bob()
            try await bob.client.socket.cut()
            try await server.waitUntil { $0.ports == 0 }
            // Back again with what it had.
            let restored = try await SignalingClient.connect(to: server, query: "?identifier=\(bob.identifier)")
            try await restored.expect(["operation": "register", "identifier": .string(bob.identifier)])
            try await restored.expectNothing()
        }
        #expect(log.entries.filter { $0.level > .info }.map(\.message) == [])
    }

    @Test("The server goes down although clients are connected, even if one does not answer")
    func drain() async throws {
        let more: JSONValue = ["drain": ["spread": "0s", "deadline": "1s"]]
        try await withServer(self.configuration(more), tls: self.client) { server in
            let (alice, bob) = try await (server.alice(), server.bob())
            // Bob never hears of it, nor answers the goodbye of TLS.
            try await bob.client.socket.stopReading()
            async let closed = alice.client.closed()
            try await withTimeLimit { await server.drain() }
            #expect(try await closed.code == 1001)
        }
    }
}
