import Core
import Foundation
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

    @Test("An encrypted private key in place of the public one: a problem at once, and no question for a pass phrase")
    func encryptedKey() async throws {
        let path = self.path("key.pem")
        try await TestAuthority.openssl([
            "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-aes256", "-pass", "pass:secret",
            "-out",
            path,
        ])
        for key: TokenIssuer.Key in [.publicKey(path), .certificate(path)] {
            let problems = #expect(throws: ConfigurationProblems.self) { try self.verifier(key) }
            #expect(problems?.list.first?.problem.hasPrefix("\(path): expected an ") == true)
        }
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

    @Test("A key that can't be used costs the set only that key (RFC 7517 §5), and is named in the log")
    func passedOverKeys() throws {
        let good = Self.first.jsonWebKey("a")
        let exponents = ["AQ", "Ag", "AA", "AQAAAAAAAAAB"].map { exponent in
            Self.second.jsonWebKey("b").replacing(#""e":"AQAB""#, with: "\"e\":\"\(exponent)\"")
        }
        let others = [
            TestRSAKey(bits: 1024).jsonWebKey("b"), #"{"kty":"RSA","kid":"b","n":"=","e":"AQAB"}"#,
            #"{"kty":"RSA","kid":"b"}"#,
        ]
        for bad in exponents + others {
            try self.folder.write("{\"keys\":[\(bad),\(good)]}", to: "keys.json")
            let verifier = try self.verifier(.keySet(self.path("keys.json")))
            #expect(self.isAccepted(verifier.verify(self.token(Self.first, kid: "a"))))
            #expect(verifier.verify(self.token(Self.second, kid: "b")) == .unknownKey)
        }
        #expect(self.log.contains("key of an issuer passed over"))
    }

    @Test(
        "Keys of a set that are for something else are passed over",
        arguments: [
            #","key_ops":["encrypt","wrapKey"]"#, #","key_ops":[]"#, #","key_ops":"verify""#, #","alg":"PS256""#,
            #","alg":"RS512""#, #","alg":1"#,
        ]
    )
    func otherUses(member: String) throws {
        let keys = "\(Self.first.jsonWebKey("a", #","key_ops":["verify"],"alg":"RS256","x5t":"x""#)),"
        try self.folder.write("{\"keys\":[\(keys)\(Self.second.jsonWebKey("b", member))]}", to: "keys.json")
        let verifier = try self.verifier(.keySet(self.path("keys.json")))
        #expect(self.isAccepted(verifier.verify(self.token(Self.first, kid: "a"))))
        #expect(verifier.verify(self.token(Self.second, kid: "b")) == .unknownKey)
    }

    @Test("J14: nothing that a token points to is fetched or read", arguments: ["jku", "x5u", "kid"])
    func pointers(member: String) async throws {
        let server = try await KeyServer.start()
        server.answer(status: 200, self.keySet([(Self.second, "b")]))
        try self.folder.write(self.keySet([(Self.first, "a")]), to: "keys.json")
        try self.folder.write(self.keySet([(Self.second, "b")]), to: "theirs.json")
        let verifier = try self.verifier(.keySet(self.path("keys.json")))
        for place in ["http://127.0.0.1:\(server.port)/keys", "file://\(self.path("theirs.json"))"] {
            var token = TokenTests.rsaToken(.rsa(Self.second))
            let kid = member == "kid" ? "" : #","kid":"b""#
            token.header = "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"\(member)\":\"\(place)\"\(kid)}"
            #expect(verifier.verify(token.text) == .unknownKey)
            #expect(await verifier.verifyAfterReloadingKeys(token.text) == .refused(.key))
        }
        #expect(server.requests == 0)
        await server.stop()
    }

    @Test("A file that is moved away and back is no problem any more")
    func away() async throws {
        try self.folder.write(Self.first.publicKeyPEM, to: "key.pem")
        let verifier = try self.verifier(.publicKey(self.path("key.pem")))
        try FileManager.default.moveItem(atPath: self.path("key.pem"), toPath: self.path("away.pem"))
        await verifier.reloadKeys()
        #expect(verifier.problems.count == 1)
        #expect(self.isAccepted(verifier.verify(self.token(Self.first))))
        try FileManager.default.moveItem(atPath: self.path("away.pem"), toPath: self.path("key.pem"))
        await verifier.reloadKeys()
        #expect(verifier.problems.isEmpty)
    }

    /// Overwrites a file in place and sets its time, so that size and time alone tell its versions apart.
    private func overwrite(_ name: String, with text: String, at time: Double) throws {
        let file = try #require(FileHandle(forWritingAtPath: self.path(name)))
        try file.write(contentsOf: Array(text.utf8))
        try file.truncate(atOffset: UInt64(text.utf8.count))
        try file.close()
        let attributes = [FileAttributeKey.modificationDate: Date(timeIntervalSince1970: time)]
        try FileManager.default.setAttributes(attributes, ofItemAtPath: self.path(name))
    }

    @Test("A broken file is not read again for tokens with unknown keys before it changes")
    func brokenKeySet() async throws {
        try self.folder.write(self.keySet([(Self.first, "a")]), to: "keys.json")
        let verifier = try self.verifier(.keySet(self.path("keys.json")))
        let token = self.token(Self.second, kid: "b")
        let good = self.keySet([(Self.second, "b")])
        try self.overwrite("keys.json", with: String(repeating: " ", count: good.utf8.count), at: 1000)
        #expect(await verifier.verifyAfterReloadingKeys(token) == .refused(.key))
        #expect(verifier.problems.count == 1)
        #expect(self.isAccepted(verifier.verify(self.token(Self.first, kid: "a"))))
        // Whoever reads it now would see a good one.
        try self.overwrite("keys.json", with: good, at: 1000)
        #expect(await verifier.verifyAfterReloadingKeys(token) == .refused(.key))
        #expect(verifier.problems.count == 1)
        try self.overwrite("keys.json", with: good, at: 1001)
        #expect(self.isAccepted(await verifier.verifyAfterReloadingKeys(token)))
        #expect(verifier.problems.isEmpty)
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
                ["issuer": "e", "keySetURL": "http://[::1]:8000/keys"],
                ["issuer": "f", "keySetURL": "http://localhost"],
                ["issuer": "g", "keySetURL": "https://c.example:8443/keys?of=you@c.example"],
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
            (["issuer": "a", "keySetURL": "http://localhost:8000@evil.example/"], "expected an https URL"),
            (["issuer": "a", "keySetURL": "http://127.0.0.1:x@evil.example:80/"], "expected an https URL"),
            (["issuer": "a", "keySetURL": "http://localhost:80000000/"], "expected an https URL"),
            (["issuer": "a", "keySetURL": #"http://localhost:80\evil.example/"#], "expected an https URL"),
            (["issuer": "a", "keySetURL": "https:///keys"], "expected an https URL"),
            (["issuer": "a", "keySetURL": "https://?keys"], "expected an https URL"),
            (["issuer": "a", "keySetURL": "https://me:short@c.example/keys"], "found one with a name or password"),
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
