import Foundation
import LDAPDirectory
import PluginAPI
import StrictJSON
import Telephony
import Testing

/// A directory that is slow, silent, gone or cut off: nobody is told that somebody does not exist, and all is well again by
/// itself.
@Suite("LDAP: faults", .serialized, .timeLimit(.minutes(3)))
struct LDAPFaultTests {
    /// Every question ends with "I could not find out".
    private static func expectOutage(_ plugin: LDAPDirectoryPlugin) async {
        await withTaskGroup(of: Void.self) { group in
            for name in ["alice", "nobody"] {
                group.addTask { await expectUnavailable { _ = try await plugin.entry(named: name) } }
                group.addTask { await expectUnavailable { _ = try await plugin.judge(name) } }
            }
            group.addTask { await expectUnavailable { _ = try await plugin.entry(at: "4953638195999") } }
        }
    }

    private static func expectWellAgain(_ plugin: LDAPDirectoryPlugin) async throws {
        try await eventually { await plugin.isWell }
        #expect(try await plugin.entry(named: "alice")?.dialString.text == "4953638195123")
        #expect(try await plugin.entry(named: "nobody") == nil)
        #expect(try await plugin.entry(at: "4953638195123")?.username.text == "alice")
        #expect(try await plugin.judge("alice") == .accepted(#require(Username("alice"))))
        #expect(try await plugin.judge("alice", "wrong") == .refused)
    }

    @Test("A server that hangs, and goes on")
    func hanging() async throws {
        try await withSlapd { slapd in
            try await withDirectory(slapd.settings(.impatient)) { plugin async throws in
                for _ in 0..<2 {
                    try await Self.expectWellAgain(plugin)
                    try await slapd.freeze()
                    await Self.expectOutage(plugin)
                    try await eventually { await plugin.failure != nil }
                    slapd.thaw()
                }
                try await Self.expectWellAgain(plugin)
            }
        }
    }

    @Test("A server that is killed, and started again")
    func killed() async throws {
        try await withSlapd { slapd in
            try await withDirectory(slapd.settings(.impatient)) { plugin async throws in
                #expect(try await plugin.judge("alice") == .accepted(#require(Username("alice"))))
                await slapd.kill()
                await Self.expectOutage(plugin)
                #expect(await plugin.failure != nil)
                try await slapd.start()
                try await Self.expectWellAgain(plugin)
            }
        }
    }

    @Test("A server that is stopped in good order, and started again")
    func stopped() async throws {
        try await withSlapd { slapd in
            try await withDirectory(slapd.settings(.impatient)) { plugin async throws in
                try await Self.expectWellAgain(plugin)
                await slapd.stop()
                await Self.expectOutage(plugin)
                try await slapd.start()
                try await Self.expectWellAgain(plugin)
            }
        }
    }

    @Test("A server that is restarted between two questions is not noticed")
    func restarted() async throws {
        try await withSlapd { slapd in
            try await withDirectory(slapd.settings()) { plugin async throws in
                for _ in 0..<3 {
                    #expect(try await plugin.entry(named: "alice") != nil)
                    #expect(try await plugin.judge("alice") == .accepted(#require(Username("alice"))))
                    try await slapd.restart()
                }
            }
        }
    }

    @Test("A server that closes idle connections is not noticed")
    func idle() async throws {
        try await withSlapd(Slapd.Options(directives: ["idletimeout 1"])) { slapd in
            let log = LogRecorder()
            try await withDirectory(slapd.settings(), log: log) { plugin async throws in
                for _ in 0..<2 {
                    #expect(try await plugin.judge("alice") == .accepted(#require(Username("alice"))))
                    let count = slapd.logged("closed (idletimeout)").count
                    try await eventually { slapd.logged("closed (idletimeout)").count > count }
                    #expect(try await plugin.entry(named: "alice") != nil)
                    #expect(try await plugin.judge("alice") == .accepted(#require(Username("alice"))))
                    #expect(await plugin.failure == nil)
                }
            }
        }
    }

    @Test("A server that comes later than we do")
    func late() async throws {
        try await withSlapd { slapd in
            await slapd.kill()
            try await withDirectory(slapd.settings(.impatient)) { plugin async throws in
                await Self.expectOutage(plugin)
                #expect(await plugin.failure != nil)
                try await slapd.start()
                try await Self.expectWellAgain(plugin)
            }
        }
    }

    @Test("A network that is slow, but not too slow, and then is")
    func slow() async throws {
        try await withSlapd { slapd in
            let proxy = try CuttingProxy(to: slapd.port, .slow(.milliseconds(20)))
            defer { proxy.stop() }
            try await withDirectory(companySettings([proxy.url], .impatient)) { plugin async throws in
                try await Self.expectWellAgain(plugin)
                proxy.behaviour = .slow(.seconds(2))
                await Self.expectOutage(plugin)
                proxy.behaviour = .honest
                try await Self.expectWellAgain(plugin)
            }
        }
    }

    @Test("A network that falls silent with the connections open")
    func paused() async throws {
        try await withSlapd { slapd in
            let proxy = try CuttingProxy(to: slapd.port)
            defer { proxy.stop() }
            try await withDirectory(companySettings([proxy.url], .impatient)) { plugin async throws in
                try await Self.expectWellAgain(plugin)
                proxy.behaviour = .paused
                await Self.expectOutage(plugin)
                proxy.behaviour = .honest
                try await Self.expectWellAgain(plugin)
            }
        }
    }

    @Test("A server that accepts connections and says nothing", arguments: ["ldap", "ldaps", "StartTLS"])
    func silent(kind: String) async throws {
        let proxy = try CuttingProxy(to: 0, .silent)
        defer { proxy.stop() }
        let scheme = kind == "ldaps" ? "ldaps" : "ldap"
        let tls: JSONValue = ["tls": ["startTLS": kind == "StartTLS" ? "required" : "off"]]
        let settings = companySettings(["\(scheme)://127.0.0.1:\(proxy.port)"], tls).merging(.impatient)
        try await withDirectory(settings) { plugin async throws in
            await Self.expectOutage(plugin)
            try await eventually { await plugin.failure != nil }
            // It is tried again and again, but not at one go.
            try await eventually { proxy.accepted >= 2 }
            #expect(proxy.accepted < 20)
        }
    }

    @Test("A server that resets connections")
    func resetting() async throws {
        let proxy = try CuttingProxy(to: 0, .resetting)
        defer { proxy.stop() }
        try await withDirectory(companySettings([proxy.url], .impatient)) { plugin async throws in
            await Self.expectOutage(plugin)
            #expect(await plugin.failure != nil)
        }
    }

    @Test("A name that does not resolve")
    func unresolvable() async throws {
        let settings = companySettings(["ldap://no-such-host.invalid:389"], .impatient)
        try await withDirectory(settings) { plugin async throws in
            await Self.expectOutage(plugin)
            try await eventually { await plugin.failure?.contains("no-such-host.invalid") == true }
        }
    }

    @Test("Something else than a directory listens there")
    func babbling() async throws {
        let folder = TemporaryFolder()
        try folder.write("hello", to: "index.html")
        let port = LoopbackPort.free()
        let child = try await ChildProcess.start(
            ["python3", "-m", "http.server", "--bind", "127.0.0.1", "--directory", folder.path, "\(port)"]
        )
        try await eventually {
            guard let descriptor = LoopbackPort.connect(port) else { return false }
            close(descriptor)
            return true
        }
        try await withDirectory(companySettings(["ldap://127.0.0.1:\(port)"], .impatient)) { plugin async throws in
            await Self.expectOutage(plugin)
            #expect(await plugin.failure != nil)
        }
        child.signal(SIGKILL)
        await child.ended()
    }

    @Test("An answer that is cut at any byte is no answer; the question is asked again")
    func cut() async throws {
        try await withSlapd { slapd in
            let proxy = try CuttingProxy(to: slapd.port)
            defer { proxy.stop() }
            let more: JSONValue = ["numbers": ["index": false]]
            let settings = companySettings([proxy.url], more)
            // How long the answers are: to the log-in, and to the search.
            try await withDirectory(settings) { _ in }
            let welcome = proxy.answered
            try await withDirectory(settings) { plugin async throws in
                #expect(try await plugin.entry(named: "bob") != nil)
            }
            let whole = proxy.answered - welcome
            try #require(welcome > 10 && whole > welcome + 100)
            // Two questions of one length: for the person, and for other owners of the number.
            let half = (welcome + whole) / 2
            try await withThrowingTaskGroup(of: Void.self) { group in
                for count in 0..<half where count.isMultiple(of: 3) || count > half - 20 {
                    group.addTask { () async throws in
                        let proxy = try CuttingProxy(to: slapd.port, .cut(after: count))
                        defer { proxy.stop() }
                        try await withDirectory(companySettings([proxy.url], more)) { plugin async throws in
                            // Never an entry with something missing, never "there is no such user".
                            await expectUnavailable("cut after \(count)") { _ = try await plugin.entry(named: "bob") }
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await withDirectory(settings) { plugin async throws in
                #expect(try await plugin.entry(named: "bob") != nil)
                proxy.cutAll()
                #expect(try await plugin.entry(named: "bob") != nil)
                #expect(try await plugin.judge("bob") == .accepted(#require(Username("bob"))))
                proxy.cutAll()
                #expect(try await plugin.judge("bob") == .accepted(#require(Username("bob"))))
            }
        }
    }

    @Test("Codes that are no answer", arguments: [1, 2, 3, 8, 10, 11, 12, 13, 18, 50, 51, 52, 53, 54, 80])
    func codes(code: Int) async throws {
        var options = Slapd.Options()
        let parent = "ou=codes,\(Company.suffix)"
        options.databaseDirectives = [
            "overlay retcode", "retcode-parent \"\(parent)\"",
            "retcode-item \"cn=item\" 0x\(String(code, radix: 16)) op=search",
        ]
        if code == 10 { options.databaseDirectives[2] += " ref=\"ldap://127.0.0.1:1/\"" }
        try await withSlapd(options) { slapd in
            let settings = slapd.settings(["users": ["base": .string("cn=item,\(parent)")]])
            try await withDirectory(settings.merging(.impatient)) { plugin async throws in
                await expectUnavailable { _ = try await plugin.entry(named: "alice") }
                await expectUnavailable { _ = try await plugin.judge("alice") }
                await expectUnavailable { _ = try await plugin.entry(at: "4953638195999") }
            }
            #expect(!slapd.logged("err=\(code) ").isEmpty)
        }
    }

    @Test("References to other servers are never followed, and refused where that is asked for")
    func referrals() async throws {
        let elsewhere = try CuttingProxy(to: 0, .silent)
        defer { elsewhere.stop() }
        let reference = Company.entry(
            "ou=elsewhere,\(Company.people)",
            [
                "objectClass: referral", "objectClass: extensibleObject", "ou: elsewhere",
                "ref: ldap://127.0.0.1:\(elsewhere.port)/ou=elsewhere,\(Company.people)",
            ]
        )
        try await withSlapd(Slapd.Options(tree: Company.tree + reference)) { slapd in
            try await withDirectory(slapd.settings()) { plugin async throws in
                try await Self.expectWellAgain(plugin)
            }
            try await withDirectory(slapd.settings(["referrals": "refuse"])) { plugin async throws in
                await expectUnavailable { _ = try await plugin.entry(named: "alice") }
                await expectUnavailable { _ = try await plugin.judge("alice") }
            }
            // The base itself is elsewhere.
            let base: JSONValue = ["users": ["base": .string("ou=x,ou=elsewhere,\(Company.people)")]]
            try await withDirectory(slapd.settings(base)) { plugin async throws in
                await expectUnavailable { _ = try await plugin.entry(named: "alice") }
            }
        }
        #expect(elsewhere.accepted == 0)
    }

    @Test("A base that is not there is a fault, not an empty directory")
    func baseMissing() async throws {
        try await withSlapd { slapd in
            let base: JSONValue = ["users": ["base": .string("ou=nowhere,\(Company.suffix)")]]
            try await withDirectory(slapd.settings(base).merging(.impatient)) { plugin async throws in
                await expectUnavailable { _ = try await plugin.entry(named: "alice") }
                await expectUnavailable { _ = try await plugin.judge("alice") }
            }
        }
    }
}
