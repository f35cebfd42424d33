internal import CLDAP
internal import Dispatch
internal import Glibc
internal import PluginAPI

/// Opens connections: resolves names, connects, agrees on TLS, logs in.
///
/// Each of these may keep a thread waiting, name resolution longer than any time-out of ours. So it happens on threads
/// apart, as many as there are connections under way; the client bounds those.
struct LDAPConnector: Sendable {
    /// What a connection is for.
    enum Purpose: Sendable {
        /// Searches, as the service account.
        case searching
        /// Trying other people's passwords; logged in as nobody until then.
        case checking
    }

    let settings: LDAPConnectionSettings

    /// A connection that is ready for use, and its socket.
    func connect(to url: String, for purpose: Purpose) async throws(LDAPFailure) -> (LDAPHandle, descriptor: Int32) {
        let result: Result<(LDAPHandle, Int32), LDAPFailure> = await withCheckedContinuation { continuation in
            DispatchQueue(label: "ldap.connect").async {
                continuation.resume(returning: Result { () throws(LDAPFailure) in try self.open(url, purpose) })
            }
        }
        return try result.get()
    }

    private func open(_ url: String, _ purpose: Purpose) throws(LDAPFailure) -> (LDAPHandle, Int32) {
        let handle = try LDAPHandle(url: url)
        try handle.set(LDAP_OPT_PROTOCOL_VERSION, to: LDAP_VERSION3)
        try handle.switchOff(LDAP_OPT_REFERRALS)
        try handle.set(LDAP_OPT_NETWORK_TIMEOUT, to: self.settings.connectTimeout)
        try handle.set(LDAP_OPT_TIMEOUT, to: self.settings.bindTimeout)
        handle.setSearchTime(self.settings.searchTimeout)
        let scheme = url.prefix { $0 != ":" }
        if scheme != "ldapi" { try self.prepareTLS(handle) }
        if scheme == "ldap" { try self.startTLS(handle) }
        switch (purpose, self.settings.login) {
        case (.checking, _): try handle.connect()
        case (.searching, .anonymous): try handle.bind(name: nil, password: nil)
        case (.searching, .simple(let name, let password)): try handle.bind(name: name, password: password)
        case (.searching, .external): try handle.bindExternally()
        }
        return (handle, try handle.makeNonBlocking())
    }

    private func prepareTLS(_ handle: LDAPHandle) throws(LDAPFailure) {
        let tls = self.settings.tls
        if let authorities = tls.authorities { try handle.set(LDAP_OPT_X_TLS_CACERTFILE, to: authorities) }
        if let certificate = tls.certificate, let key = tls.privateKey {
            try handle.set(LDAP_OPT_X_TLS_CERTFILE, to: certificate)
            try handle.set(LDAP_OPT_X_TLS_KEYFILE, to: key)
        }
        // Said for each connection: the system's ldap.conf, or a variable, may say otherwise.
        try handle.set(LDAP_OPT_X_TLS_REQUIRE_CERT, to: LDAP_OPT_X_TLS_DEMAND)
        try handle.set(LDAP_OPT_X_TLS_PROTOCOL_MIN, to: tls.minimumVersion.code)
        // Built with GnuTLS, as Debian builds it, libldap takes that to no effect.
        if LDAPHandle.speaksGnuTLS { try handle.set(LDAP_OPT_X_TLS_CIPHER_SUITE, to: tls.minimumVersion.priorities) }
        do throws(LDAPFailure) {
            try handle.set(LDAP_OPT_X_TLS_NEWCTX, to: 0)
        } catch {
            throw LDAPFailure(
                code: error.code,
                "TLS can't be prepared: the authorities, the certificate or its key can't be read"
            )
        }
    }

    private func startTLS(_ handle: LDAPHandle) throws(LDAPFailure) {
        switch self.settings.tls.startTLS {
        case .off:
            return
        case .required:
            try handle.startTLS()
        case .optional:
            do throws(LDAPFailure) {
                try handle.startTLS()
            } catch  where Self.isWithoutTLS.contains(error.code) {
                // The server has said that it has no TLS; what it had and failed at never ends here.
                return
            }
        }
    }

    /// How servers say that they don't know StartTLS (RFC 4511 §4.14.2).
    private static let isWithoutTLS: Set<Int32> = [
        Int32(LDAP_PROTOCOL_ERROR), Int32(LDAP_UNAVAILABLE_CRITICAL_EXTENSION), Int32(LDAP_UNWILLING_TO_PERFORM),
    ]
}

/// How to speak to the servers.
struct LDAPConnectionSettings: Sendable, Equatable {
    var urls: [String]
    var tls: LDAPTLSSettings
    var login: Login
    var connectTimeout: Duration
    var bindTimeout: Duration
    var searchTimeout: Duration
    /// How many searches may be under way at once.
    var searchesAtOnce: Int
    /// How many passwords may be tried at once, each on a connection of its own.
    var bindsAtOnce: Int
    /// After how much silence to ask whether the server is still there.
    var keepAlive: Duration

    /// As whom searches are done.
    enum Login: Sendable, Equatable {
        case anonymous
        case simple(name: String, password: Secret)
        /// SASL EXTERNAL (RFC 4422 appendix A).
        case external
    }
}

/// How connections are encrypted.
struct LDAPTLSSettings: Sendable, Equatable {
    /// Whether an `ldap` connection turns to TLS before anything is said.
    enum StartTLS: String, Sendable, CaseIterable {
        case required, optional, off
    }

    enum Version: String, Sendable, CaseIterable {
        case tls12 = "1.2"
        case tls13 = "1.3"

        /// As libldap writes it.
        var code: Int32 {
            switch self {
            case .tls12: 0x0303
            case .tls13: 0x0304
            }
        }

        /// As GnuTLS writes it.
        var priorities: String {
            switch self {
            case .tls12: "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"
            case .tls13: "NORMAL:-VERS-ALL:+VERS-TLS1.3"
            }
        }
    }

    var startTLS: StartTLS
    var authorities: String?
    var certificate: String?
    var privateKey: String?
    var minimumVersion: Version
}
