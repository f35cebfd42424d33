internal import CLDAP
internal import PluginAPI
internal import Telephony

/// Why a directory server gave no answer, in words for the log: no passwords, no values.
struct LDAPFailure: Error, Hashable, CustomStringConvertible {
    /// The result code of the protocol (RFC 4511 §4.1.9), or one of libldap's own, which are negative.
    let code: Int32
    let description: String

    init(code: Int32, _ description: String) {
        self.code = code
        self.description = description
    }

    /// What libldap calls a code, and what the server added to it.
    init(code: Int32, diagnostic: String = "", doing action: String) {
        let name = ldap_err2string(code).map { String(cString: $0) } ?? "error"
        let addition = diagnostic.isEmpty ? "" : ": \(diagnostic.presentable)"
        self.init(code: code, "\(action): \(name) (\(code))\(addition)")
    }

    /// The server did not answer in time, or there is none to ask.
    static func late(_ description: String) -> Self { Self(code: LDAP_TIMEOUT, description) }

    /// For the host.
    var pluginError: PluginError { .unavailable(self.description) }
}
