import Foundation
import Testing

/// What the tests of the plugin stand on does what it says.
@Suite("LDAP: the server of these tests", .serialized, .timeLimit(.minutes(2)))
struct SlapdFixtureTests {
    private static func search(_ url: String, _ filter: String, _ more: [String] = []) async throws -> String {
        try await ChildProcess.run(
            ["ldapsearch", "-LLL", "-o", "ldif-wrap=no", "-o", "nettimeout=5", "-H", url, "-b", Company.suffix] + more
                + (more.contains("EXTERNAL") ? [] : ["-x"]) + [filter, "1.1"]
        )
    }

    @Test("It answers over TCP and over its socket, and everybody is there")
    func company() async throws {
        try await withSlapd { slapd in
            for url in [slapd.url, slapd.localURL] {
                #expect(try await Self.search(url, "(uid=alice)").contains("uid=alice,ou=people"))
            }
            #expect(try await Self.search(slapd.url, "(uid=twin)").components(separatedBy: "dn:").count == 3)
            #expect(try await Self.search(slapd.url, "(objectClass=person)").components(separatedBy: "dn:").count == 10)
            let tricky = Company.escaped(Company.trickyName)
            #expect(try await Self.search(slapd.url, "(uid=\(tricky))").components(separatedBy: "dn:").count == 2)
            try await slapd.modify("dn: uid=dave,\(Company.people)\nchangetype: delete\n")
            #expect(try await !Self.search(slapd.url, "(uid=dave)").contains("dn:"))
            #expect(!slapd.logged("SRCH base=\"dc=example,dc=test\" scope=2 deref=0 filter=\"(uid=alice)\"").isEmpty)
        }
    }

    @Test("It takes passwords, and the word of the system and of a certificate")
    func binding() async throws {
        let authority = try await TestAuthority()
        var options = Slapd.Options()
        options.certificate = try await authority.issue("server")
        options.clientAuthority = authority
        options.isOpen = false
        let client = try await authority.issue("anynode", for: [], usage: "clientAuth")
        try await withSlapd(options) { slapd in
            let arguments = ["-Y", "EXTERNAL", "-Q", "-o", "tls_cacert=\(authority.path)"]
            let files = ["-o", "tls_cert=\(client.certificate)", "-o", "tls_key=\(client.privateKey)"]
            #expect(try await Self.search(slapd.secureURL, "(uid=alice)", arguments + files).contains("uid=alice"))
            let local = try await Self.search(slapd.localURL, "(uid=alice)", ["-Y", "EXTERNAL", "-Q"])
            #expect(local.contains("uid=alice"))
        }
        options.clientAuthority = nil
        try await withSlapd(options) { slapd in
            let name = ["-D", Company.service, "-w", Company.servicePassword]
            let found = try await Self.search(slapd.url, "(uid=alice)", name)
            #expect(found.contains("uid=alice"))
            await #expect(throws: ChildProcess.Failure.self) { try await Self.search(slapd.url, "(uid=alice)") }
        }
    }

    @Test("It can be stopped, killed, frozen and started again on its port")
    func life() async throws {
        try await withSlapd { slapd in
            await slapd.stop()
            await #expect(throws: ChildProcess.Failure.self) { try await Self.search(slapd.url, "(uid=bob)") }
            try await slapd.start()
            try await slapd.restart()
            #expect(try await Self.search(slapd.url, "(uid=bob)").contains("uid=bob"))
            try await slapd.freeze()
            async let answer = Self.search(slapd.url, "(uid=bob)")
            slapd.thaw()
            let found = try await answer
            #expect(found.contains("uid=bob"))
            #expect(try await slapd.connections() == 0)
        }
    }

    @Test("Active Directory's filter, with its matching rule for bits, works here")
    func activeDirectory() async throws {
        let options = Slapd.Options(tree: ActiveDirectory.tree, schema: ActiveDirectory.schema)
        try await withSlapd(options) { slapd in
            for (name, isThere) in [("alice", true), ("ALICE", true), ("bob", true), ("gone", false), ("gone2", false)]
            {
                let disabled = "(userAccountControl:1.2.840.113556.1.4.803:=2)"
                let filter = "(&(objectCategory=person)(objectClass=user)(sAMAccountName=\(name))(!\(disabled)))"
                let found = try await Self.search(slapd.url, filter)
                #expect(found.contains("dn:") == isThere, "\(name)")
            }
        }
    }

    @Test("The proxy hands on, waits, cuts, keeps silent and resets")
    func proxy() async throws {
        try await withSlapd { slapd in
            let proxy = try CuttingProxy(to: slapd.port)
            defer { proxy.stop() }
            let url = "ldap://127.0.0.1:\(proxy.port)"
            #expect(try await Self.search(url, "(uid=bob)").contains("uid=bob"))
            let whole = proxy.answered
            proxy.behaviour = .slow(.milliseconds(5))
            #expect(try await Self.search(url, "(uid=bob)").contains("uid=bob"))
            proxy.behaviour = .cut(after: whole - 1)
            await #expect(throws: ChildProcess.Failure.self) { try await Self.search(url, "(uid=bob)") }
            #expect(proxy.answered == 3 * whole - 1)
            proxy.behaviour = .resetting
            await #expect(throws: ChildProcess.Failure.self) { try await Self.search(url, "(uid=bob)") }
            proxy.behaviour = .paused
            async let answer = Self.search(url, "(uid=bob)")
            try await eventually { proxy.accepted == 5 }
            proxy.behaviour = .honest
            let found = try await answer
            #expect(found.contains("uid=bob"))
            proxy.behaviour = .silent
            async let never = Task { try await Self.search(url, "(uid=bob)") }.result
            try await eventually { proxy.accepted == 6 }
            proxy.stop()
            let failed = await never
            #expect(throws: ChildProcess.Failure.self) { try failed.get() }
            try await eventually { proxy.open == 0 }
        }
    }
}
