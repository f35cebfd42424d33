import Core
import StrictJSON
import Testing

/// Behind proxies, over real sockets: limits and logs go by the client's address.
@Suite("Behind a proxy")
struct ProxyScenarios {
    static let right = "Authorization: Basic YWxpY2U6ZGVtbw=="
    static let wrong = "Authorization: Basic YWxpY2U6d3Jvbmc="

    private func listener(_ more: JSONValue) -> JSONValue {
        var listener: JSONObject = JSONObject()
        listener["name"] = "public"
        listener["port"] = 0
        if case .object(let members) = more {
            for member in members.members { listener[member.name] = member.value }
        }
        return ["listeners": [.object(listener)], "limits": ["loginFailuresPerMinute": 3, "connectionsPerAddress": 2]]
    }

    @Test("X-Forwarded-For: one client's failures are not the others'; connections are counted by client")
    func forwardedFor() async throws {
        try await withServer(self.listener(["trustedProxies": ["127.0.0.0/8"]])) { server in
            let guesser = "X-Forwarded-For: 203.0.113.9, 192.0.2.7"
            for _ in 0..<3 {
                _ = try await HTTPReply.handshake(port: server.port, headers: [guesser, Self.wrong])
            }
            let shutOut = try await HTTPReply.handshake(port: server.port, headers: [guesser, Self.right])
            #expect(shutOut.status == 429)
            let other = try await HTTPReply.handshake(
                port: server.port,
                headers: ["X-Forwarded-For: 192.0.2.8", "Authorization: Basic Ym9iOmRlbW8="]
            )
            #expect(other.status == 101)
            #expect(server.log.contains("192.0.2.7"))
            // The proxy itself may have as many connections as it has clients.
            var clients: [SignalingClient] = []
            for number in 0..<6 {
                clients.append(
                    try await SignalingClient.connect(
                        to: server.address,
                        login: "bob:demo",
                        headers: ["X-Forwarded-For: 198.51.100.\(number)"]
                    )
                )
            }
            for _ in 0..<2 {
                let headers = ["X-Forwarded-For: 198.51.100.99"]
                clients.append(
                    try await SignalingClient.connect(to: server.address, login: "bob:demo", headers: headers)
                )
            }
            let third = try await HTTPReply.handshake(
                port: server.port,
                headers: ["X-Forwarded-For: 198.51.100.99", "Authorization: Basic Ym9iOmRlbW8="]
            )
            #expect(third.status == 429)
            for client in clients { await client.vanish() }
        }
    }

    @Test("Nobody else's X-Forwarded-For counts")
    func untrusted() async throws {
        try await withServer(self.listener(["trustedProxies": ["10.0.0.0/8"]])) { server in
            for number in 0..<3 {
                let headers = ["X-Forwarded-For: 192.0.2.\(number)", Self.wrong]
                _ = try await HTTPReply.handshake(port: server.port, headers: headers)
            }
            let headers = ["X-Forwarded-For: 192.0.2.99", Self.right]
            #expect(try await HTTPReply.handshake(port: server.port, headers: headers).status == 429)
            #expect(!server.log.contains("192.0.2."))
        }
    }

    private func handshake(_ server: TestServer, after header: [UInt8], headers: [String] = [Self.right]) async throws
        -> HTTPReply
    {
        let socket = try await RawSocket.connect(port: server.port)
        let lines =
            [
                "GET / HTTP/1.1", "Host: 127.0.0.1:\(server.port)", "Upgrade: websocket", "Connection: Upgrade",
                "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            ] + headers
        try await socket.send(header + Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8))
        let reply = try await HTTPReply.read(from: socket)
        await socket.close()
        return reply
    }

    @Test("PROXY protocol, both versions: the client is who the proxy says")
    func proxyProtocol() async throws {
        let settings = self.listener(["trustedProxies": ["127.0.0.1"], "proxyProtocol": true])
        try await withServer(settings) { server in
            let line = Array("PROXY TCP4 192.0.2.7 10.0.0.1 4711 80\r\n".utf8)
            for _ in 0..<3 {
                #expect(try await self.handshake(server, after: line, headers: [Self.wrong]).status == 401)
            }
            #expect(try await self.handshake(server, after: ProxyHeaderTests.four).status == 429)
            #expect(server.log.contains("192.0.2.7"))
            let six = try await self.handshake(
                server,
                after: ProxyHeaderTests.six,
                headers: ["Authorization: Basic Ym9iOmRlbW8="]
            )
            #expect(six.status == 101)
            // A header that the client added itself is not looked at.
            let unknown = Array("PROXY UNKNOWN\r\n".utf8)
            let forged = try await self.handshake(
                server,
                after: unknown,
                headers: ["X-Forwarded-For: 192.0.2.7", "Authorization: Basic Ym9iOmRlbW8="]
            )
            #expect(forged.status == 101)
        }
    }

    @Test("PROXY protocol: who doesn't speak it, or may not, is not answered")
    func noHeader() async throws {
        let settings = self.listener(["trustedProxies": ["127.0.0.1"], "proxyProtocol": true])
        try await withServer(settings) { server in
            for bytes in [Array("GET / HTTP/1.1\r\n\r\n".utf8), [0x16, 0x03, 0x01, 0x00], Array("PROXY X\r\n".utf8)] {
                let socket = try await RawSocket.connect(port: server.port)
                try await socket.send(bytes)
                #expect(try await socket.readToEnd() == [])
            }
        }
        try await withServer(self.listener(["trustedProxies": ["10.0.0.1"], "proxyProtocol": true])) { server in
            let socket = try await RawSocket.connect(port: server.port)
            try? await socket.send("PROXY TCP4 192.0.2.7 10.0.0.1 4711 80\r\n")
            #expect(try await socket.readToEnd() == [])
        }
    }

    @Test("PROXY protocol: the handshake's deadline holds before its first byte")
    func silence() async throws {
        let settings = self.listener(["trustedProxies": ["127.0.0.1"], "proxyProtocol": true])
        try await withServer(settings) {
            $0.limits.handshakeTimeout = .milliseconds(100)
        } _: { server in
            let socket = try await RawSocket.connect(port: server.port)
            // It may be closed before it has said anything.
            try? await socket.send("PROXY TCP4 192.0")
            #expect(try await socket.readToEnd() == [])
        }
    }
}
