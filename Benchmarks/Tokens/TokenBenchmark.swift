import COpenSSL
import Core
import FoundationEssentials
import Glibc
import Logging
import PluginAPI
import Telephony

/// How fast access tokens are judged, all rules included: parsing, signature, claims.
@main
enum TokenBenchmark {
    private static let secret = "a secret of more than 32 bytes, for benchmarks only"

    static func main() throws {
        let folder = "\(FileManager.default.temporaryDirectory.path)/anynode-tokens-\(getpid())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let key = SigningKey()
        try key.publicKeyPEM.write(toFile: "\(folder)/key.pem", atomically: false, encoding: .utf8)
        let configuration = TokenConfiguration(issuers: [
            TokenIssuer(name: "h", algorithm: .hs256, key: .secret(Secret(Self.secret))),
            TokenIssuer(name: "r", algorithm: .rs256, key: .publicKey("\(folder)/key.pem")),
        ])
        let logger = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
        let verifier = try TokenVerifier(configuration, logger: logger)
        let shared = Self.token("HS256", "h") { MessageDigest.hmacSHA256(key: Array(Self.secret.utf8), $0) }
        let own = Self.token("RS256", "r", key.sign)
        for (name, token) in [("HS256", shared), ("RS256", own)] {
            guard case .accepted = verifier.verify(token) else {
                print("\(name): a good token is refused")
                exit(1)
            }
            Self.report(name, (0..<5).map { _ in Self.round(verifier, token) })
        }
    }

    private static func token(_ algorithm: String, _ issuer: String, _ sign: ([UInt8]) -> [UInt8]) -> String {
        let end = CalendarTime.now.milliseconds / 1000 + 3600
        let header = Self.base64URL(Array(#"{"alg":"\#(algorithm)","typ":"JWT","nonce":"n-17"}"#.utf8))
        let claims = Self.base64URL(
            Array(#"{"iss":"\#(issuer)","exp":\#(end),"username":"alice","name":"Alice"}"#.utf8)
        )
        return "\(header).\(claims).\(Self.base64URL(sign(Array("\(header).\(claims)".utf8))))"
    }

    /// Microseconds of processor time for each of many.
    private static func round(_ verifier: TokenVerifier, _ token: String) -> Double {
        let start = Self.processorTime()
        var count = 0
        while Self.processorTime() < start + 1_000_000_000 {
            for _ in 0..<100 { _ = verifier.verify(token) }
            count += 100
        }
        return Double(Self.processorTime() - start) / 1000 / Double(count)
    }

    private static func report(_ name: String, _ rounds: [Double]) {
        let sorted = rounds.sorted()
        let median = sorted[sorted.count / 2]
        let range = "\(Self.text(sorted[0]))–\(Self.text(sorted[sorted.count - 1]))"
        print("\(name): \(Int(1_000_000 / median)) verifications/s, \(Self.text(median)) µs CPU each (\(range))")
    }

    private static func text(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }

    private static func processorTime() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    private static func base64URL(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}

/// An RSA key of 2048 bits, made now.
private struct SigningKey {
    private let key: OpaquePointer?

    init() {
        let context = EVP_PKEY_CTX_new_from_name(nil, "RSA", nil)
        EVP_PKEY_keygen_init(context)
        EVP_PKEY_CTX_set_rsa_keygen_bits(context, 2048)
        var key: OpaquePointer?
        EVP_PKEY_generate(context, &key)
        self.key = key
    }

    func sign(_ bytes: [UInt8]) -> [UInt8] {
        let context = EVP_MD_CTX_new()
        EVP_DigestSignInit(context, nil, EVP_sha256(), nil, self.key)
        var length = Int(EVP_PKEY_get_size(self.key))
        var signature = [UInt8](repeating: 0, count: length)
        EVP_DigestSign(context, &signature, &length, bytes, bytes.count)
        return Array(signature.prefix(length))
    }

    var publicKeyPEM: String {
        let writer = BIO_new(BIO_s_mem())
        PEM_write_bio_PUBKEY(writer, self.key)
        var text = [UInt8](repeating: 0, count: 8192)
        let count = BIO_read(writer, &text, Int32(text.count))
        return String(decoding: text.prefix(max(0, Int(count))), as: UTF8.self)
    }
}
