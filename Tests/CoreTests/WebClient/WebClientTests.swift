import Testing
import WebClient

/// SECURITY §1: libcurl follows what it is told.
@Suite("Requests to web services")
struct WebClientTests {
    private func failure(
        _ url: String,
        authorities: String? = nil,
        limits: WebClient.Limits = WebClient.Limits()
    ) async -> String? {
        do throws(WebFailure) {
            _ = try await WebClient.get(url, authorities: authorities, limits: limits)
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test("Over TLS: only with a certificate of a trusted authority, and of that host")
    func certificates() async throws {
        let authority = try await TestAuthority()
        let server = try await KeyServer.start(certificate: try await authority.issue("own"))
        server.answer(status: 200, "keys")
        let url = "https://127.0.0.1:\(server.port)/"
        #expect(try await WebClient.get(url, authorities: authority.path) == Array("keys".utf8))
        #expect(await self.failure(url) != nil)
        #expect(await self.failure(url, authorities: try await TestAuthority().path) != nil)
        #expect(server.requests == 1)
        await server.stop()

        let names = ["DNS:other.example"]
        let other = try await KeyServer.start(certificate: try await authority.issue("other", for: names))
        #expect(await self.failure("https://127.0.0.1:\(other.port)/", authorities: authority.path) != nil)
        #expect(other.requests == 0)
        await other.stop()

        let expired = try await KeyServer.start(certificate: try await authority.issue("expired", days: -1))
        #expect(await self.failure("https://127.0.0.1:\(expired.port)/", authorities: authority.path) != nil)
        #expect(expired.requests == 0)
        await expired.stop()
    }

    @Test("No redirect is followed, neither to a file nor to another server")
    func redirects() async throws {
        let (server, other) = (try await KeyServer.start(), try await KeyServer.start())
        other.answer(status: 200, "secret")
        for location in ["file:///etc/passwd", "http://127.0.0.1:\(other.port)/"] {
            server.answer(status: 302, "", location: location)
            #expect(await self.failure("http://127.0.0.1:\(server.port)/") == "the answer has status 302")
        }
        #expect(other.requests == 0)
        await server.stop()
        await other.stop()
    }

    @Test("An answer may be as long as the limit and no longer")
    func length() async throws {
        let server = try await KeyServer.start()
        var limits = WebClient.Limits()
        limits.bytes = 1000
        let url = "http://127.0.0.1:\(server.port)/"
        server.answer(status: 200, String(repeating: "a", count: 1000))
        #expect(try await WebClient.get(url, limits: limits).count == 1000)
        server.answer(status: 200, String(repeating: "a", count: 1001))
        #expect(await self.failure(url, limits: limits) != nil)
        await server.stop()
    }

    @Test(
        "Nothing but web addresses",
        arguments: ["file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/", ""]
    )
    func protocols(url: String) async {
        #expect(await self.failure(url) != nil)
    }
}
