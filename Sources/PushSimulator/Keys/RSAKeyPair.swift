internal import COpenSSL

/// An RSA key of 2048 bits, as Google makes one for a service account.
///
/// Never changed after it was made, hence safe on any thread, although the compiler can't see that of OpenSSL's key.
final class RSAKeyPair: @unchecked Sendable {
    private let key: OpaquePointer

    /// Makes a new one.
    init() throws(KeyFailure) {
        guard let context = EVP_PKEY_CTX_new_from_name(nil, "RSA", nil) else { throw KeyFailure("no RSA") }
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_CTX_set_rsa_keygen_bits(context, 2048) == 1,
            EVP_PKEY_generate(context, &key) == 1, let key
        else { throw KeyFailure("no RSA key") }
        self.key = key
    }

    deinit {
        EVP_PKEY_free(self.key)
    }

    /// PKCS #8 in PEM form, as in a service account's `private_key`.
    var privateKeyPEM: String {
        get throws(KeyFailure) {
            try PEMText.write { PEM_write_bio_PKCS8PrivateKey($0, self.key, nil, nil, 0, nil, nil) }
        }
    }

    /// Whether this is what the private half signs with RS256 (RFC 7518 §3.3).
    func isSignature(_ signature: [UInt8], of text: [UInt8]) -> Bool {
        guard let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        guard EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, self.key) == 1 else { return false }
        return EVP_DigestVerify(context, signature, signature.count, text, text.count) == 1
    }
}

/// Why a key or certificate could not be made.
package struct KeyFailure: Error, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = "OpenSSL: \(description)"
    }
}

/// Text in PEM form, from OpenSSL's writers.
enum PEMText {
    static func write(_ body: (OpaquePointer) -> Int32) throws(KeyFailure) -> String {
        guard let bio = BIO_new(BIO_s_mem()) else { throw KeyFailure("no memory") }
        defer { BIO_free(bio) }
        guard body(bio) == 1 else { throw KeyFailure("no PEM") }
        var bytes = [UInt8](repeating: 0, count: BIO_ctrl_pending(bio))
        let count = Int(BIO_read(bio, &bytes, Int32(clamping: bytes.count)))
        guard count == bytes.count else { throw KeyFailure("no PEM") }
        return String(decoding: bytes, as: UTF8.self)
    }
}
