import Core
import Logging
import PluginAPI
import StrictJSON
import Telephony

/// An access token. After a first line `signed`, header and claims follow on a line each and are signed rightly: so the
/// search gets behind the signature.
enum TokenTarget {
    private static let secret = "0123456789abcdef0123456789abcdef"
    private static let now = CalendarTime(milliseconds: 1_800_000_000_000)
    private static let verifier: TokenVerifier? = {
        let issuer = TokenIssuer(name: "i", algorithm: .hs256, key: .secret(Secret(Self.secret)), audience: "a")
        let configuration = TokenConfiguration(issuers: [issuer])
        let logger = Logger(label: "fuzz") { _ in SwiftLogNoOpLogHandler() }
        return try? TokenVerifier(
            configuration,
            now: { Moment(nanoseconds: 0) },
            calendar: { Self.now },
            logger: logger
        )
    }()

    @Sendable static func run(_ bytes: [UInt8]) throws(BrokenProperty) {
        guard let verifier = Self.verifier else { throw BrokenProperty("a secret is a key") }
        let lines = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: 2, omittingEmptySubsequences: false)
        guard lines.count == 3, lines[0].elementsEqual("signed".utf8) else {
            let verdict = verifier.verify(String(decoding: bytes, as: UTF8.self))
            guard case .refused = verdict else { throw BrokenProperty("nobody can sign without the secret") }
            return
        }
        let signed = "\(Self.base64URL(lines[1])).\(Self.base64URL(lines[2]))"
        let signature = MessageDigest.hmacSHA256(key: Array(Self.secret.utf8), Array(signed.utf8))
        switch verifier.verify("\(signed).\(Self.base64URL(signature))") {
        case .accepted(let token): try Self.check(token, header: Array(lines[1]), claims: Array(lines[2]))
        case .refused: break
        case .unknownKey, .unavailable: throw BrokenProperty("a secret is known and stays")
        }
    }

    /// Looks at everything once more.
    private static func check(_ token: AccessToken, header: [UInt8], claims: [UInt8]) throws(BrokenProperty) {
        guard case .object(let header)? = try? JSONValue(parsing: header),
            case .object(let claims)? = try? JSONValue(parsing: claims)
        else { throw BrokenProperty("header and claims are objects") }
        try require(header["alg"] == "HS256", "the algorithm is the configured one")
        guard case .string(let type)? = header["typ"], type.lowercased() == "jwt" else {
            throw BrokenProperty("a token says that it is one")
        }
        for name in ["crit", "b64", "zip", "cty"] {
            try require(header[name] == nil, "nothing changes what the signature means")
        }
        try require(claims["iss"] == "i", "the issuer is the configured one")
        guard case .number(let text)? = claims["exp"], let end = Double(text), end.isFinite else {
            throw BrokenProperty("a token has an end")
        }
        try require(end * 1000 > Double(Self.now.milliseconds) - 1, "it has not come")
        try require(token.expiry > Self.now, "who is let in may stay for a moment at least")
        try require((token.renewalKey != nil) == (header["nonce"] != nil), "a nonce makes a key")
        switch claims["username"] {
        case nil: try require(token.username == nil, "without a name it is nobody")
        case .string(let name)?: try require(token.username?.text == name, "the name is the one in the token")
        default: throw BrokenProperty("a name is a text")
        }
    }

    private static func base64URL(_ bytes: some Sequence<UInt8>) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        var (text, bits, count): ([UInt8], Int, Int) = ([], 0, 0)
        for byte in bytes {
            bits = (bits << 8 | Int(byte)) & 0xFFFF
            count += 8
            while count >= 6 {
                count -= 6
                text.append(alphabet[bits >> count & 0x3F])
            }
        }
        if count > 0 { text.append(alphabet[bits << (6 - count) & 0x3F]) }
        return String(decoding: text, as: UTF8.self)
    }
}
