import COpenSSL
import PluginAPI

/// The public half of an RSA key, for `RS256` (RFC 7518 §3.3).
///
/// Never changed after it was made, hence safe on any thread, although the compiler can't see that of OpenSSL's key.
package final class RSAPublicKey: @unchecked Sendable {
    private let key: OpaquePointer

    /// Takes the key over.
    private init(_ key: OpaquePointer?) throws(KeyProblem) {
        guard let key else { throw KeyProblem("expected an RSA public key, found none that OpenSSL can read") }
        self.key = key
        let bits = EVP_PKEY_get_bits(key)
        guard EVP_PKEY_is_a(key, "RSA") == 1 else { throw KeyProblem("expected an RSA key, found one of another kind") }
        // Too long a key is a way to keep us busy.
        guard (2048...8192).contains(bits) else {
            throw KeyProblem("expected an RSA key of 2048 to 8192 bits, found \(bits)")
        }
        guard Self.hasUsableExponent(key) else {
            throw KeyProblem("expected an RSA key with an odd exponent of 2 to 64 bits, found another exponent")
        }
    }

    deinit {
        EVP_PKEY_free(self.key)
    }

    /// With the exponent 1 anybody can sign, an even one is none, and a long one is a way to keep us busy. OpenSSL takes
    /// them all.
    private static func hasUsableExponent(_ key: OpaquePointer) -> Bool {
        var exponent: OpaquePointer?
        guard EVP_PKEY_get_bn_param(key, "e", &exponent) == 1 else { return false }
        defer { BN_free(exponent) }
        return BN_is_odd(exponent) == 1 && (2...64).contains(BN_num_bits(exponent))
    }

    /// The key in a PEM file with a public key (`BEGIN PUBLIC KEY`).
    package convenience init(publicKeyPEM pem: [UInt8]) throws(KeyProblem) {
        try self.init(Self.withReader(of: pem) { PEM_read_bio_PUBKEY($0, nil, refusePassPhrase, nil) })
    }

    /// The key in a PEM file with an X.509 certificate; when there are several, of the first.
    package convenience init(certificatePEM pem: [UInt8]) throws(KeyProblem) {
        let key: OpaquePointer? = Self.withReader(of: pem) { reader in
            guard let certificate = PEM_read_bio_X509(reader, nil, refusePassPhrase, nil) else { return nil }
            defer { X509_free(certificate) }
            return X509_get_pubkey(certificate)
        }
        guard key != nil else { throw KeyProblem("expected an X.509 certificate in PEM form, found none") }
        try self.init(key)
    }

    /// The key of modulus and exponent, big-endian (RFC 7518 §6.3.1).
    package convenience init(modulus: [UInt8], exponent: [UInt8]) throws(KeyProblem) {
        guard modulus.count <= 1024, exponent.count <= 8 else {
            throw KeyProblem("expected an RSA key of 2048 to 8192 bits, found a longer one")
        }
        try self.init(Self.makeKey(modulus, exponent))
    }

    private static func makeKey(_ modulus: [UInt8], _ exponent: [UInt8]) -> OpaquePointer? {
        let (n, e) = (BN_bin2bn(modulus, Int32(modulus.count), nil), BN_bin2bn(exponent, Int32(exponent.count), nil))
        defer {
            BN_free(n)
            BN_free(e)
        }
        guard let builder = OSSL_PARAM_BLD_new() else { return nil }
        defer { OSSL_PARAM_BLD_free(builder) }
        guard anynode_push_rsa_numbers(builder, n, e) == 1, let parameters = OSSL_PARAM_BLD_to_param(builder) else {
            return nil
        }
        defer { OSSL_PARAM_free(parameters) }
        guard let context = EVP_PKEY_CTX_new_from_name(nil, "RSA", nil) else { return nil }
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard EVP_PKEY_fromdata_init(context) == 1,
            EVP_PKEY_fromdata(context, &key, anynode_public_key_selection(), parameters) == 1
        else { return nil }
        return key
    }

    private static func withReader(of pem: [UInt8], _ read: (OpaquePointer) -> OpaquePointer?) -> OpaquePointer? {
        defer { ERR_clear_error() }
        return pem.withUnsafeBytes { bytes in
            guard let reader = BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else { return nil }
            defer { BIO_free(reader) }
            return read(reader)
        }
    }

    /// Whether this key's owner signed these bytes: RSASSA-PKCS1-v1_5 with SHA-256. About 25 µs.
    package func isSignature(_ signature: [UInt8], of bytes: [UInt8]) -> Bool {
        guard signature.count == Int(EVP_PKEY_get_size(self.key)), let context = EVP_MD_CTX_new() else { return false }
        defer {
            EVP_MD_CTX_free(context)
            ERR_clear_error()
        }
        return EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, self.key) == 1
            && EVP_DigestVerify(context, signature, signature.count, bytes, bytes.count) == 1
    }
}

/// Of a file that is encrypted, such as a private key put there by mistake, OpenSSL would ask the terminal for a pass
/// phrase, and wait.
private func refusePassPhrase(
    _ buffer: UnsafeMutablePointer<CChar>?,
    _ size: CInt,
    _ isForWriting: CInt,
    _ argument: UnsafeMutableRawPointer?
) -> CInt { -1 }

/// Why a key can't be used.
package struct KeyProblem: Error, Sendable, Hashable {
    /// What was expected and what was found.
    package let problem: String

    init(_ problem: String) {
        self.problem = problem
    }
}
