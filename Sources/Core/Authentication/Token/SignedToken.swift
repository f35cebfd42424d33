import StrictJSON
import Telephony

/// A JSON Web Token in compact form (RFC 7519, RFC 7515 §7.1), taken apart and not believed yet.
struct SignedToken {
    private static let longest = 16 * 1024
    private static let longestHeader = 4 * 1024

    let algorithm: String
    /// Which key of its issuer signed it.
    let keyID: String?
    let nonce: String?
    let claims: JSONObject
    let signature: [UInt8]
    /// What was signed.
    let signedBytes: [UInt8]

    init(_ text: String) throws(TokenFault) {
        let bytes = Array(text.utf8)
        guard bytes.count <= Self.longest else { throw .malformed }
        let parts = bytes.split(separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].count <= Self.longestHeader,
            let header = Base64.decodeURL(parts[0]), let claims = Base64.decodeURL(parts[1]),
            let signature = Base64.decodeURL(parts[2])
        else { throw .malformed }
        let head = try Self.object(header)
        guard case .string(let type)? = head["typ"], type.lowercased() == "jwt", type.utf8.count == 3,
            case .string(let algorithm)? = head["alg"],
            // Each of these changes what a signature means (RFC 7515 §4.1.11, RFC 7516 §4.1.3, RFC 7519 §5.2, RFC 7797).
            ["crit", "zip", "cty", "b64"].allSatisfy({ head[$0] == nil })
        else { throw .header }
        self.algorithm = algorithm
        self.keyID = try Self.text(head["kid"])
        self.nonce = try Self.text(head["nonce"])
        self.claims = try Self.object(claims)
        self.signature = signature
        self.signedBytes = Array(bytes[..<parts[1].endIndex])
    }

    /// Names that stand twice are refused by the parser.
    private static func object(_ bytes: [UInt8]) throws(TokenFault) -> JSONObject {
        guard let value = try? JSONValue(parsing: bytes), case .object(let object) = value else { throw .malformed }
        return object
    }

    /// An optional member of the header that names something.
    private static func text(_ value: JSONValue?) throws(TokenFault) -> String? {
        guard let value else { return nil }
        guard case .string(let text) = value, (1...256).contains(text.utf8.count),
            text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) })
        else { throw .header }
        return text
    }

    // MARK: Claims

    /// An optional claim that is a text.
    func text(_ name: String) throws(TokenFault) -> String? {
        switch self.claims[name] {
        case nil: return nil
        case .string(let text)?: return text
        default: throw .claims
        }
    }

    /// The claim `name`: nice to have, hence never a reason to refuse.
    var displayName: String? {
        if case .string(let text)? = self.claims["name"], text.utf8.count <= 256 { text } else { nil }
    }

    /// An optional claim that is a moment (RFC 7519 §2, NumericDate): any number but an infinite one.
    func moment(_ name: String) throws(TokenFault) -> CalendarTime? {
        switch self.claims[name] {
        case nil: return nil
        case .number(let text)?:
            guard let seconds = Double(text), seconds.isFinite, let time = CalendarTime(seconds: seconds) else {
                throw .claims
            }
            return time
        default: throw .claims
        }
    }

    /// Whether the claim `aud` names somebody (RFC 7519 §4.1.3).
    func isMeant(for audience: String) -> Bool {
        let wanted = JSONValue.string(audience)
        if case .array(let list)? = self.claims["aud"] { return list.contains(wanted) }
        return self.claims["aud"] == wanted
    }
}
