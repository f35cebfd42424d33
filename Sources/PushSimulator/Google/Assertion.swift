internal import StrictJSON

/// The signed statement by which a service account asks for an access token (RFC 7523 §2.1, and what Google adds).
struct Assertion {
    /// What is wrong with it, as Google says it.
    struct Refusal: Error {
        let description: String

        init(_ description: String) {
            self.description = description
        }
    }

    /// The only audience Google takes, wherever the request is sent.
    static let audience = "https://oauth2.googleapis.com/token"

    private static let scopes: Set<Substring> = [
        "https://www.googleapis.com/auth/firebase.messaging", "https://www.googleapis.com/auth/cloud-platform",
    ]

    /// Checks one.
    ///
    /// - Parameter now: Seconds of Unix time.
    static func check(_ text: String, by account: ServiceAccount, now: Int) throws(Refusal) {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, let head = Self.object(parts[0]), let claims = Self.object(parts[1]),
            let signature = Base64URL.decode(parts[2])
        else { throw Refusal("Invalid JWT: expected three parts in base64url") }
        guard head["alg"] == "RS256" else { throw Refusal("Invalid JWT: expected the algorithm RS256") }
        guard head["typ"] == nil || head["typ"] == "JWT" else { throw Refusal("Invalid JWT: expected the type JWT") }
        if let key = head["kid"] {
            guard key == .string(account.keyIdentifier) else { throw Refusal("Invalid JWT: no such key") }
        }
        guard claims["iss"] == .string(account.email) else {
            throw Refusal("Invalid grant: account not found")
        }
        let signed = Array(text.utf8.prefix(parts[0].count + 1 + parts[1].count))
        guard account.key.isSignature(signature, of: signed) else { throw Refusal("Invalid JWT Signature.") }
        guard claims["aud"] == .string(Self.audience) else { throw Refusal("Invalid JWT: Failed audience check.") }
        guard case .string(let scope) = claims["scope"], !Self.scopes.isDisjoint(with: scope.split(separator: " "))
        else {
            throw Refusal("Invalid OAuth scope or ID token audience provided.")
        }
        guard let start = Self.time(claims["iat"]), let end = Self.time(claims["exp"]) else {
            throw Refusal("Invalid JWT: expected iat and exp as whole numbers")
        }
        // Google lets clocks differ by some minutes.
        guard start <= now + 300, end > now - 300, end > start, end - start <= 3600 else {
            throw Refusal(
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
                    + "Check your iat and exp values in the JWT claim."
            )
        }
    }

    private static func object(_ part: some Collection<UInt8>) -> JSONObject? {
        guard let bytes = Base64URL.decode(part), case .object(let object) = try? JSONValue(parsing: bytes) else {
            return nil
        }
        return object
    }

    private static func time(_ value: JSONValue?) -> Int? {
        guard case .number(let text) = value, let seconds = Int(text), (0...1 << 40).contains(seconds) else {
            return nil
        }
        return seconds
    }
}

/// Base64 for URLs without padding (RFC 4648 §5), canonical only.
enum Base64URL {
    static func decode(_ digits: some Collection<UInt8>) -> [UInt8]? {
        guard !digits.isEmpty, digits.count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var bitCount: UInt32 = 0
        for digit in digits {
            guard let value = self.value(of: digit) else { return nil }
            bits = bits << 6 | UInt32(value)
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> bitCount))
                bits &= (1 << bitCount) - 1
            }
        }
        return bits == 0 ? bytes : nil
    }

    static func isDigit(_ byte: UInt8) -> Bool {
        self.value(of: byte) != nil
    }

    private static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): digit - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): digit - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0") + 52
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
