import PluginAPI
import Telephony

/// The credentials of an `Authorization: Basic …` header (RFC 7617), in UTF-8.
enum BasicCredentials {
    /// `nil` for anything that is not a user name and a password. A password may hold colons; neither may be empty, and a
    /// NUL anywhere is refused, for it would cut the text short in C.
    static func parse(_ header: String) -> Credential? {
        let parts = header.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].lowercased() == "basic",
            let bytes = Base64.decode(parts[1].drop { $0 == " " }), !bytes.contains(0),
            let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
            let name = String(validating: bytes[..<colon], as: UTF8.self), let username = Username(name),
            let password = String(validating: bytes[(colon + 1)...], as: UTF8.self), !password.isEmpty
        else { return nil }
        return .password(username: username, password: Secret(password))
    }
}
