import LDAPDirectory
import Logging
import PluginAPI
import StrictJSON
import Telephony
import Testing

/// Several servers with the same content.
@Suite("LDAP: several servers", .serialized, .timeLimit(.minutes(2)))
struct LDAPFailoverTests {
    private static func expectWork(_ plugin: LDAPDirectoryPlugin) async throws {
        #expect(try await plugin.entry(named: "alice")?.dialString.text == "4953638195123")
        #expect(try await plugin.entry(named: "nobody") == nil)
        #expect(try await plugin.entry(at: "4953638195999")?.username.text == "bob")
        #expect(try await plugin.judge("alice") == .accepted(#require(Username("alice"))))
        #expect(try await plugin.judge("alice", "wrong") == .refused)
    }

    @Test("The second stands in for the first, and the first comes back")
    func killed() async throws {
        try await withSlapd { first in
            try await withSlapd { second in
                let log = LogRecorder()
                let settings = companySettings([first.url, second.url])
                try await withDirectory(settings, log: log) { plugin async throws in
                    try await Self.expectWork(plugin)
                    #expect(await plugin.isWell)
                    #expect(second.logged("ACCEPT from IP").isEmpty)
                    await first.kill()
                    try await Self.expectWork(plugin)
                    #expect(await plugin.weakness?.contains(second.url) == true)
                    #expect(await plugin.weakness?.contains(first.url) == true)
                    try await first.start()
                    try await eventually { await plugin.isWell }
                    try await Self.expectWork(plugin)
                    #expect(log.entries.contains { $0.level >= .notice && $0.text.contains(second.url) })
                }
            }
        }
    }

    @Test(
        "The second stands in for a first that is dead, refuses the service, or can't prove who it is, from the start"
    )
    func fromTheStart() async throws {
        let (stranger, authority) = (try await TestAuthority(), try await TestAuthority())
        let options = Slapd.Options(certificate: try await stranger.issue("server"))
        try await withSlapd(options) { wrong in
            try await withSlapd { second in
                let dead = "ldap://127.0.0.1:\(LoopbackPort.free())"
                let nowhere = "ldap://no-such-host.invalid"
                for url in [dead, nowhere, wrong.secureURL] {
                    let tls: JSONValue = ["tls": ["authorities": .string(authority.path)], "bind": .simpleBind]
                    try await withDirectory(companySettings([url, second.url], tls)) { plugin async throws in
                        try await eventually { await plugin.weakness != nil }
                        try await Self.expectWork(plugin)
                        #expect(await plugin.weakness?.contains(url) == true)
                    }
                }
                #expect(wrong.logged("BIND dn=").allSatisfy { $0.contains("dn=\"\"") })
            }
        }
    }

    @Test("The second stands in for a first that hangs, for those who wait, too")
    func hanging() async throws {
        try await withSlapd { first in
            try await withSlapd { second in
                let settings = companySettings([first.url, second.url])
                try await withDirectory(settings) { plugin async throws in
                    try await Self.expectWork(plugin)
                    try await first.freeze()
                    // Asked before anybody knows that it hangs, answered by the other within the same question's time.
                    #expect(try await plugin.entry(named: "alice") != nil)
                    try await eventually { await plugin.weakness != nil }
                    try await Self.expectWork(plugin)
                    first.thaw()
                    try await eventually { await plugin.isWell }
                    try await Self.expectWork(plugin)
                }
            }
        }
    }

    @Test("Both gone and both back")
    func both() async throws {
        try await withSlapd { first in
            try await withSlapd { second in
                let settings = companySettings([first.url, second.url], .impatient)
                try await withDirectory(settings) { plugin async throws in
                    try await Self.expectWork(plugin)
                    await first.kill()
                    await second.kill()
                    await expectUnavailable { _ = try await plugin.entry(named: "alice") }
                    let failure = try #require(await plugin.failure)
                    #expect(failure.contains(first.url) && failure.contains(second.url))
                    try await second.start()
                    try await eventually { await plugin.weakness != nil }
                    try await Self.expectWork(plugin)
                    try await first.start()
                    try await eventually { await plugin.isWell }
                }
            }
        }
    }
}
