import Core
import StrictJSON
import Telephony
import Testing

/// HTTP before the upgrade, over real sockets: every status of docs/protocol.md section 2.
@Suite("Handshake over HTTP")
struct HandshakeScenarios {
    static let good = [
        "Host: 127.0.0.1", "Upgrade: websocket", "Connection: keep-alive, Upgrade", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]

    /// Sends a request with some header lines replaced (by name) or added.
    private func reply(
        _ server: TestServer,
        _ requestLine: String = "GET / HTTP/1.1",
        without: [String] = [],
        with lines: [String] = ["Authorization: Basic YWxpY2U6ZGVtbw=="]
    ) async throws -> HTTPReply {
        let socket = try await RawSocket.connect(port: server.port)
        let replaced = (without + lines.map { String($0.prefix { $0 != ":" }) }).map { $0.lowercased() }
        let kept = Self.good.filter { !replaced.contains($0.prefix { $0 != ":" }.lowercased()) }
        try await socket.send(([requestLine] + kept + lines).joined(separator: "\r\n") + "\r\n\r\n")
        return try await HTTPReply.read(from: socket)
    }

    @Test(
        "Password: right, wrong, unknown, missing, malformed",
        arguments: [
            ("Basic YWxpY2U6ZGVtbw==", 101), ("basic YWxpY2U6ZGVtbw==", 101), ("Basic YWxpY2U6d3Jvbmc=", 401),
            ("Basic bWFsbG9yeTpkZW1v", 401), ("Basic YWxpY2U6", 401), ("Basic OmRlbW8=", 401), ("Basic YWxpY2U=", 401),
            ("Basic QWxpY2U6ZGVtbw==", 401), ("Basic YWxpY2U6ZGVtbwA=", 401), ("Basic YWxpY2U6ZGVtbx==", 401),
            ("Basic %%%", 401), ("Basic", 401), ("Bearer x", 401), ("Digest username=\"alice\"", 401), ("", 401),
        ]
    )
    func passwords(authorization: String, status: Int) async throws {
        try await withServer { server in
            let reply = try await self.reply(server, with: ["Authorization: \(authorization)"])
            #expect(reply.status == status)
            if status == 401 {
                #expect(reply.headers["www-authenticate"] == "Basic realm=\"anynode\", charset=\"UTF-8\"")
                #expect(!reply.body.contains("alice"))
            }
        }
    }

    @Test("A refused handshake can be repeated with the password on the same connection, as browsers do")
    func repeatedOnSameConnection() async throws {
        try await withServer { server in
            let socket = try await RawSocket.connect(port: server.port)
            let lines = ["GET / HTTP/1.1"] + Self.good
            try await socket.send(lines.joined(separator: "\r\n") + "\r\n\r\n")
            #expect(try await HTTPReply.read(from: socket).status == 401)
            let again = lines + ["Authorization: Basic YWxpY2U6ZGVtbw=="]
            try await socket.send(again.joined(separator: "\r\n") + "\r\n\r\n")
            #expect(try await HTTPReply.read(from: socket).status == 101)
        }
    }

    @Test(
        "Not a proper handshake",
        arguments: [
            ("POST / HTTP/1.1", [], [], 405),
            ("GET /elsewhere HTTP/1.1", [], [], 404),
            ("GET / HTTP/1.0", [], [], 400),
            ("GET / HTTP/1.1", ["Host"], [], 400),
            ("GET / HTTP/1.1", [], ["Host: a", "Host: b"], 400),
            ("GET / HTTP/1.1", [], ["Sec-WebSocket-Version: 12"], 426),
            ("GET / HTTP/1.1", ["Sec-WebSocket-Version"], [], 426),
            ("GET / HTTP/1.1", ["Sec-WebSocket-Key"], [], 400),
            ("GET / HTTP/1.1", [], ["Sec-WebSocket-Key: c2hvcnQ="], 400),
            ("GET / HTTP/1.1", [], ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZR=="], 400),
            ("GET / HTTP/1.1", [], ["Connection: close"], 400),
            ("GET / HTTP/1.1", [], ["Content-Length: 5"], 400),
            ("GET / HTTP/1.1", [], ["Transfer-Encoding: chunked", "Content-Length: 5"], 400),
            (
                "GET / HTTP/1.1", [],
                ["Authorization: Basic YWxpY2U6ZGVtbw==", "Authorization: Basic YWxpY2U6ZGVtbw=="], 400
            ),
            ("GET /?identifier=a&identifier=b HTTP/1.1", [], [], 400),
            ("GET /?identifier=a&access_token=b HTTP/1.1", [], [], 400),
            ("GET /?identifier=%00 HTTP/1.1", [], [], 400),
            ("GET /?identifier=%zz HTTP/1.1", [], [], 400),
            ("GET /?access_token=x HTTP/1.1", [], [], 401),
            ("GET /?wakeupToken=x HTTP/1.1", [], [], 401),
            ("GET /?ticket=x HTTP/1.1", [], [], 401),
            ("GET / HTTP/1.1", [], ["X: a\u{0}b"], 400),
            ("GET / HTTP/1.1", [], ["X : a"], 400),
            ("BREW / HTTP/1.1", [], [], 400),
            ("GET / HTTP/1.1", [], ["X: " + String(repeating: "a", count: 20_000)], 431),
            ("GET / HTTP/1.1", [], (0..<2000).map { "X-\($0): a" }, 431),
            ("GET /\(String(repeating: "a", count: 9000)) HTTP/1.1", [], [], 400),
        ] as [(String, [String], [String], Int)]
    )
    func malformed(requestLine: String, without: [String], with lines: [String], status: Int) async throws {
        try await withServer { server in
            let reply = try await self.reply(server, requestLine, without: without, with: lines)
            #expect(reply.status == status, "\(reply.body)")
            #expect(!reply.body.isEmpty)
            if status == 426 {
                #expect(reply.headers["sec-websocket-version"] == "13")
            }
        }
    }

    @Test(
        "Origin: this host's pages only, unless configured otherwise",
        arguments: [
            ([], "http://127.0.0.1:PORT", 101), ([], "https://127.0.0.1:PORT", 101), ([], "http://evil.example", 403),
            ([], "http://127.0.0.1:PORT.evil.example", 403), ([], "http://user@127.0.0.1:PORT", 403), ([], "null", 403),
            ([], "ftp://127.0.0.1:PORT", 403), (["https://app.example"], "https://app.example", 101),
            (["https://app.example"], "http://app.example", 403),
            (["https://app.example"], "https://app.example:8443", 403),
            (["*"], "http://evil.example", 101),
        ] as [([String], String, Int)]
    )
    func origins(allowed: [String], origin: String, status: Int) async throws {
        let listener: JSONValue = [
            "name": "public", "scheme": "ws", "host": "127.0.0.1", "port": 0,
            "origins": .array(allowed.map(JSONValue.string)),
        ]
        try await withServer(["listeners": [listener]]) { server in
            let reply = try await self.reply(
                server,
                with: [
                    "Host: 127.0.0.1:\(server.port)", "Authorization: Basic YWxpY2U6ZGVtbw==",
                    "Origin: \(origin.replacing("PORT", with: "\(server.port)"))",
                ]
            )
            #expect(reply.status == status)
        }
    }

    @Test("Two origins are one too many")
    func twoOrigins() async throws {
        try await withServer { server in
            let reply = try await self.reply(server, with: ["Origin: http://a", "Origin: http://b"])
            #expect(reply.status == 400)
        }
    }

    @Test("Plain requests: health, readiness, nothing else without a web folder")
    func plainRequests() async throws {
        try await withServer { server in
            #expect(try await HTTPReply.get("/healthz", port: server.port).status == 200)
            #expect(try await HTTPReply.get("/readyz", port: server.port).body == "ready\n")
            #expect(try await HTTPReply.get("/", port: server.port).status == 426)
            #expect(try await HTTPReply.get("/index.html", port: server.port).status == 404)
            #expect(try await HTTPReply.get("/../plugins.json", port: server.port).status == 404)
            let post = try await HTTPReply.get("/", port: server.port, method: "POST", headers: ["Content-Length: 0"])
            #expect(post.status == 405)
            #expect(post.headers["allow"] == "GET, HEAD")
        }
    }

    @Test("Too many connections from one address: 429 with Retry-After; in all: 503")
    func tooMany() async throws {
        try await withServer(["limits": ["connectionsPerAddress": 2]]) { server in
            let held = try await (server.alice(), server.bob())
            let reply = try await self.reply(server)
            #expect(reply.status == 429)
            #expect(reply.headers["retry-after"].flatMap(Int.init) != nil)
            await held.0.client.vanish()
            try await server.waitUntil { $0.ports == 1 }
        }
        try await withServer(["limits": ["connections": 1]]) { server in
            let held = try await server.alice()
            #expect(try await self.reply(server).status == 503)
            try await held.client.expectNothing()
        }
    }

    @Test("Frames in the handshake's own segment are processed after 101, and never when it is refused")
    func framesInSameSegment() async throws {
        try await withServer { server in
            let message = #"{"version":1,"operation":"register","action":"start","assignment":{"username":"alice"}}"#
            let frame = ClientFrame.text(Array(message.utf8))
            for (login, status) in [("YWxpY2U6ZGVtbw==", 101), ("YWxpY2U6d3Jvbmc=", 401)] {
                let socket = try await RawSocket.connect(port: server.port)
                let head = (["GET / HTTP/1.1"] + Self.good + ["Authorization: Basic \(login)"]).joined(
                    separator: "\r\n"
                )
                try await socket.send(Array("\(head)\r\n\r\n".utf8) + frame)
                #expect(try await HTTPReply.read(from: socket).status == status)
                if status == 101 {
                    let first = try await socket.read(count: 1)
                    #expect(first == [0x81])
                } else {
                    let rest = try await socket.readToEnd()
                    #expect(!rest.contains(0x81))
                }
            }
            #expect(server.census.registrations == 1)
        }
    }

    @Test("Silence, and a request that never ends, are closed at the deadline")
    func handshakeDeadline() async throws {
        try await withServer(adjusting: { $0.limits.handshakeTimeout = .seconds(5) }) { server in
            let silent = try await RawSocket.connect(port: server.port)
            let slow = try await RawSocket.connect(port: server.port)
            try await slow.send("GET / HTTP/1.1\r\nHost: a\r\n")
            #expect(try await silent.readToEnd().isEmpty)
            _ = try await slow.readToEnd()
            let alice = try await server.alice()
            try await alice.client.expectNothing()
        }
    }
}
