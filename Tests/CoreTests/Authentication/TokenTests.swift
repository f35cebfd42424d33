import Core
import Logging
import PluginAPI
import StrictJSON
import Telephony
import Testing

/// SECURITY rows J1–J18 without a network: one verifier that knows an issuer by a secret, and one by a public key.
@Suite("Access tokens (§4.2, RFC 7519)")
struct TokenTests {
    static let rsa = TestRSAKey.shared
    let folder = TemporaryFolder()
    let verifier: TokenVerifier

    init() throws {
        try self.folder.write(Self.rsa.publicKeyPEM, to: "key.pem")
        self.verifier = try Self.verifier([
            TokenIssuer(name: TokenMaker.issuer, algorithm: .hs256, key: .secret(Secret(TokenMaker.secret))),
            TokenIssuer(
                name: "https://rsa.example",
                algorithm: .rs256,
                key: .publicKey("\(self.folder.path)/key.pem"),
                audience: "anynode",
                callMe: true
            ),
        ])
    }

    static func verifier(_ issuers: [TokenIssuer], leeway: Duration = .zero) throws -> TokenVerifier {
        var configuration = TokenConfiguration(issuers: issuers)
        configuration.leeway = leeway
        return try TokenVerifier(configuration, calendar: { TokenMaker.now }, logger: RecordedLog().logger())
    }

    static func rsaToken(_ signature: TokenMaker.Signature = .rsa(Self.rsa)) -> TokenMaker {
        TokenMaker(
            header: #"{"alg":"RS256","typ":"JWT"}"#,
            claims: #"{"iss":"https://rsa.example","exp":1800000300,"username":"alice","aud":"anynode"}"#,
            signature: signature
        )
    }

    private func fault(_ token: TokenMaker) -> TokenFault? { self.fault(token.text) }

    private func fault(_ text: String) -> TokenFault? {
        if case .refused(let fault) = self.verifier.verify(text) { fault } else { nil }
    }

    private func accepted(_ text: String) -> AccessToken? {
        if case .accepted(let token) = self.verifier.verify(text) { token } else { nil }
    }

    // MARK: Good ones

    @Test("A good token of either kind")
    func good() throws {
        let shared = try #require(self.accepted(TokenMaker().text))
        #expect(shared.username?.text == "alice")
        #expect(shared.expiry == CalendarTime(milliseconds: 1_800_000_300_000))
        #expect(!shared.mayCallUnregistered)
        #expect(shared.renewalKey == nil)
        let own = try #require(self.accepted(Self.rsaToken().text))
        #expect(own.issuer == "https://rsa.example")
        #expect(own.mayCallUnregistered)
    }

    @Test("What may stand in it besides")
    func extras() throws {
        var token = TokenMaker()
        token.header =
            #"{"typ":"jwt","alg":"HS256","nonce":"n 1","kid":"whatever","jku":"http://127.0.0.1:1/","x5u":"file:///etc/passwd","jwk":{"kty":"oct","k":"AA"},"x5c":["AA"]}"#
        token.claims =
            #"{"sub":"x","iss":"https://shop.example","exp":1800000300.5,"nbf":1799999999,"iat":1,"name":"Jane","aud":["a"]}"#
        let read = try #require(self.accepted(token.text))
        #expect(read.username == nil)
        #expect(read.displayName == "Jane")
        #expect(read.renewalKey != nil)
        #expect(read.expiry == CalendarTime(milliseconds: 1_800_000_300_500))
        #expect(!"\(read)".contains("n 1"))
    }

    @Test("RFC 7515 A.1: the signature of the example is right; only its header and issuer are not for us")
    func example() {
        let key = Base64URL.decode(
            "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
        )
        let signed =
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
            + ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
        let signature = TokenMaker.base64URL(MessageDigest.hmacSHA256(key: key, Array(signed.utf8)))
        #expect(signature == "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
        #expect(self.fault("\(signed).\(signature)") == .issuer)
    }

    // MARK: Attacks

    @Test("J1: no signature, in every spelling", arguments: ["none", "None", "NONE", "nOnE", "", "HS256"])
    func none(algorithm: String) {
        for claims in [TokenMaker().claims, Self.rsaToken().claims] {
            let unsigned = TokenMaker(
                header: "{\"alg\":\"\(algorithm)\",\"typ\":\"JWT\"}",
                claims: claims,
                signature: .none
            )
            #expect(self.accepted(unsigned.text) == nil)
            #expect(self.accepted(String(unsigned.text.dropLast())) == nil)
            #expect(self.accepted(unsigned.text + String(repeating: "A", count: 43)) == nil)
            #expect(self.accepted(unsigned.text + String(repeating: "A", count: 342)) == nil)
        }
    }

    @Test("J2: HS256 keyed with the RS256 public key, in each form it is known in")
    func confusion() {
        let pem = Self.rsa.publicKeyPEM
        let keys: [[UInt8]] = [
            Array(pem.utf8), Array(pem.utf8.dropLast()), Array(pem.replacing("\n", with: "\r\n").utf8),
            Self.rsa.publicKeyDER, Self.rsa.rsaPublicKeyDER, [],
        ]
        for key in keys {
            for algorithm in ["HS256", "RS256"] {
                var token = Self.rsaToken(.hmac(key))
                token.header = "{\"alg\":\"\(algorithm)\",\"typ\":\"JWT\"}"
                #expect(self.accepted(token.text) == nil)
            }
        }
    }

    @Test(
        "J3: another algorithm than the configured one, even where the signature itself would verify",
        arguments: [
            #""HS384""#, #""HS512""#, #""RS256""#, #""PS256""#, #""ES256""#, #""EdDSA""#, #""hs256""#, #""HS256 ""#,
            #""HS256\u0000""#, "256", #"["HS256"]"#, "null", "true", #"{"a":"HS256"}"#,
        ]
    )
    func algorithms(algorithm: String) {
        let token = TokenMaker(header: "{\"alg\":\(algorithm),\"typ\":\"JWT\"}")
        #expect(self.fault(token) == .algorithm || self.fault(token) == .header)
        let missing = TokenMaker(header: #"{"typ":"JWT"}"#)
        #expect(self.fault(missing) == .header)
    }

    @Test("J4: signatures cut, padded, flipped, of another text, of another kind")
    func signatures() {
        let good = TokenMaker().text
        let parts = good.split(separator: ".")
        let (signed, signature) = ("\(parts[0]).\(parts[1])", String(parts[2]))
        for bad in [
            String(signature.dropLast()), String(signature.dropLast(4)), signature + "A", signature + "AAAA",
            String(signature.reversed()), "", signature + "=",
        ] {
            #expect(self.accepted("\(signed).\(bad)") == nil)
        }
        for index in 0..<32 {
            var bytes = Base64URL.decode(signature)
            bytes[index] ^= 1
            #expect(self.fault("\(signed).\(TokenMaker.base64URL(bytes))") == .signature)
        }
        var other = TokenMaker()
        other.claims = other.claims.replacing("alice", with: "bobby")
        #expect(
            self.fault("\(other.text.split(separator: ".").prefix(2).joined(separator: ".")).\(signature)")
                == .signature
        )

        let rsa = Self.rsaToken()
        let rsaSigned = rsa.text.split(separator: ".").prefix(2).joined(separator: ".")
        let bytes = Array(rsaSigned.utf8)
        let right = Self.rsa.sign(bytes)
        for bad in [
            Self.rsa.sign(bytes, isPSS: true), Self.rsa.sign(bytes, digest: OpenSSLDigest.sha1), [0] + right,
            Array(right.dropLast()), right + [0], Array(repeating: 0, count: 256), Array(repeating: 255, count: 256),
            TestRSAKey(bits: 2048).sign(bytes),
        ] {
            #expect(self.fault("\(rsaSigned).\(TokenMaker.base64URL(bad))") == .signature)
        }
        #expect(self.accepted("\(rsaSigned).\(TokenMaker.base64URL(right))") != nil)
    }

    @Test("J5: the type", arguments: [nil, "1", "null", #""at+jwt""#, #""JOSE""#, #""""#, #""JWT ""#, #""\u0130WT""#])
    func type(type: String?) {
        let header = type.map { "{\"alg\":\"HS256\",\"typ\":\($0)}" } ?? #"{"alg":"HS256"}"#
        #expect(self.fault(TokenMaker(header: header)) == .header)
    }

    @Test(
        "J6: an end that is missing, past, or no moment",
        arguments: [
            nil, "1799999999", "1800000000", "0", "-1", "-1800000300", #""1800000300""#, "null", "true", "1e400",
            "-1e400", "[1800000300]", "{}", "1e-400", "0.0",
        ]
    )
    func ends(end: String?) {
        let claims = end.map { ",\"exp\":\($0)" } ?? ""
        let fault = self.fault(TokenMaker(claims: "{\"iss\":\"https://shop.example\"\(claims)}"))
        #expect(fault == .claims || fault == .expired)
    }

    @Test("J6: NaN is not even JSON")
    func nan() {
        #expect(self.fault(TokenMaker(claims: #"{"iss":"https://shop.example","exp":NaN}"#)) == .malformed)
    }

    @Test(
        "J7: an end beyond all reason is clamped, and nothing traps",
        arguments: [
            "1e308", "9223372036854775808", "1\(String(repeating: "0", count: 300))", "9.3e18", "1800000300.0000001",
        ]
    )
    func farEnds(end: String) throws {
        let token = try #require(
            self.accepted(TokenMaker(claims: "{\"iss\":\"https://shop.example\",\"exp\":\(end)}").text)
        )
        #expect(token.expiry > TokenMaker.now)
        #expect(token.expiry + .seconds(1_000_000_000) >= token.expiry)
    }

    @Test("J9: not before", arguments: ["1800000001", #""1""#, "1e308", "null", "[]", "1e400"])
    func notBefore(start: String) {
        let claims = "{\"iss\":\"https://shop.example\",\"exp\":1800000300,\"nbf\":\(start)}"
        let fault = self.fault(TokenMaker(claims: claims))
        #expect(fault == .notYetValid || fault == .claims)
    }

    @Test("The leeway counts at both ends")
    func leeway() throws {
        let issuer = TokenIssuer(name: TokenMaker.issuer, algorithm: .hs256, key: .secret(Secret(TokenMaker.secret)))
        let verifier = try Self.verifier([issuer], leeway: .seconds(30))
        for (claims, isGood) in [
            (#""exp":1799999971"#, true), (#""exp":1799999970"#, false), (#""exp":1800000300,"nbf":1800000030"#, true),
            (#""exp":1800000300,"nbf":1800000031"#, false),
        ] {
            let verdict = verifier.verify(TokenMaker(claims: "{\"iss\":\"https://shop.example\",\(claims)}").text)
            if case .accepted(let token) = verdict {
                #expect(isGood)
                #expect(token.expiry > TokenMaker.now)
            } else {
                #expect(!isGood)
            }
        }
    }

    @Test(
        "J10: the issuer, to the byte",
        arguments: [
            nil, #""https://SHOP.example""#, #""https://shop.example/""#, #""https://shop.example\u0000""#, #"" ""#,
            "1",
            #"["https://shop.example"]"#, "null", #""https://shop.exampl\u0065\u0301""#,
        ]
    )
    func issuers(issuer: String?) {
        let claims = issuer.map { ",\"iss\":\($0)" } ?? ""
        #expect(self.fault(TokenMaker(claims: "{\"exp\":1800000300\(claims)}")) == .issuer)
    }

    @Test("J10: a token of one issuer signed by the other")
    func otherIssuer() {
        var token = TokenMaker()
        token.claims = token.claims.replacing("shop", with: "rsa")
        #expect(self.fault(token) == .algorithm)
        token.header = token.header.replacing("HS256", with: "RS256")
        #expect(self.fault(token) == .signature)
    }

    @Test(
        "J10: the audience",
        arguments: [nil, #""Anynode""#, #"["other"]"#, "1", "[]", #""anynode ""#, "[[\"anynode\"]]"]
    )
    func audiences(audience: String?) {
        var token = Self.rsaToken()
        let claim = audience.map { ",\"aud\":\($0)" } ?? ""
        token.claims = token.claims.replacing(#","aud":"anynode""#, with: claim)
        #expect(self.fault(token) == .audience)
        token.claims = token.claims.replacing("}", with: "").replacing(claim, with: "") + #","aud":["x","anynode"]}"#
        #expect(self.accepted(token.text) != nil)
    }

    @Test("J11: only issuer, user, nonce and algorithm together make the key to take something over")
    func renewalKeys() throws {
        func key(_ user: String?, _ nonce: String) throws -> RenewalKey {
            let name = user.map { ",\"username\":\"\($0)\"" } ?? ""
            let token = TokenMaker(
                header: "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"nonce\":\"\(nonce)\"}",
                claims: "{\"iss\":\"https://shop.example\",\"exp\":1800000300\(name)}"
            )
            return try #require(self.accepted(token.text)?.renewalKey)
        }
        let keys = [
            try key("alice", "n"), try key("bob", "n"), try key(nil, "n"), try key("alice", "n2"),
            try key("alicen", "x"),
            try key("n", "n"), try key("alice", "N"),
        ]
        #expect(Set(keys).count == keys.count)
        #expect(try key("alice", "n") == keys[0])
        var rsa = Self.rsaToken()
        rsa.header = #"{"alg":"RS256","typ":"JWT","nonce":"n"}"#
        let other = try #require(self.accepted(rsa.text)?.renewalKey)
        #expect(!keys.contains(other))
    }

    @Test(
        "J12: a nonce that is none",
        arguments: [
            "1", "[]", "null", "true", "{}", #""""#, "\"\(String(repeating: "n", count: 257))\"", #""a\r\nb""#,
            #""a\u0000""#, #""\ud800""#, #""\u0085""#,
        ]
    )
    func nonces(nonce: String) {
        let token = TokenMaker(header: "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"nonce\":\(nonce)}")
        #expect(self.accepted(token.text) == nil)
    }

    @Test("J13: a name that stands twice, in the header or among the claims")
    func duplicates() {
        #expect(self.fault(TokenMaker(header: #"{"alg":"none","alg":"HS256","typ":"JWT"}"#)) == .malformed)
        let claims = #"{"iss":"https://shop.example","exp":1,"exp":1800000300}"#
        #expect(self.fault(TokenMaker(claims: claims)) == .malformed)
        #expect(self.fault(TokenMaker(claims: claims.replacing(#""exp":1,"#, with: #""\u0065xp":1,"#))) == .malformed)
    }

    @Test(
        "J15: a header that asks for more",
        arguments: [
            #""crit":[]"#, #""crit":["exp"]"#, #""b64":false"#, #""b64":true"#, #""zip":"DEF""#, #""cty":"JWT""#,
            #""crit":null"#,
        ]
    )
    func extensions(member: String) {
        #expect(self.fault(TokenMaker(header: "{\"alg\":\"HS256\",\"typ\":\"JWT\",\(member)}")) == .header)
    }

    @Test("J16: too long, too deep")
    func size() {
        let long = TokenMaker(
            header: "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"x\":\"\(String(repeating: "a", count: 40000))\"}"
        )
        #expect(self.fault(long) == .malformed)
        var claims = TokenMaker()
        claims.claims = String(claims.claims.dropLast()) + ",\"x\":\"\(String(repeating: "a", count: 20000))\"}"
        #expect(self.fault(claims) == .malformed)
        let deep = String(repeating: "[", count: 1000) + String(repeating: "]", count: 1000)
        #expect(self.fault(TokenMaker(header: "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"x\":\(deep)}")) == .malformed)
    }

    @Test("J17: parts, padding, alphabets, encodings")
    func parts() {
        let good = TokenMaker().text
        let parts = good.split(separator: ".").map(String.init)
        for bad in [
            "", ".", "..", "...", parts[0], "\(parts[0]).\(parts[1])", "\(good).", "\(good).\(parts[2])", ".\(good)",
            " \(good)", "\(good) ", "\(good)\n", good.replacing(".", with: " . "),
            "\(parts[0])=.\(parts[1]).\(parts[2])",
            "\(parts[0]).\(parts[1])==.\(parts[2])", "..\(parts[2])", "\(parts[0])..\(parts[2])",
            "\(parts[0]).\(parts[1]).",
        ] {
            #expect(self.fault(bad) == .malformed, "\(bad.prefix(20))")
        }
        // The standard alphabet, where it makes a difference.
        var odd = TokenMaker()
        repeat {
            odd.claims = String(odd.claims.dropLast()) + ",\"x\(odd.claims.count)\":\"?>~\u{ff}\"}"
        } while !odd.text.contains("-") || !odd.text.contains("_")
        #expect(self.accepted(odd.text) != nil)
        #expect(self.fault(odd.text.replacing("-", with: "+").replacing("_", with: "/")) == .malformed)
        // Unused bits: another spelling of the same bytes.
        let spelling = TokenMaker.base64URL([0x7B, 0x7D])
        #expect(spelling == "e30")
        #expect(self.fault("e31.\(parts[1]).\(parts[2])") == .malformed)
    }

    @Test("J17: header and claims that are not UTF-8 JSON objects")
    func encodings() {
        let utf16 = Array(TokenMaker().claims.utf16).flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
        for bytes in [
            [0xEF, 0xBB, 0xBF] + Array(TokenMaker().claims.utf8), utf16, Array("[]".utf8), Array("\"x\"".utf8),
            Array("null".utf8), Array("{\"iss\":\"\u{0}".utf8), [0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D],
            Array((TokenMaker().claims + ",").utf8), Array("{\"a\":1,}".utf8),
        ] {
            let signed = "\(TokenMaker.base64URL(Array(TokenMaker().header.utf8))).\(TokenMaker.base64URL(bytes))"
            let signature = TokenMaker.base64URL(TokenMaker().sign(Array(signed.utf8)))
            #expect(self.fault("\(signed).\(signature)") == .malformed)
        }
    }

    @Test(
        "J18: a user name that is none",
        arguments: ["1", "[]", #""""#, #""a\u0000b""#, "null", "true", "\"\(String(repeating: "a", count: 4096))\""]
    )
    func usernames(name: String) {
        let claims = "{\"iss\":\"https://shop.example\",\"exp\":1800000300,\"username\":\(name)}"
        #expect(self.fault(TokenMaker(claims: claims)) == .claims)
    }
}

/// Only what these tests need.
enum Base64URL {
    static func decode(_ text: String) -> [UInt8] {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        var (bytes, bits, count): ([UInt8], Int, Int) = ([], 0, 0)
        for digit in text.utf8 {
            bits = (bits << 6 | (alphabet.firstIndex(of: digit) ?? 0)) & 0xFFFF
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> count))
            }
        }
        return bytes
    }
}
