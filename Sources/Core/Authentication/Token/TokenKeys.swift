import StrictJSON

/// The keys of one issuer, as they are now.
enum TokenKeys: Sendable {
    case secret([UInt8])
    case key(RSAPublicKey)
    /// By name; those without a name apart.
    case set([String: RSAPublicKey], unnamed: [RSAPublicKey])

    enum Judgement {
        case right
        case wrong
        /// The key it names is not among them.
        case unknownKey
        /// It names none, and there are several.
        case ambiguous
    }

    func judge(_ token: SignedToken) -> Judgement {
        switch self {
        case .secret(let secret):
            let expected = MessageDigest.hmacSHA256(key: secret, token.signedBytes)
            return MessageDigest.areEqual(expected, token.signature) ? .right : .wrong
        case .key(let key):
            return key.isSignature(token.signature, of: token.signedBytes) ? .right : .wrong
        case .set(let named, let unnamed):
            let key: RSAPublicKey
            if let name = token.keyID {
                guard let known = named[name] else { return .unknownKey }
                key = known
            } else {
                guard named.count + unnamed.count == 1, let only = unnamed.first ?? named.values.first else {
                    return .ambiguous
                }
                key = only
            }
            return key.isSignature(token.signature, of: token.signedBytes) ? .right : .wrong
        }
    }

    /// The RSA keys for signatures in a JSON Web Key Set (RFC 7517 §5), and what is wrong with those that can't be used:
    /// one of them does not spoil the others. Keys that are for something else are passed over without a word.
    static func read(keySet bytes: [UInt8]) throws(KeyProblem) -> (keys: TokenKeys, passedOver: [String]) {
        guard let document = try? JSONValue(parsing: bytes), case .object(let object) = document,
            case .array(let keys)? = object["keys"]
        else { throw KeyProblem("expected a JSON Web Key Set, found something else") }
        var named: [String: RSAPublicKey] = [:]
        var unnamed: [RSAPublicKey] = []
        var passedOver: [String] = []
        for (index, value) in keys.enumerated() {
            guard case .object(let key) = value, Self.isForSignatures(key) else { continue }
            do throws(KeyProblem) {
                let publicKey = try Self.publicKey(key)
                if case .string(let name)? = key["kid"] {
                    named[name] = publicKey
                } else {
                    unnamed.append(publicKey)
                }
            } catch {
                passedOver.append("/keys/\(index): \(error.problem)")
            }
        }
        guard !named.isEmpty || !unnamed.isEmpty else {
            let found = passedOver.first.map { "none (\($0))" } ?? "none"
            throw KeyProblem("expected at least one RSA key for RS256 signatures in the set, found \(found)")
        }
        return (.set(named, unnamed: unnamed), passedOver)
    }

    /// What a key says it is for (RFC 7517 §4.1–4.4); what it does not say allows everything.
    private static func isForSignatures(_ key: JSONObject) -> Bool {
        guard key["kty"] == "RSA", key["use"] == nil || key["use"] == "sig", key["alg"] == nil || key["alg"] == "RS256"
        else { return false }
        switch key["key_ops"] {
        case nil: return true
        case .array(let operations)?: return operations.contains("verify")
        default: return false
        }
    }

    private static func publicKey(_ key: JSONObject) throws(KeyProblem) -> RSAPublicKey {
        guard case .string(let n)? = key["n"], let modulus = Base64.decodeURL(Array(n.utf8)),
            case .string(let e)? = key["e"], let exponent = Base64.decodeURL(Array(e.utf8))
        else { throw KeyProblem("expected n and e in base64url, found something else") }
        return try RSAPublicKey(modulus: modulus, exponent: exponent)
    }
}
