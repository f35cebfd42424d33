import LDAPDirectory
import Logging
import PluginAPI
import StrictJSON
import Telephony
import Testing

/// Numbers as people write them, whose they are, and the list of all of them.
@Suite("LDAP: numbers", .serialized, .timeLimit(.minutes(2)))
struct LDAPNumberTests {
    @Test("Who has no number, and what nobody has")
    func missing() async throws {
        try await withSlapd { slapd in
            for isIndexed in [true, false] {
                try await withDirectory(slapd.settings(["numbers": ["index": .bool(isIndexed)]])) {
                    plugin async throws in
                    #expect(try await plugin.entry(named: "dave") == nil)
                    #expect(try await plugin.entry(named: "nobody") == nil)
                    for number in ["4953638195000", "495363819512", "49536381951234", "3638195123", "dave"] {
                        #expect(try await plugin.entry(at: number) == nil)
                    }
                    #expect(await plugin.isWell)
                }
            }
        }
    }

    @Test("A number is found however it is written, from the first question on")
    func forms() async throws {
        try await withSlapd { slapd in
            try await withDirectory(slapd.settings()) { plugin async throws in
                for _ in 0..<2 {
                    #expect(try await plugin.entry(at: "4953638195123")?.username.text == "alice")
                    #expect(try await plugin.entry(at: "+49-5363-8195-999")?.username.text == "bob")
                    #expect(try await plugin.entry(at: "4953638195778")?.username.text == "carol")
                }
            }
        }
    }

    @Test("Further numbers, of further attributes")
    func several() async throws {
        try await withSlapd { slapd in
            let numbers: JSONValue = ["numbers": ["attributes": ["telephoneNumber", "mobile"]]]
            try await withDirectory(slapd.settings(numbers)) { plugin async throws in
                let carol = try #require(try await plugin.entry(named: "carol"))
                #expect(carol.dialString.text == "4953638195777")
                #expect(carol.furtherDialStrings.map(\.text) == ["4953638195778", "49170123456"])
                #expect(try await plugin.entry(at: "49170123456") == carol)
            }
            let reversed: JSONValue = ["numbers": ["attributes": ["mobile", "telephoneNumber"]]]
            try await withDirectory(slapd.settings(reversed)) { plugin async throws in
                #expect(try await plugin.entry(named: "carol")?.dialString.text == "49170123456")
                #expect(try await plugin.entry(named: "alice")?.dialString.text == "4953638195123")
            }
        }
    }

    @Test("Two owners of one number: nobody's, and the log names both once")
    func contested() async throws {
        try await withSlapd(Slapd.Options(tree: Company.tree + Company.contested)) { slapd in
            let log = LogRecorder()
            try await withDirectory(slapd.settings(), log: log) { plugin async throws in
                // By then all numbers are listed; before, nobody can know.
                #expect(try await plugin.entry(at: "4953638195123") != nil)
                for _ in 0..<3 { await expectInconsistent { _ = try await plugin.entry(at: "4953638195555") } }
                await expectInconsistent { _ = try await plugin.entry(named: "erin") }
                await expectInconsistent { _ = try await plugin.entry(named: "frank") }
                #expect(await plugin.weakness?.contains("owners") == true)
                // Nobody else suffers.
                #expect(try await plugin.entry(named: "alice") != nil)
                #expect(try await plugin.judge("erin") == .accepted(#require(Username("erin"))))
            }
            let names = (Company.distinguishedName("erin"), Company.distinguishedName("frank"))
            #expect(log.errors(naming: names.0, names.1, "4953638195555").count == 1)
        }
    }

    @Test("A number is nobody's from the moment two have it, and somebody's again when it is mended")
    func mended() async throws {
        try await withSlapd(Slapd.Options(tree: Company.tree + Company.contested)) { slapd in
            try await withDirectory(slapd.settings(["numbers": ["refresh": "100ms"]])) { plugin async throws in
                #expect(try await plugin.entry(at: "4953638195123") != nil)
                await expectInconsistent { _ = try await plugin.entry(at: "4953638195555") }
                let change = "changetype: modify\nreplace: telephoneNumber\ntelephoneNumber: +49 (5363) 8195-556\n"
                try await slapd.modify("dn: \(Company.distinguishedName("erin"))\n\(change)")
                // Read afresh: the list need not be made again.
                #expect(try await plugin.entry(at: "4953638195555")?.username.text == "frank")
                #expect(try await plugin.entry(named: "frank")?.dialString.text == "4953638195555")
                #expect(try await plugin.entry(named: "erin")?.dialString.text == "4953638195556")
                try await eventually { try await plugin.entry(at: "4953638195556") != nil }
                try await eventually { await plugin.isWell }
                let back = "changetype: modify\nreplace: telephoneNumber\ntelephoneNumber: +49 (5363) 8195--556\n"
                try await slapd.modify("dn: \(Company.distinguishedName("frank"))\n\(back)")
                try await eventually {
                    do {
                        return try await plugin.entry(at: "4953638195556")?.username.text == "never"
                    } catch PluginError.inconsistent {
                        return true
                    }
                }
            }
        }
    }

    @Test("Numbers are read afresh: what was changed counts, whatever the list says")
    func fresh() async throws {
        try await withSlapd { slapd in
            try await withDirectory(slapd.settings()) { plugin async throws in
                #expect(try await plugin.entry(at: "4953638195123")?.username.text == "alice")
                let change = "changetype: modify\nreplace: telephoneNumber\ntelephoneNumber: +4953638195124\n"
                try await slapd.modify("dn: \(Company.distinguishedName("alice"))\n\(change)")
                #expect(try await plugin.entry(at: "4953638195123") == nil)
                #expect(try await plugin.entry(at: "4953638195124")?.username.text == "alice")
                #expect(try await plugin.entry(named: "alice")?.dialString.text == "4953638195124")
                try await slapd.modify("dn: \(Company.distinguishedName("bob"))\nchangetype: delete\n")
                #expect(try await plugin.entry(at: "4953638195999") == nil)
                #expect(try await plugin.entry(named: "bob") == nil)
            }
        }
    }

    @Test("Rules that rewrite")
    func rewriting() async throws {
        var tree = Company.branches
        let written = ["+49 5363 8195-123", "0049 5363 / 8195-124", "(05363) 8195.125", "5363 126"]
        for (index, number) in written.enumerated() {
            tree += Company.person("p\(index)", "P \(index)", numbers: [number])
        }
        try await withSlapd(Slapd.Options(tree: tree)) { slapd in
            let rules: JSONValue = [
                ["strip": " ()/-."], ["pattern": "^\\+", "with": ""], ["pattern": "^00", "with": ""],
                ["pattern": "^0", "with": "49"], ["pattern": "^(5363)(.*)$", "with": "49$18195$2"],
            ]
            try await withDirectory(slapd.settings(["numbers": ["rewrite": rules]])) { plugin async throws in
                for index in written.indices {
                    let number = "495363819512\(3 + index)"
                    #expect(try await plugin.entry(named: "p\(index)")?.dialString.text == number)
                    #expect(try await plugin.entry(at: number)?.username.text == "p\(index)")
                }
            }
        }
    }

    @Test("Values that are no numbers are left aside, and the log says so")
    func unusable() async throws {
        let more =
            Company.person("odd", "Odd", numbers: ["see reception", "+49 5363 8195-300"])
            + Company.person("none", "None", numbers: ["ask me!"])
        try await withSlapd(Slapd.Options(tree: Company.tree + more)) { slapd in
            let log = LogRecorder()
            try await withDirectory(slapd.settings(), log: log) { plugin async throws in
                // "see reception" without its space is a name that may be dialled.
                let odd = try #require(try await plugin.entry(named: "odd"))
                #expect(odd.owns(try #require(DialString("4953638195300"))))
                #expect(try await plugin.entry(named: "none") == nil)
            }
            #expect(log.entries.contains { $0.text.contains("ask me!") })
        }
    }

    @Test("Pages smaller than the company", arguments: [1, 7, 100])
    func pages(size: Int) async throws {
        try await withSlapd(Slapd.Options(tree: Company.branches + Company.crowd(50))) { slapd in
            let settings = slapd.settings(["pageSize": .number("\(size)")])
            try await withDirectory(settings) { plugin async throws in
                for index in 0..<50 {
                    #expect(try await plugin.entry(at: "495363\(10_000 + index)")?.username.text == "u\(index)")
                }
                #expect(await plugin.isWell)
            }
            let pages = slapd.logged("nentries=\(min(size, 50)) ")
            #expect(pages.count >= 50 / size)
        }
    }

    @Test("A server that lists no more than five: people are found, numbers as far as they are written plainly")
    func sizeLimit() async throws {
        try await withSlapd(Slapd.Options(directives: ["sizelimit 5"])) { slapd in
            let log = LogRecorder()
            try await withDirectory(slapd.settings(), log: log) { plugin async throws in
                try await eventually { await plugin.weakness != nil }
                #expect(try await plugin.entry(named: "alice") != nil)
                #expect(try await plugin.entry(named: Company.longName) != nil)
                // OpenLDAP compares numbers without spaces and hyphens.
                #expect(try await plugin.entry(at: "4953638195602")?.username.text == Company.longName)
                #expect(try await plugin.judge("alice") == .accepted(#require(Username("alice"))))
            }
            #expect(log.entries.count { $0.level == .warning && $0.text.contains("part of its entries") } == 1)
        }
    }

    @Test("Only members of a group exist")
    func group() async throws {
        try await withSlapd { slapd in
            let group: JSONValue = ["group": ["base": .string("cn=telephony,\(Company.groups)")]]
            try await withDirectory(slapd.settings(group)) { plugin async throws in
                for name in ["alice", Company.trickyName] {
                    #expect(try await plugin.entry(named: name)?.username.text == name)
                }
                #expect(try await plugin.entry(at: "4953638195600")?.username.text == Company.trickyName)
                #expect(try await plugin.judge("alice") == .accepted(#require(Username("alice"))))
                #expect(try await plugin.judge("alice", "wrong") == .refused)
                #expect(try await plugin.entry(named: "bob") == nil)
                #expect(try await plugin.entry(at: "4953638195999") == nil)
                #expect(try await plugin.judge("bob") == .notMine)
                // In and out again, without a restart.
                let change = "dn: cn=telephony,\(Company.groups)\nchangetype: modify\n"
                let bob = Company.distinguishedName("bob")
                try await slapd.modify("\(change)add: member\nmember: \(bob)\n")
                #expect(try await plugin.entry(named: "bob") != nil)
                try await slapd.modify("\(change)delete: member\nmember: \(bob)\n")
                #expect(try await plugin.entry(named: "bob") == nil)
            }
        }
    }

    @Test("A group that is not there is a fault, not an empty group")
    func groupMissing() async throws {
        try await withSlapd { slapd in
            let group: JSONValue = ["group": ["base": .string("cn=nowhere,\(Company.groups)")]]
            try await withDirectory(slapd.settings(group)) { plugin async throws in
                await expectUnavailable { _ = try await plugin.entry(named: "alice") }
                await expectUnavailable { _ = try await plugin.judge("alice") }
            }
        }
    }

    @Test("Membership by the memberof overlay, in the user's filter")
    func memberOf() async throws {
        var options = Slapd.Options()
        options.databaseDirectives = ["overlay memberof"]
        try await withSlapd(options) { slapd in
            try await slapd.modify(
                Company.entry(
                    "cn=phones,\(Company.groups)",
                    ["objectClass: groupOfNames", "cn: phones", "member: \(Company.distinguishedName("bob"))"]
                )
            )
            let filter = "(&(objectClass=person)(uid={username})(memberOf=cn=phones,\(Company.groups)))"
            try await withDirectory(slapd.settings(["users": ["filter": .string(filter)]])) { plugin async throws in
                #expect(try await plugin.entry(named: "bob")?.dialString.text == "4953638195999")
                #expect(try await plugin.entry(at: "4953638195999") != nil)
                #expect(try await plugin.entry(named: "alice") == nil)
                #expect(try await plugin.entry(at: "4953638195123") == nil)
                #expect(try await plugin.judge("alice") == .notMine)
            }
        }
    }
}
