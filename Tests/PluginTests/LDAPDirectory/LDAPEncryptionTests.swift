import LDAPDirectory
import PluginAPI
import StrictJSON
import Telephony
import Testing

/// What is said in the clear, and to whom.
@Suite("LDAP: TLS", .serialized, .timeLimit(.minutes(2)))
struct LDAPEncryptionTests {
    private static func settings(_ url: String, _ tls: JSONValue, _ more: JSONValue = [:]) -> JSONValue {
        companySettings([url], ["tls": tls, "bind": .simpleBind]).merging(more)
    }

    /// Nobody has logged in, and nothing was asked.
    private static func expectSilence(_ slapd: Slapd, _ comment: Comment? = nil) {
        #expect(slapd.logged("BIND dn=\"cn=").isEmpty && slapd.logged("BIND dn=\"uid=").isEmpty, comment)
        #expect(slapd.logged("SRCH").isEmpty, comment)
    }

    @Test("StartTLS comes before everything else")
    func startTLS() async throws {
        let authority = try await TestAuthority()
        try await withSlapd(Slapd.Options(certificate: try await authority.issue("server"))) { slapd in
            let settings = Self.settings(slapd.url, ["startTLS": "required", "authorities": .string(authority.path)])
            try await withDirectory(settings) { plugin async throws in
                #expect(try await plugin.judge("alice") == .accepted(#require(Username("alice"))))
            }
            // Each connection over TCP, line by line.
            let lines = slapd.log.split(separator: "\n").map(String.init)
            let connections = lines.filter { $0.contains("ACCEPT from IP") }.compactMap { line in
                line.split(separator: " ").first { $0.hasPrefix("conn=") }.map { "\($0) " }
            }
            #expect(connections.count >= 2)
            for connection in connections {
                let operations = lines.filter { $0.contains(connection) && $0.contains(" op=0 ") }
                #expect(operations.first?.contains("EXT oid=1.3.6.1.4.1.1466.20037") == true)
                #expect(lines.contains { $0.contains(connection) && $0.contains("TLS established") })
            }
        }
    }

    @Test("StartTLS that is required and not there: nothing is said in the clear")
    func missing() async throws {
        try await withSlapd { slapd in
            let proxy = try CuttingProxy(to: slapd.port)
            defer { proxy.stop() }
            let settings = Self.settings(proxy.url, ["startTLS": "required"], .impatient)
            try await withDirectory(settings) { plugin async throws in
                #expect(await plugin.failure != nil)
                await expectUnavailable { _ = try await plugin.entry(named: "alice") }
                await expectUnavailable { _ = try await plugin.judge("alice") }
            }
            Self.expectSilence(slapd)
            let said = String(decoding: proxy.requests, as: UTF8.self)
            #expect(!said.isEmpty && !said.contains("secret") && !said.contains("anynode"))
        }
    }

    @Test("StartTLS that is optional is done where it is known, and left where not")
    func optional() async throws {
        let authority = try await TestAuthority()
        let tls: JSONValue = ["startTLS": "optional", "authorities": .string(authority.path)]
        try await withSlapd { slapd in
            try await withDirectory(Self.settings(slapd.url, tls)) { plugin async throws in
                #expect(try await plugin.entry(named: "alice") != nil)
                #expect(try await plugin.judge("alice") == .accepted(#require(Username("alice"))))
            }
        }
        try await withSlapd(Slapd.Options(certificate: try await authority.issue("server"))) { slapd in
            try await withDirectory(Self.settings(slapd.url, tls)) { plugin async throws in
                #expect(try await plugin.entry(named: "alice") != nil)
            }
            #expect(!slapd.logged("TLS established").isEmpty)
        }
    }

    @Test("StartTLS that is optional and fails is no reason to go on in the clear")
    func downgrade() async throws {
        let (stranger, authority) = (try await TestAuthority(), try await TestAuthority())
        try await withSlapd(Slapd.Options(certificate: try await stranger.issue("server"))) { slapd in
            let tls: JSONValue = ["startTLS": "optional", "authorities": .string(authority.path)]
            try await withDirectory(Self.settings(slapd.url, tls, .impatient)) { plugin async throws in
                #expect(await plugin.failure != nil)
                await expectUnavailable { _ = try await plugin.entry(named: "alice") }
            }
            Self.expectSilence(slapd)
        }
    }

    enum Flaw: String, CaseIterable {
        case otherAuthority, expired, otherName, otherAddress
    }

    @Test("A certificate that proves nothing", arguments: Flaw.allCases, [false, true])
    func flaw(_ flaw: Flaw, isSecureFromTheStart: Bool) async throws {
        let (authority, stranger) = (try await TestAuthority(), try await TestAuthority())
        let certificate =
            switch flaw {
            case .otherAuthority: try await stranger.issue("server")
            case .expired: try await authority.issue("server", days: -1)
            case .otherName: try await authority.issue("server", for: ["DNS:localhost"])
            case .otherAddress: try await authority.issue("server", for: ["IP:127.0.0.2"])
            }
        try await withSlapd(Slapd.Options(certificate: certificate)) { slapd in
            let url = isSecureFromTheStart ? slapd.secureURL : slapd.url
            let tls: JSONValue = ["startTLS": "required", "authorities": .string(authority.path)]
            try await withDirectory(Self.settings(url, tls, .impatient)) { plugin async throws in
                #expect(await plugin.failure != nil)
                await expectUnavailable { _ = try await plugin.entry(named: "alice") }
                await expectUnavailable { _ = try await plugin.judge("alice") }
            }
            Self.expectSilence(slapd)
        }
    }

    @Test("An authority is trusted when it is named, or when the system trusts it")
    func systemAuthorities() async throws {
        let authority = try await TestAuthority()
        try await withSlapd(Slapd.Options(certificate: try await authority.issue("server"))) { slapd in
            try await withDirectory(Self.settings(slapd.secureURL, [:], .impatient)) { plugin async throws in
                #expect(await plugin.failure != nil)
            }
            Self.expectSilence(slapd)
        }
    }

    @Test("A server that wants a certificate gets none unless there is one")
    func clientCertificate() async throws {
        let authority = try await TestAuthority()
        var options = Slapd.Options(certificate: try await authority.issue("server"))
        options.clientAuthority = authority
        let otherAuthority = try await TestAuthority()
        let stranger = try await otherAuthority.issue("anynode", for: [], usage: "clientAuth")
        try await withSlapd(options) { slapd in
            let none: JSONValue = ["authorities": .string(authority.path)]
            let wrong = none.merging([
                "certificate": .string(stranger.certificate), "privateKey": .string(stranger.privateKey),
            ])
            for tls in [none, wrong] {
                try await withDirectory(Self.settings(slapd.secureURL, tls, .impatient)) { plugin async throws in
                    #expect(await plugin.failure != nil)
                    await expectUnavailable { _ = try await plugin.entry(named: "alice") }
                }
            }
            Self.expectSilence(slapd)
        }
    }

    @Test("The oldest version of TLS that will do")
    func minimumVersion() async throws {
        let authority = try await TestAuthority()
        var options = Slapd.Options(certificate: try await authority.issue("server"))
        options.directives = ["TLSCipherSuite NORMAL:-VERS-ALL:+VERS-TLS1.2"]
        try await withSlapd(options) { slapd in
            let tls: JSONValue = ["authorities": .string(authority.path)]
            let strict = tls.merging(["minimumVersion": "1.3"])
            try await withDirectory(Self.settings(slapd.secureURL, strict, .impatient)) { plugin async throws in
                #expect(await plugin.failure != nil)
            }
            Self.expectSilence(slapd)
            try await withDirectory(Self.settings(slapd.secureURL, tls)) { plugin async throws in
                #expect(try await plugin.entry(named: "alice") != nil)
            }
            #expect(!slapd.logged("tls_proto=TLS1.2").isEmpty)
        }
        options.directives = ["TLSCipherSuite NORMAL:-VERS-ALL:+VERS-TLS1.1:+VERS-TLS1.0"]
        try await withSlapd(options) { slapd in
            let tls: JSONValue = ["authorities": .string(authority.path)]
            try await withDirectory(Self.settings(slapd.secureURL, tls, .impatient)) { plugin async throws in
                #expect(await plugin.failure != nil)
            }
            Self.expectSilence(slapd)
        }
    }

    @Test("Files that are not there are a mistake in the settings")
    func files() async throws {
        for name in ["authorities", "certificate", "privateKey"] {
            let authority = try await TestAuthority()
            let own = try await authority.issue("anynode", for: [], usage: "clientAuth")
            var tls: JSONValue = ["certificate": .string(own.certificate), "privateKey": .string(own.privateKey)]
            tls = tls.merging([:]).merging(.object(JSONObject([(name, "/nowhere/at-all.pem")])))
            await #expect {
                try await withDirectory(companySettings(["ldaps://127.0.0.1:1"], ["tls": tls])) { _ in }
            } throws: { error in
                guard case PluginError.invalidSettings(let text)? = error as? PluginError else { return false }
                return text.contains("/nowhere/at-all.pem")
            }
        }
    }
}

extension JSONObject {
    fileprivate init(_ members: [(String, JSONValue)]) {
        self.init()
        for (name, value) in members { self[name] = value }
    }
}
