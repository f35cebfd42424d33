import Core
import NIOConcurrencyHelpers
import PluginAPI
import StrictJSON
import Telephony
import Testing

/// Keys from files and key sets, and that they change while tokens are judged.
@Suite("Keys of token issuers")
struct IssuerKeysTests {
    static let first = TestRSAKey.shared
    static let second = TestRSAKey(bits: 2048)
    private let folder = TemporaryFolder()
    private let clock = NIOLockedBox<Int64>(0)
    private let log = RecordedLog()

    private func verifier(_ key: TokenIssuer.Key) throws -> TokenVerifier {
        let issuer = TokenIssuer(name: "https://rsa.example", algorithm: .rs256, key: key)
        return try TokenVerifier(
            TokenConfiguration(issuers: [issuer]),
            now: { [clock] in Moment(nanoseconds: clock.withLock { $0 }) },
            calendar: { TokenMaker.now },
            logger: self.log.logger()
        )
    }

    private func token(_ key: TestRSAKey, kid: String? = nil) -> String {
        var token = TokenTests.rsaToken(.rsa(key))
        if let kid { token.header = "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"\(kid)\"}" }
        return token.text
    }

    private func isAccepted(_ verdict: TokenVerdict) -> Bool {
        if case .accepted = verdict { true } else { false }
    }

    private func path(_ name: String) -> String { "\(self.folder.path)/\(name)" }

    private func keySet(_ keys: [(TestRSAKey, String?)]) -> String {
        "{\"keys\":[\(keys.map { $0.0.jsonWebKey($0.1) }.joined(separator: ","))]}"
    }

    @Test("A certificate, a public key, a key set with one key")
    func sources() throws {
        try self.folder.write(Self.first.certificatePEM, to: "cert.pem")
        try self.folder.write(Self.first.publicKeyPEM, to: "key.pem")
        try self.folder.write(self.keySet([(Self.first, nil)]), to: "keys.json")
        for key: TokenIssuer.Key in [
            .certificate(self.path("cert.pem")), .publicKey(self.path("key.pem")), .keySet(self.path("keys.json")),
        ] {
            let verifier = try self.verifier(key)
            #expect(self.isAccepted(verifier.verify(self.token(Self.first))))
            #expect(verifier.verify(self.token(Self.second)) == .refused(.signature))
        }
    }

    @Test("A key set with several keys: the header says which")
    func keyIDs() throws {
        try self.folder.write(self.keySet([(Self.first, "a"), (Self.second, "b")]), to: "keys.json")
        let verifier = try self.verifier(.keySet(self.path("keys.json")))
        #expect(self.isAccepted(verifier.verify(self.token(Self.first, kid: "a"))))
        #expect(self.isAccepted(verifier.verify(self.token(Self.second, kid: "b"))))
        #expect(verifier.verify(self.token(Self.second, kid: "a")) == .refused(.signature))
        #expect(verifier.verify(self.token(Self.first)) == .refused(.key))
        // J14: a name is looked up, never opened.
        for name in ["../../etc/passwd", "' OR 1=1 --", "http://127.0.0.1:1/", "A", ""] {
            #expect(!self.isAccepted(verifier.verify(self.token(Self.first, kid: name))))
        }
    }

    @Test("An unknown key name makes us look at the file again, and a new key counts at once")
    func rotation() async throws {
        try self.folder.write(self.keySet([(Self.first, "a")]), to: "keys.json")
        let verifier = try self.verifier(.keySet(self.path("keys.json")))
        let token = self.token(Self.second, kid: "b")
        #expect(verifier.verify(token) == .unknownKey)
        #expect(await verifier.verifyAfterReloadingKeys(token) == .refused(.key))
        try self.folder.write(self.keySet([(Self.second, "b")]), to: "keys.json")
        #expect(self.isAccepted(await verifier.verifyAfterReloadingKeys(token)))
        #expect(self.isAccepted(verifier.verify(token)))
        #expect(verifier.verify(self.token(Self.first, kid: "a")) == .unknownKey)
    }

    @Test(
        "A certificate is replaced without a restart; a broken one changes nothing and is reported until it is mended"
    )
    func replacement() async throws {
        try self.folder.write(Self.first.certificatePEM, to: "cert.pem")
        let verifier = try self.verifier(.certificate(self.path("cert.pem")))
        for broken in ["", "nonsense", Self.second.publicKeyPEM, TestRSAKey(bits: 1024).certificatePEM] {
            try self.folder.write(broken, to: "cert.pem")
            await verifier.reloadKeys()
            #expect(self.isAccepted(verifier.verify(self.token(Self.first))))
            #expect(verifier.problems.count == 1)
            #expect(verifier.problems.first?.contains("cert.pem: expected ") == true)
        }
        #expect(self.log.contains("keys of an issuer not taken over"))
        try self.folder.write(Self.second.certificatePEM, to: "cert.pem")
        await verifier.reloadKeys()
        #expect(self.isAccepted(verifier.verify(self.token(Self.second))))
        #expect(verifier.verify(self.token(Self.first)) == .refused(.signature))
        #expect(verifier.problems.isEmpty)
    }

    @Test(
        "Files that can't be used stop the start, with their place",
        arguments: [
            ("", "expected an X.509 certificate in PEM form, found none"), (nil, "found an error: No such file"),
            ("key", "expected an X.509 certificate in PEM form, found none"),
            ("short", "expected an RSA key of 2048 to 8192 bits, found 1024"),
        ]
    )
    func badFiles(content: String?, problem: String) throws {
        let text =
            switch content {
            case "key": Self.first.publicKeyPEM
            case "short": TestRSAKey(bits: 1024).certificatePEM
            default: content
            }
        if let text { try self.folder.write(text, to: "cert.pem") }
        let problems = #expect(throws: ConfigurationProblems.self) {
            try self.verifier(.certificate(self.path("cert.pem")))
        }
        let first = try #require(problems?.list.first)
        #expect(first.pointer == "/authentication/token/issuers/0")
        #expect(first.problem.contains(problem), "\(first.problem)")
    }

    @Test(
        "Key sets that can't be used",
        arguments: [
            "[]", "{}", #"{"keys":[]}"#, #"{"keys":[{"kty":"EC"}]}"#, #"{"keys":[{"kty":"RSA","n":"AQ","e":"AQAB"}]}"#,
            #"{"keys":[{"kty":"RSA","n":"=","e":"AQAB"}]}"#,
            #"{"keys":[{"kty":"RSA","use":"enc","n":"AQ","e":"AQAB"}]}"#,
            #"{"keys":[{"kty":"RSA","e":"AQAB"}]}"#,
        ]
    )
    func badKeySets(text: String) throws {
        try self.folder.write(text, to: "keys.json")
        #expect(throws: ConfigurationProblems.self) { try self.verifier(.keySet(self.path("keys.json"))) }
    }

    @Test(
        "A key set behind a URL: fetched, followed when it changes, asked for at most every 30 s, and missed politely"
    )
    func url() async throws {
        let server = try await KeyServer.start()
        let verifier = try self.verifier(.keySetURL("http://127.0.0.1:\(server.port)/keys"))
        let (old, new) = (self.token(Self.first, kid: "a"), self.token(Self.second, kid: "b"))
        #expect(verifier.verify(old) == .unknownKey)
        server.answer(status: 500, "")
        #expect(await verifier.verifyAfterReloadingKeys(old) == .unavailable)
        self.clock.withLock { $0 += 30_000_000_000 }
        server.answer(status: 200, self.keySet([(Self.first, "a")]))
        #expect(self.isAccepted(await verifier.verifyAfterReloadingKeys(old)))
        server.answer(status: 200, self.keySet([(Self.first, "a"), (Self.second, "b")]))
        let asked = server.requests
        for _ in 0..<20 {
            #expect(await verifier.verifyAfterReloadingKeys(new) == .refused(.key))
        }
        #expect(server.requests == asked)
        self.clock.withLock { $0 += 30_000_000_000 }
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<20 {
                group.addTask { self.isAccepted(await verifier.verifyAfterReloadingKeys(new)) }
            }
            for await isAccepted in group { #expect(isAccepted) }
        }
        #expect(server.requests == asked + 1)
        // Withdrawn keys are forgotten after a while, without anybody asking.
        server.answer(status: 200, self.keySet([(Self.second, "b")]))
        self.clock.withLock { $0 += 600_000_000_000 }
        await verifier.reloadKeys()
        #expect(verifier.verify(old) == .unknownKey)
        // And what can't be fetched changes nothing.
        for (status, body) in [(302, ""), (404, ""), (200, "nonsense"), (200, String(repeating: " ", count: 300_000))] {
            server.answer(status: status, body)
            self.clock.withLock { $0 += 600_000_000_000 }
            await verifier.reloadKeys()
            #expect(verifier.problems.count == 1)
            #expect(self.isAccepted(verifier.verify(new)))
        }
        await server.stop()
    }
}

/// What stands under `token` in plugins.json.
@Suite("Token settings")
struct TokenConfigurationTests {
    static let secret = "0123456789abcdef0123456789abcdef"

    private func problems(_ issuers: JSONValue) -> [String] {
        let document: JSONValue = [
            "listeners": [["name": "public"]], "authentication": ["token": ["issuers": issuers]],
        ]
        switch ServerConfiguration.read(
            document,
            baseDirectory: "/etc/anynode",
            catalog: [],
            environment: ["KEY": Self.secret]
        ) {
        case .success(let configuration):
            return configuration.authentication.methods == [.basic, .token] ? [] : ["methods"]
        case .failure(let problems): return problems.list.map(\.description)
        }
    }

    @Test("Good ones")
    func good() {
        #expect(self.problems([["issuer": "a", "algorithm": "HS256", "secret": ["$env": "KEY"]]]) == [])
        #expect(self.problems([["issuer": "a", "certificate": "a.pem"]]) == [])
        #expect(
            self.problems([
                ["issuer": "a", "algorithm": "RS256", "publicKey": "a.pem", "audience": "x", "callMe": true],
                ["issuer": "a", "algorithm": "HS256", "secret": .string(Self.secret)],
                ["issuer": "b", "keySet": "keys.json"], ["issuer": "c", "keySetURL": "https://c.example/keys"],
                ["issuer": "d", "keySetURL": "http://127.0.0.1:8000/keys"],
            ]) == []
        )
    }

    @Test(
        "J21 and others: problems, without the secret",
        arguments: [
            (
                ["issuer": "a"],
                "expected one of certificate, publicKey, keySet and keySetURL as the key for RS256, found none"
            ),
            (
                ["issuer": "a", "algorithm": "HS256"],
                "expected secret, and nothing else, as the key for HS256, found none"
            ),
            (
                ["issuer": "a", "algorithm": "HS256", "secret": "short"],
                "/authentication/token/issuers/0/secret: expected at least 32 bytes, found 5"
            ),
            (
                ["issuer": "a", "algorithm": "HS256", "secret": "$C&F)J@McQfTjWnZr4u7x!A%D*G-KaPd"],
                "found the technote's sample key (insecureSampleKey allows it)"
            ),
            (
                ["issuer": "a", "algorithm": "RS256", "secret": .string(Self.secret)],
                "as the key for RS256, found secret"
            ),
            (
                ["issuer": "a", "algorithm": "HS256", "secret": .string(Self.secret), "certificate": "a.pem"],
                "as the key for HS256, found secret, certificate"
            ),
            (
                ["issuer": "a", "keySetURL": "http://c.example/keys"],
                "expected an https URL, or an http URL of this machine"
            ),
            (["issuer": "a", "keySetURL": "http://127.0.0.1.evil.example/"], "expected an https URL"),
            (["issuer": "a", "keySetURL": "file:///etc/passwd"], "expected an https URL"),
            (["issuer": "", "certificate": "a.pem"], "issuers/0/issuer: expected a name, found an empty one"),
            (["issuer": "a", "algorithm": "none"], #"expected one of "HS256", "RS256", found "none""#),
        ] as [(JSONValue, String)]
    )
    func bad(issuer: JSONValue, problem: String) {
        let problems = self.problems(.array([issuer]))
        #expect(problems.count == 1)
        #expect(problems.first?.contains(problem) == true, "\(problems)")
        #expect(problems.allSatisfy { !$0.contains("G-KaPd") && !$0.contains("short") && !$0.contains(Self.secret) })
    }

    @Test("The sample key with the flag that calls it insecure; the same issuer twice")
    func flags() {
        let sample: JSONValue = [
            "issuer": "a", "algorithm": "HS256", "secret": "$C&F)J@McQfTjWnZr4u7x!A%D*G-KaPd",
            "insecureSampleKey": true,
        ]
        #expect(self.problems(.array([sample])) == [])
        #expect(self.problems(.array([sample, sample])).first?.contains("found the same") == true)
        #expect(self.problems([]).first?.contains("expected at least 1") == true)
    }
}
