import PluginAPI
import Telephony
import Testing

@testable import Core

@Suite("HTTP Digest without a network (RFC 7616)")
struct DigestTests {
    static let rules = DigestAuthorization.Rules(realm: "http-auth@example.org", algorithms: [.sha256, .md5])
    /// RFC 7616 §3.9.1, of either algorithm.
    static func example(_ algorithm: String, _ response: String) -> String {
        """
        Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm=\(algorithm), \
        nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, \
        cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, response="\(response)"
        """
    }
    static let sha256 = Self.example("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1")

    private func parse(_ header: String, method: String = "GET", target: String = "/dir/index.html")
        -> DigestAuthorization?
    {
        DigestAuthorization(header: header, method: method, target: target, rules: Self.rules)
    }

    @Test(
        "The example of RFC 7616",
        arguments: [
            (DigestAlgorithm.sha256, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
            (.md5, "8ca523f5e9506fed4657c9700eebdbec"),
        ]
    )
    func example(algorithm: DigestAlgorithm, response: String) throws {
        let digest = try #require(self.parse(Self.example(algorithm.rawValue, response)))
        #expect(digest.username.text == "Mufasa")
        #expect(digest.count == 1)
        #expect(digest.algorithm == algorithm)
        let ha1 = DigestCalculation.ha1(
            algorithm,
            username: digest.username,
            realm: Self.rules.realm,
            password: "Circle of Life"
        )
        guard case .digest(let proof) = digest.credential else { throw Wrong() }
        #expect(proof.isProved(byHA1: Secret(ha1)))
        #expect(!proof.isProved(byHA1: Secret(String(ha1.reversed()))))
        #expect(!proof.isProved(byHA1: Secret("")))
    }

    struct Wrong: Error {}

    @Test("Spellings that the grammar allows")
    func spellings() {
        let header = Self.sha256
        #expect(self.parse(header.replacing("Digest ", with: "dIGEST   ")) != nil)
        #expect(self.parse(header.replacing(", ", with: " ,\t")) != nil)
        #expect(self.parse(header.replacing("=", with: " = ")) != nil)
        #expect(self.parse(header.replacing("username", with: "UserName")) != nil)
        #expect(self.parse(header.replacing("qop=auth", with: "qop=\"auth\"")) != nil)
        #expect(self.parse(header.replacing("SHA-256", with: "\"sha-256\"")) != nil)
        #expect(self.parse(header + ", userhash=false, unheard-of=\"a, b=c\"") != nil)
        #expect(self.parse(header.replacing("Mufasa", with: "Mu\\fa\\\"s,a=\\\\"))?.username.text == "Mufa\"s,a=\\")
        #expect(
            self.parse(header.replacing("Mufasa", with: "J\u{e4}s\u{f8}n Doe \u{1F600}"))?.username.text.count == 11
        )
        #expect(
            self.parse(header.replacing("username=\"Mufasa\"", with: "username*=UTF-8''J%C3%A4s%C3%B8n%20Doe"))?
                .username.text == "J\u{e4}s\u{f8}n Doe"
        )
        // Without a word it is MD5 (§3.3).
        #expect(self.parse(header.replacing("algorithm=SHA-256, ", with: ""))?.algorithm == .md5)
    }

    @Test(
        "D4–D9: what can't be right is refused before anybody is asked",
        arguments: [
            ("nc=00000001, ", ""), ("nc=00000001", "nc=00000000"), ("nc=00000001", "nc=1"),
            ("nc=00000001", "nc=0000000g"), ("nc=00000001", "nc=+0000001"), ("nc=00000001", "nc=000000001"),
            ("qop=auth, ", ""), ("qop=auth", "qop=auth-int"), ("qop=auth", "qop=\"auth,auth-int\""),
            ("qop=auth", "qop="),
            ("cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", ", ""),
            ("cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\"", "cnonce=\"\""),
            ("algorithm=SHA-256", "algorithm=SHA-256-sess"), ("algorithm=SHA-256", "algorithm=MD5-sess"),
            ("algorithm=SHA-256", "algorithm=SHA-512-256"), ("algorithm=SHA-256", "algorithm=\u{661}"),
            ("uri=\"/dir/index.html\"", "uri=\"/dir/index.html?x\""), ("uri=\"/dir/index.html\"", "uri=\"/\""),
            ("uri=\"/dir/index.html\", ", ""), ("realm=\"http", "realm=\"ttp"), ("realm=\"http", "realm=\"HTTP"),
            ("nc=", "opaque=\"x\", nc="), ("nc=", "userhash=true, nc="), ("username=\"Mufasa\", ", ""),
            ("username=\"Mufasa\"", "username=\"\""), ("username=\"Mufasa\"", "username=\"Mufasa"),
            ("username=\"Mufasa\"", "username=\"Mu\u{0}fasa\""), ("username=\"Mufasa\"", "username=\"Mu\rfasa\""),
            ("username=\"Mufasa\"", "username=\"Mufasa\", username=\"Mufasa\""),
            ("username=\"Mufasa\"", "username=\"Mufasa\", username*=UTF-8''Mufasa"),
            ("username=\"Mufasa\"", "username=\"a\" b"), ("username=\"Mufasa\"", "username"),
            ("username=\"Mufasa\"", "username*=UTF-8''J%C3"), ("username=\"Mufasa\"", "username*=UTF-8''J%"),
            ("username=\"Mufasa\"", "username*=UTF-8''%00"), ("username=\"Mufasa\"", "username*=UTF-8''%C0%AF"),
            ("username=\"Mufasa\"", "username*=ISO-8859-1''J%E4son"), ("username=\"Mufasa\"", "username*=Mufasa"),
            ("nc=", ",nc="), ("Digest ", "Digest,"), ("Digest ", "Basic "), ("Digest ", "Digest"),
        ]
    )
    func impossible(part: String, replacement: String) {
        let header = Self.sha256.replacing(part, with: replacement)
        #expect(header != Self.sha256)
        #expect(self.parse(header) == nil)
    }

    @Test("A comma at the end, nothing at all, too much of anything")
    func extremes() {
        #expect(self.parse(Self.sha256 + ",") == nil)
        #expect(self.parse("Digest") == nil)
        #expect(self.parse("Digest ") == nil)
        #expect(self.parse("") == nil)
        #expect(self.parse(Self.sha256 + String(repeating: ",", count: 7000)) == nil)
        #expect(self.parse(Self.sha256 + (0..<20).map { ", x\($0)=y" }.joined()) == nil)
        #expect(self.parse(Self.sha256 + ", x=\"" + String(repeating: "a", count: 9000) + "\"") == nil)
    }

    @Test("Latin-1 is not UTF-8")
    func latin1() {
        let bytes = Array("username=\"J".utf8) + [0xE4] + Array("son\"".utf8)
        #expect(AuthorizationParameters(bytes) == nil)
    }

    @Test("The method counts: a response to GET is none to POST")
    func method() throws {
        let digest = try #require(self.parse(Self.sha256, method: "POST"))
        let ha1 = DigestCalculation.ha1(
            .sha256,
            username: digest.username,
            realm: Self.rules.realm,
            password: "Circle of Life"
        )
        guard case .digest(let proof) = digest.credential else { throw Wrong() }
        #expect(!proof.isProved(byHA1: Secret(ha1)))
    }
}

@Suite("Nonces of HTTP Digest")
struct DigestNoncesTests {
    static let start = Moment(nanoseconds: 1_000_000_000_000)
    private var generator = SystemRandomNumberGenerator()
    let nonces = DigestNonces(key: Array(repeating: 7, count: 32), lifetime: .seconds(300), limit: 100)

    @Test("Each count once, and only upwards")
    mutating func counts() {
        let nonce = self.nonces.make(at: Self.start, using: &self.generator)
        let results = [1, 1, 2, 5, 3, 5, 6, .max, .max].map { (count: UInt32) in
            self.nonces.spend(nonce, count: count, at: Self.start)
        }
        #expect(results == [true, false, true, true, false, false, true, true, false])
    }

    @Test("Twelve at once: one wins")
    mutating func race() async {
        let nonce = self.nonces.make(at: Self.start, using: &self.generator)
        let nonces = self.nonces
        let winners = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<12 { group.addTask { nonces.spend(nonce, count: 1, at: Self.start) } }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(winners == 1)
    }

    @Test("Not before it was made, not after its time, and not of another key")
    mutating func time() {
        let nonce = self.nonces.make(at: Self.start, using: &self.generator)
        #expect(!self.nonces.spend(nonce, count: 1, at: Self.start + .seconds(-1)))
        #expect(!self.nonces.spend(nonce, count: 1, at: Self.start + .seconds(300)))
        let others = DigestNonces(key: Array(repeating: 8, count: 32), lifetime: .seconds(300))
        #expect(!others.spend(nonce, count: 1, at: Self.start))
        #expect(self.nonces.spend(nonce, count: 1, at: Self.start + .milliseconds(299_999)))
    }

    @Test("D3: altered in any character it is nobody's")
    mutating func altered() {
        let nonce = self.nonces.make(at: Self.start, using: &self.generator)
        for index in nonce.indices {
            var other = nonce
            other.replaceSubrange(index...index, with: nonce[index] == "A" ? "B" : "A")
            #expect(other == nonce || !self.nonces.spend(other, count: 1, at: Self.start))
        }
        for other in ["", "x", nonce + nonce, String(nonce.dropLast()), String(repeating: "A", count: 56)] {
            #expect(!self.nonces.spend(other, count: 1, at: Self.start))
        }
        #expect(self.nonces.count == 0)
    }

    @Test(
        "D10: strangers who only ask cost nothing; who logs in is remembered within limits, and never lets a replay in"
    )
    mutating func memory() {
        let first = self.nonces.make(at: Self.start, using: &self.generator)
        #expect(self.nonces.spend(first, count: 1, at: Self.start))
        for _ in 0..<1000 { _ = self.nonces.make(at: Self.start, using: &self.generator) }
        #expect(self.nonces.count == 1)
        for offset in 1...300 {
            let now = Self.start + .milliseconds(offset)
            let nonce = self.nonces.make(at: now, using: &self.generator)
            #expect(self.nonces.spend(nonce, count: 1, at: now))
        }
        #expect(self.nonces.count <= 100)
        #expect(!self.nonces.spend(first, count: 1, at: Self.start + .seconds(1)))
        // What has expired makes room without shutting anybody out.
        let later = Self.start + .seconds(400)
        let fresh = self.nonces.make(at: later, using: &self.generator)
        #expect(self.nonces.spend(fresh, count: 1, at: later))
        #expect(self.nonces.count == 1)
    }
}
