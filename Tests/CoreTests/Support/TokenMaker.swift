import COpenSSL
import Core
import Telephony
import Testing

/// Makes access tokens, and everything that only looks like one.
struct TokenMaker {
    static let issuer = "https://shop.example"
    static let secret = "a key of at least 32 bytes, of which nobody knows"
    /// What the system's clock shows in tests without a network.
    static let now = CalendarTime(milliseconds: 1_800_000_000_000)

    enum Signature {
        case hmac([UInt8])
        case rsa(TestRSAKey)
        case none
    }

    /// Texts, so that any JSON can stand there, and none.
    var header = #"{"alg":"HS256","typ":"JWT"}"#
    var claims = #"{"iss":"https://shop.example","exp":1800000300,"username":"alice"}"#
    var signature = Signature.hmac(Array(Self.secret.utf8))

    var text: String {
        let signed = "\(Self.base64URL(Array(self.header.utf8))).\(Self.base64URL(Array(self.claims.utf8)))"
        return "\(signed).\(Self.base64URL(self.sign(Array(signed.utf8))))"
    }

    func sign(_ bytes: [UInt8]) -> [UInt8] {
        switch self.signature {
        case .hmac(let key): MessageDigest.hmacSHA256(key: key, bytes)
        case .rsa(let key): key.sign(bytes)
        case .none: []
        }
    }

    /// The tests' own, so that the server's is not judged by itself.
    static func base64URL(_ bytes: [UInt8]) -> String {
        TestBase64.encode(bytes).replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    /// Signed by the shared secret, good for a while by the real clock; for servers on real sockets.
    static func current(
        username: String? = "alice",
        nonce: String? = nil,
        issuer: String = Self.issuer,
        secret: String = Self.secret,
        lifetime: Duration = .seconds(300)
    ) -> String {
        let end = (CalendarTime.now + lifetime).milliseconds
        let claims = username.map { ",\"username\":\"\($0)\"" } ?? ""
        let fraction = String(String(1000 + end % 1000).dropFirst())
        return TokenMaker(
            header: "{\"alg\":\"HS256\",\"typ\":\"JWT\"\(nonce.map { ",\"nonce\":\"\($0)\"" } ?? "")}",
            claims: "{\"iss\":\"\(issuer)\",\"exp\":\(end / 1000).\(fraction)\(claims)}",
            signature: .hmac(Array(secret.utf8))
        ).text
    }
}

/// An RSA key of the tests' own. Never changed after it was made.
final class TestRSAKey: @unchecked Sendable {
    static let shared = TestRSAKey(bits: 2048)
    private let key: OpaquePointer?

    init(bits: Int32) {
        let context = EVP_PKEY_CTX_new_from_name(nil, "RSA", nil)
        EVP_PKEY_keygen_init(context)
        EVP_PKEY_CTX_set_rsa_keygen_bits(context, bits)
        var key: OpaquePointer?
        EVP_PKEY_generate(context, &key)
        EVP_PKEY_CTX_free(context)
        self.key = key
    }

    deinit {
        EVP_PKEY_free(self.key)
    }

    func sign(_ bytes: [UInt8], digest: OpaquePointer? = EVP_sha256(), isPSS: Bool = false) -> [UInt8] {
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        var keyContext: OpaquePointer?
        EVP_DigestSignInit(context, &keyContext, digest, nil, self.key)
        if isPSS { EVP_PKEY_CTX_set_rsa_padding(keyContext, RSA_PKCS1_PSS_PADDING) }
        var length = Int(EVP_PKEY_get_size(self.key))
        var signature = [UInt8](repeating: 0, count: length)
        EVP_DigestSign(context, &signature, &length, bytes, bytes.count)
        return Array(signature.prefix(length))
    }

    /// `BEGIN PUBLIC KEY`.
    var publicKeyPEM: String { self.write { PEM_write_bio_PUBKEY($0, self.key) } }

    /// The same in DER: SubjectPublicKeyInfo.
    var publicKeyDER: [UInt8] { self.encode { i2d_PUBKEY(self.key, $0) } }

    /// PKCS #1's RSAPublicKey in DER.
    var rsaPublicKeyDER: [UInt8] { self.encode { i2d_PublicKey(self.key, $0) } }

    /// A certificate signed by itself.
    var certificatePEM: String {
        let certificate = X509_new()
        defer { X509_free(certificate) }
        X509_set_version(certificate, 2)
        ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1)
        X509_gmtime_adj(X509_getm_notBefore(certificate), 0)
        X509_gmtime_adj(X509_getm_notAfter(certificate), 3600)
        X509_set_pubkey(certificate, self.key)
        X509_sign(certificate, self.key, EVP_sha256())
        return self.write { PEM_write_bio_X509($0, certificate) }
    }

    /// An element of a JSON Web Key Set.
    ///
    /// - Parameter more: Further members, each with a comma before it.
    func jsonWebKey(_ name: String?, _ more: String = "") -> String {
        let numbers = ["n", "e"].map { name -> String in
            var number: OpaquePointer?
            EVP_PKEY_get_bn_param(self.key, name, &number)
            defer { BN_free(number) }
            var bytes = [UInt8](repeating: 0, count: Int(BN_num_bits(number) + 7) / 8)
            BN_bn2bin(number, &bytes)
            return TokenMaker.base64URL(bytes)
        }
        let kid = name.map { ",\"kid\":\"\($0)\"" } ?? ""
        return "{\"kty\":\"RSA\",\"use\":\"sig\",\"n\":\"\(numbers[0])\",\"e\":\"\(numbers[1])\"\(kid)\(more)}"
    }

    private func write(_ write: (OpaquePointer?) -> Int32) -> String {
        let writer = BIO_new(BIO_s_mem())
        defer { BIO_free(writer) }
        _ = write(writer)
        var text = [UInt8](repeating: 0, count: 8192)
        let count = BIO_read(writer, &text, Int32(text.count))
        return String(decoding: text.prefix(max(0, Int(count))), as: UTF8.self)
    }

    private func encode(_ write: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Int(write(nil)))
        bytes.withUnsafeMutableBufferPointer { buffer in
            var end = buffer.baseAddress
            _ = write(&end)
        }
        return bytes
    }
}

/// Hash functions, for files that do not import OpenSSL.
enum OpenSSLDigest {
    static var sha1: OpaquePointer? { EVP_sha1() }
}
