internal import COpenSSL
internal import Foundation
internal import PluginAPI
internal import StrictJSON

/// A service account's key, from the file that the Firebase console hands out.
final class ServiceAccount: @unchecked Sendable {
    let project: String
    let email: String
    let tokenEndpoint: String
    private let keyIdentifier: String
    /// Never changed after `init`; OpenSSL lets many threads sign with one key at a time.
    private let key: OpaquePointer

    /// - Throws: ``PluginError/invalidSettings(_:)`` with what is wrong, and never with what stands in the file.
    init(path: String) throws {
        let bytes: [UInt8]
        do {
            bytes = try FileContents(path: path, limit: 64 << 10).bytes
        } catch {
            throw PluginError.invalidSettings("expected a service account's JSON file at \(path), found \(error.found)")
        }
        guard case .object(let object)? = try? JSONValue(parsing: bytes) else {
            throw PluginError.invalidSettings("expected a service account's JSON file at \(path), found no JSON object")
        }
        func text(_ name: String) throws -> String {
            guard case .string(let text)? = object[name], !text.isEmpty else {
                throw PluginError.invalidSettings("expected a member \"\(name)\" in \(path), found none, or no string")
            }
            return text
        }
        guard object["type"] == nil || object["type"] == "service_account" else {
            throw PluginError.invalidSettings(
                "expected a file of type \"service_account\" at \(path), found one of another type"
            )
        }
        self.project = try text("project_id")
        self.email = try text("client_email")
        self.keyIdentifier = try text("private_key_id")
        self.tokenEndpoint = try text("token_uri")
        // Nothing of this file is ever shown.
        guard SettingsReader.problem(withAddress: self.tokenEndpoint) == nil else {
            throw PluginError.invalidSettings(
                "expected an address such as \"https://oauth2.example.org/token\" as token_uri in \(path), found another text"
            )
        }
        guard self.project.utf8.allSatisfy({ Self.isProjectCharacter($0) }) else {
            throw PluginError.invalidSettings(
                "expected letters, digits, -, . and : in project_id in \(path), found others"
            )
        }
        let pem = Array(try text("private_key").utf8)
        guard let key = Self.privateKey(pem) else {
            throw PluginError.invalidSettings(
                "expected a private RSA key in PEM form in private_key in \(path), found none"
            )
        }
        self.key = key
    }

    deinit {
        EVP_PKEY_free(self.key)
    }

    private static func isProjectCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: ":"):
            true
        default:
            false
        }
    }

    private static func privateKey(_ pem: [UInt8]) -> OpaquePointer? {
        guard let reader = BIO_new_mem_buf(pem, Int32(clamping: pem.count)) else { return nil }
        defer { BIO_free(reader) }
        // Asked for a pass phrase, it has none: it must not ask on the terminal.
        guard let key = PEM_read_bio_PrivateKey(reader, nil, { _, _, _, _ in 0 }, nil) else {
            ERR_clear_error()
            return nil
        }
        guard EVP_PKEY_is_a(key, "RSA") == 1, EVP_PKEY_get_bits(key) >= 2048 else {
            EVP_PKEY_free(key)
            return nil
        }
        return key
    }

    // MARK: Assertions

    private static let scope = "https://www.googleapis.com/auth/firebase.messaging"
    /// Google's own SDK names this audience wherever it sends the assertion to.
    private static let audience = "https://oauth2.googleapis.com/token"
    private static let life: Int64 = 3600

    /// A signed assertion (RFC 7523) by which the account logs in.
    ///
    /// - Parameter now: Seconds since 1970-01-01 UTC. A clock that is wrong by more than minutes is refused by Google.
    /// - Returns: `nil` when OpenSSL can't sign, for want of memory for instance.
    func assertion(at now: Int64) -> String? {
        let header: JSONValue = ["alg": "RS256", "typ": "JWT", "kid": .string(self.keyIdentifier)]
        let claims: JSONValue = [
            "iss": .string(self.email), "scope": .string(Self.scope), "aud": .string(Self.audience),
            "iat": .number(String(now)), "exp": .number(String(now + Self.life)),
        ]
        let signed = [header, claims].map { Self.base64URL(Array($0.text.utf8)) }.joined(separator: ".")
        return self.sign(Array(signed.utf8)).map { "\(signed).\(Self.base64URL($0))" }
    }

    private func sign(_ message: [UInt8]) -> [UInt8]? {
        guard let context = EVP_MD_CTX_new() else { return nil }
        defer {
            EVP_MD_CTX_free(context)
            ERR_clear_error()
        }
        var length = 0
        guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, self.key) == 1,
            EVP_DigestSign(context, nil, &length, message, message.count) == 1
        else { return nil }
        var signature = [UInt8](repeating: 0, count: length)
        guard EVP_DigestSign(context, &signature, &length, message, message.count) == 1 else { return nil }
        return Array(signature.prefix(length))
    }

    /// RFC 4648, section 5, without padding.
    private static func base64URL(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}
