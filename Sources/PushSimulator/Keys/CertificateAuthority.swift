internal import COpenSSL

/// A certificate authority made for one run, and the server certificate it signs. Keys are of P-256.
final class CertificateAuthority {
    /// What may be wrong with a server certificate.
    enum Flaw: Sendable, Hashable {
        case expired
        case wrongName
    }

    private let key: OpaquePointer
    private let certificate: OpaquePointer

    init() throws(KeyFailure) {
        let key = try Self.makeKey()
        do throws(KeyFailure) {
            let extensions = [
                (NID_basic_constraints, "critical,CA:TRUE"), (NID_key_usage, "critical,keyCertSign,cRLSign"),
                (NID_subject_key_identifier, "hash"),
            ]
            let name = "anynode push simulator"
            self.certificate = try Self.sign(name, key, days: -1...30, extensions, issuer: nil, with: key)
        } catch {
            EVP_PKEY_free(key)
            throw error
        }
        self.key = key
    }

    deinit {
        X509_free(self.certificate)
        EVP_PKEY_free(self.key)
    }

    /// The certificate to trust, in PEM form.
    var certificatePEM: String {
        get throws(KeyFailure) { try PEMText.write { PEM_write_bio_X509($0, self.certificate) } }
    }

    /// A certificate for this machine's loopback names, and its key; both in PEM form.
    func issue(_ flaw: Flaw? = nil) throws(KeyFailure) -> (certificate: String, privateKey: String) {
        let key = try Self.makeKey()
        defer { EVP_PKEY_free(key) }
        let names = flaw == .wrongName ? "DNS:push.example" : "DNS:localhost,IP:127.0.0.1,IP:::1"
        let extensions = [
            (NID_basic_constraints, "CA:FALSE"), (NID_ext_key_usage, "serverAuth"), (NID_subject_alt_name, names),
        ]
        let days = flaw == .expired ? -20 ... -10 : -1...30
        let certificate = try Self.sign(
            flaw == .wrongName ? "push.example" : "localhost",
            key,
            days: days,
            extensions,
            issuer: self.certificate,
            with: self.key
        )
        defer { X509_free(certificate) }
        return (
            try PEMText.write { PEM_write_bio_X509($0, certificate) },
            try PEMText.write { PEM_write_bio_PKCS8PrivateKey($0, key, nil, nil, 0, nil, nil) }
        )
    }

    private static func makeKey() throws(KeyFailure) -> OpaquePointer {
        guard let context = EVP_PKEY_CTX_new_from_name(nil, "EC", nil) else { throw KeyFailure("no EC") }
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_CTX_set_group_name(context, "P-256") == 1,
            EVP_PKEY_generate(context, &key) == 1, let key
        else { throw KeyFailure("no EC key") }
        return key
    }

    /// - Parameters:
    ///   - days: From when to when it is valid, counted from today.
    ///   - issuer: `nil` for one that is its own.
    private static func sign(
        _ name: String,
        _ key: OpaquePointer,
        days: ClosedRange<Int>,
        _ extensions: [(identifier: Int32, value: String)],
        issuer: OpaquePointer?,
        with issuerKey: OpaquePointer
    ) throws(KeyFailure) -> OpaquePointer {
        guard let certificate = X509_new() else { throw KeyFailure("no memory") }
        let issuer = issuer ?? certificate
        var isSigned = X509_set_version(certificate, 2) == 1
        isSigned = isSigned && ASN1_INTEGER_set(X509_get_serialNumber(certificate), Int.random(in: 1...Int.max)) == 1
        let day = 24 * 60 * 60
        X509_gmtime_adj(X509_getm_notBefore(certificate), days.lowerBound * day)
        X509_gmtime_adj(X509_getm_notAfter(certificate), days.upperBound * day)
        // 0x1001 is MBSTRING_ASC, a macro Swift can't read.
        let subject = X509_get_subject_name(certificate)
        isSigned = isSigned && X509_NAME_add_entry_by_txt(subject, "CN", 0x1001, name, -1, -1, 0) == 1
        isSigned = isSigned && X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1
        isSigned = isSigned && X509_set_pubkey(certificate, key) == 1
        for (identifier, value) in extensions {
            var context = X509V3_CTX()
            X509V3_set_ctx(&context, issuer, certificate, nil, nil, 0)
            guard let entry = X509V3_EXT_conf_nid(nil, &context, identifier, value) else {
                isSigned = false
                break
            }
            isSigned = isSigned && X509_add_ext(certificate, entry, -1) == 1
            X509_EXTENSION_free(entry)
        }
        guard isSigned, X509_sign(certificate, issuerKey, EVP_sha256()) > 0 else {
            X509_free(certificate)
            throw KeyFailure("no certificate")
        }
        return certificate
    }
}
