import LDAPDirectory
import Logging
import PluginAPI
import StrictJSON
import Telephony
import Testing

/// Who gets in, and what the directory hears of it.
@Suite("LDAP: passwords", .serialized, .timeLimit(.minutes(2)))
struct LDAPPasswordTests {
    @Test("No bind without a password")
    func empty() async throws {
        try await withSlapd { slapd in
            try await withDirectory(slapd.settings()) { plugin async throws in
                let alice = try #require(Username("alice"))
                #expect(try await plugin.judge("alice") == .accepted(alice))
                let (binds, searches) = (slapd.logged("BIND dn=").count, slapd.logged("SRCH").count)
                for name in ["alice", "dave", "nobody", "twin", "*"] {
                    #expect(try await plugin.judge(name, "") == .refused)
                }
                #expect(slapd.logged("BIND dn=").count == binds)
                #expect(slapd.logged("SRCH").count >= searches)
                // The log is not merely late: this bind is in it.
                #expect(try await plugin.judge("alice") == .accepted(alice))
                #expect(slapd.logged("BIND dn=\"uid=alice").count >= 2)
                #expect(slapd.logged("BIND dn=\"uid=alice").allSatisfy { !$0.contains("method=0") })
            }
            #expect(slapd.logged("mech=SIMPLE bind_ssf=0").allSatisfy { $0.contains("BIND dn=\"uid=alice") })
        }
    }

    @Test("Right and wrong ones, of people with and without a number")
    func judgement() async throws {
        try await withSlapd { slapd in
            let keyless = Company.entry(
                "uid=keyless,\(Company.people)",
                ["objectClass: inetOrgPerson", "uid: keyless", "cn: Keyless", "sn: K", "telephoneNumber: 1"]
            )
            try await slapd.modify(keyless)
            try await withDirectory(slapd.settings()) { plugin async throws in
                for name in ["alice", "bob", "dave"] {
                    #expect(try await plugin.judge(name) == .accepted(#require(Username(name))))
                    for wrong in [
                        "alic", "-secret", "\(name)-secre", "\(name)-secret ", "\(name)-secret\0", "\0", " ", "*",
                    ] {
                        #expect(try await plugin.judge(name, wrong) == .refused, "\(wrong)")
                    }
                }
                #expect(try await plugin.judge("alice", "bob-secret") == .refused)
                #expect(try await plugin.judge("keyless", "keyless-secret") == .refused)
                #expect(try await plugin.judge("nobody", "alice-secret") == .notMine)
                #expect(await plugin.isWell)
            }
        }
    }

    @Test("Strangers cost a bind, too, as nobody")
    func strangers() async throws {
        try await withSlapd { slapd in
            try await withDirectory(slapd.settings()) { plugin async throws in
                for count in 1...3 {
                    #expect(try await plugin.judge("nobody", "alice-secret") == .notMine)
                    try await eventually { slapd.logged("BIND dn=\"cn=").count == count }
                }
                #expect(slapd.logged("alice-secret").isEmpty)
            }
        }
    }

    @Test("A password that is changed counts at once, and one that is locked counts no more")
    func change() async throws {
        try await withSlapd { slapd in
            try await withDirectory(slapd.settings()) { plugin async throws in
                let name = Company.distinguishedName("alice")
                #expect(try await plugin.judge("alice") == .accepted(#require(Username("alice"))))
                try await slapd.modify("dn: \(name)\nchangetype: modify\nreplace: userPassword\nuserPassword: other\n")
                #expect(try await plugin.judge("alice") == .refused)
                #expect(try await plugin.judge("alice", "other") == .accepted(#require(Username("alice"))))
                try await slapd.modify("dn: \(name)\nchangetype: modify\ndelete: userPassword\n")
                #expect(try await plugin.judge("alice", "other") == .refused)
            }
        }
    }

    @Test("Passwords are not tried on the connection of the searches")
    func separate() async throws {
        // Whoever has just been let in may read nothing here: searches that ran under his name would find nobody.
        try await withSlapd(Slapd.Options(isOpen: false)) { slapd in
            try await withDirectory(slapd.settings(["bind": .simpleBind])) { plugin async throws in
                let alice = try #require(Username("alice"))
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<100 {
                        group.addTask { () async throws in
                            if number.isMultiple(of: 3) {
                                #expect(try await plugin.judge("alice") == .accepted(alice))
                            } else if number.isMultiple(of: 2) {
                                #expect(try await plugin.judge("alice", "wrong") == .refused)
                            } else {
                                #expect(try await plugin.entry(named: "bob") != nil)
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(await plugin.isWell)
            }
        }
    }

    @Test("A wrong password of the service: nobody is judged, the reason is told, and mending it is enough")
    func service() async throws {
        try await withSlapd(Slapd.Options(isOpen: false)) { slapd in
            let log = LogRecorder()
            let wrong: JSONValue = ["bind": JSONValue.simpleBind.merging(["password": "later-secret"])]
            try await withDirectory(slapd.settings(wrong).merging(.impatient), log: log) { plugin async throws in
                #expect(await plugin.failure?.contains("nvalid credentials") == true)
                await expectUnavailable { _ = try await plugin.entry(named: "alice") }
                await expectUnavailable { _ = try await plugin.entry(at: "4953638195999") }
                await expectUnavailable { _ = try await plugin.judge("alice") }
                #expect(log.entries.contains { $0.level == .warning && $0.text.contains(slapd.url) })
                let change = "changetype: modify\nreplace: userPassword\nuserPassword: later-secret\n"
                try await slapd.modify("dn: \(Company.service)\n\(change)")
                try await eventually { await plugin.isWell }
                #expect(try await plugin.entry(named: "alice") != nil)
            }
        }
    }
}
