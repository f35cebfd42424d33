import Core
import StrictJSON
import Telephony
import Testing

/// Guessing, and coming too fast, over real sockets (SECURITY B5, I1, W14).
@Suite("Guessing at the door")
struct ThrottleScenarios {
    static let wrong = "Authorization: Basic YWxpY2U6d3Jvbmc="
    static let right = "Authorization: Basic YWxpY2U6ZGVtbw=="
    static let bob = "Authorization: Basic Ym9iOmRlbW8="

    /// Fewer failures than any delay begins at, then the ban: nothing here waits.
    private func guess(_ server: TestServer, times: Int) async throws -> [HTTPReply] {
        var replies: [HTTPReply] = []
        for _ in 0..<times {
            replies.append(try await HTTPReply.handshake(port: server.port, headers: [Self.wrong]))
        }
        return replies
    }

    @Test("After the limit nobody from there is even looked at, right or wrong; who has come before stays")
    func passwords() async throws {
        try await withServer(["limits": ["loginFailuresPerMinute": 3]]) { server in
            let alice = try await server.alice()
            let ticket = try await HTTPReply.ticket(port: server.port, headers: [Self.right])
            let body = try JSONValue(parsing: Array(ticket.body.utf8))
            let replies = try await self.guess(server, times: 4)
            #expect(replies.map(\.status) == [401, 401, 401, 429])
            #expect(replies[3].body == "too many failed log-ins\n")
            let wait = try #require(replies[3].headers["retry-after"].flatMap(Int.init))
            #expect((50...63).contains(wait))
            for header in [Self.right, Self.bob] {
                let reply = try await HTTPReply.handshake(port: server.port, headers: [header])
                #expect(reply.status == 429)
            }
            // Registrations, and log-ins made before, are none of a guesser's business.
            await alice.client.vanish()
            let back = try await HTTPReply.handshake("/?identifier=\(alice.identifier)", port: server.port)
            #expect(back.status == 101)
            let secret = try #require(body["ticket"]?.string)
            #expect(try await HTTPReply.handshake("/?ticket=\(secret)", port: server.port).status == 101)
            #expect(server.log.contains("log-in refused"))
            #expect(server.log.contains("log-ins shut out"))
        }
    }

    @Test("A challenge that was not answered yet is no failure")
    func challenges() async throws {
        try await withServer(["limits": ["loginFailuresPerMinute": 3]]) { server in
            for _ in 0..<20 {
                let status = try await HTTPReply.handshake(port: server.port).status
                #expect(status == 401)
            }
            let status = try await HTTPReply.handshake(port: server.port, headers: [Self.right]).status
            #expect(status == 101)
        }
    }

    @Test("I1: identifiers that nobody has: all the same answer, then shut out; log-ins go on")
    func identifiers() async throws {
        try await withServer(["limits": ["secretFailuresPerMinute": 10, "handshakeBurst": 1000]]) {
            $0.limits.handshakesPerSecond = 1000
        } _: { server in
            let alice = try await server.alice()
            var generator = SystemRandomNumberGenerator()
            var bodies: Set<String> = []
            var statuses: [Int] = []
            for number in 0..<60 where statuses.last != 429 {
                let guess = RegistrationIdentifier(using: &generator).secretText
                let text = number == 3 ? "malformed" : guess
                let reply = try await HTTPReply.handshake("/?identifier=\(text)", port: server.port)
                statuses.append(reply.status)
                if reply.status == 401 { bodies.insert(reply.body) }
            }
            #expect(statuses.count > 10)
            #expect(statuses.dropLast().allSatisfy { $0 == 401 })
            #expect(statuses.last == 429)
            #expect(bodies.count == 1)
            // Somebody else at the same address comes back all the same.
            let back = try await HTTPReply.handshake("/?identifier=\(alice.identifier)", port: server.port)
            #expect(back.status == 101)
            #expect(try await HTTPReply.handshake(port: server.port, headers: [Self.right]).status == 101)
        }
    }

    @Test("I2: an identifier spelt otherwise, or in the place of another secret")
    func spellings() async throws {
        try await withServer { server in
            let alice = try await server.alice()
            let identifier = alice.identifier
            let bad = [
                "?identifier=\(identifier)%00", "?identifier=%20\(identifier)", "?identifier=\(identifier)%CC%81",
                "?identifier=\(identifier.uppercased())x", "?identifier=\(identifier.dropLast())",
                "?identifier=\(identifier)0", "?access_token=\(identifier)", "?wakeupToken=\(identifier)",
                "?ticket=\(identifier)", "?identifier=\(identifier)&identifier=\(identifier)",
                "?identifier=\(identifier)&ticket=x", "?identifier=", "?identifier",
            ]
            for query in bad {
                let status = try await HTTPReply.handshake("/\(query)", port: server.port).status
                #expect(status == 401 || status == 400, "\(query.prefix(14))")
            }
            try await alice.client.expectNothing()
        }
    }

    @Test("I3: taking over is told to the old socket, and logged with both addresses")
    func takeOver() async throws {
        try await withServer { server in
            let alice = try await server.alice()
            let thief = try await SignalingClient.connect(to: server.address, query: "?identifier=\(alice.identifier)")
            try await thief.expect(["operation": "register", "action": "start", "state": "registered"])
            #expect(try await alice.client.closed().code == 4002)
            let line = try #require(server.log.text.first { $0.contains("registration taken over") })
            #expect(line.split(separator: "127.0.0.1", omittingEmptySubsequences: false).count == 3, "\(line)")
        }
    }

    @Test("More handshakes than allowed from one address: 429, and pages are still served")
    func rate() async throws {
        try await withServer {
            $0.limits.handshakeBurst = 3
            $0.limits.handshakesPerSecond = 1
        } _: { server in
            let port = server.port
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<40 {
                    group.addTask { try await HTTPReply.handshake(port: port, headers: [Self.right]).status }
                }
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(statuses.count { $0 == 101 } >= 3)
            #expect(statuses.contains(429))
            #expect(statuses.allSatisfy { $0 == 101 || $0 == 429 })
            #expect(try await HTTPReply.get("/healthz", port: server.port).status == 200)
        }
    }

    @Test("D11, B1: nobody and a wrong password get the same answer")
    func unknownUser() async throws {
        try await withServer { server in
            let known = try await HTTPReply.handshake(port: server.port, headers: [Self.wrong])
            let mallory = "Authorization: Basic bWFsbG9yeTpkZW1v"
            let unknown = try await HTTPReply.handshake(port: server.port, headers: [mallory])
            #expect(known.status == unknown.status)
            #expect(known.body == unknown.body)
            #expect(known.headers == unknown.headers)
        }
    }

    @Test("Every page and every refusal carries the security headers")
    func securityHeaders() async throws {
        try await withServer { server in
            let replies = [
                try await HTTPReply.get("/healthz", port: server.port),
                try await HTTPReply.get("/nowhere", port: server.port),
                try await HTTPReply.handshake(port: server.port),
                try await HTTPReply.ticket(port: server.port, headers: [Self.right]),
            ]
            for reply in replies {
                #expect(reply.headers["x-content-type-options"] == "nosniff")
                #expect(reply.headers["referrer-policy"] == "no-referrer")
                #expect(reply.headers["content-security-policy"]?.contains("default-src 'self'") == true)
                #expect(reply.headers["cache-control"] != nil)
            }
        }
    }
}
