import Foundation
import LDAPDirectory
import PluginAPI
import StrictJSON
import Telephony
import Testing

/// Many at once, and what remains when all is over.
@Suite("LDAP: load and leaks", .serialized, .timeLimit(.minutes(3)))
struct LDAPLoadTests {
    /// How many descriptors (`fd`) or threads (`task`) this process has; other tests that run at the same time have theirs,
    /// too.
    /// How many threads of this process bear a name. What other tests have open at the same time is not counted.
    private static func threads(called name: String) -> Int {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
        return tasks.count { task in
            let comm = FileManager.default.contents(atPath: "/proc/self/task/\(task)/comm") ?? Data()
            return String(decoding: comm, as: UTF8.self) == "\(name)\n"
        }
    }

    @Test("A thousand questions at once, each gets its own answer", arguments: [1, 64])
    func crowd(searchesAtOnce: Int) async throws {
        try await withSlapd(Slapd.Options(tree: Company.branches + Company.crowd(200))) { slapd in
            let more: JSONValue = ["searchesAtOnce": .number("\(searchesAtOnce)"), "timeouts": ["search": "60s"]]
            try await withDirectory(slapd.settings(more)) { plugin async throws in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for index in 0..<1000 {
                        let person = index % 200
                        group.addTask { () async throws in
                            let number = "495363\(10_000 + person)"
                            #expect(try await plugin.entry(named: "u\(person)")?.dialString.text == number)
                            #expect(try await plugin.entry(at: number)?.username.text == "u\(person)")
                            #expect(try await plugin.entry(named: "v\(person)") == nil)
                        }
                    }
                    try await group.waitForAll()
                }
                // Searches share one connection.
                #expect(try await slapd.connections() == 1)
            }
        }
    }

    @Test("Hundreds of log-ins at once, each is judged by its own password, over a few connections")
    func logins() async throws {
        try await withSlapd(Slapd.Options(tree: Company.branches + Company.crowd(50))) { slapd in
            let more: JSONValue = ["bindsAtOnce": 4, "timeouts": ["bind": "60s", "search": "60s"]]
            try await withDirectory(slapd.settings(more)) { plugin async throws in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for index in 0..<400 {
                        let name = "u\(index % 50)"
                        group.addTask { () async throws in
                            let isRight = index.isMultiple(of: 2)
                            let outcome = try await plugin.judge(name, isRight ? nil : "u\((index + 1) % 50)-secret")
                            #expect(outcome == (isRight ? .accepted(try #require(Username(name))) : .refused))
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(try await slapd.connections() <= 5)
            }
        }
    }

    @Test("Whoever gives up waiting harms nobody else")
    func cancelled() async throws {
        try await withSlapd { slapd in
            try await withDirectory(slapd.settings()) { plugin async throws in
                for _ in 0..<20 {
                    await withTaskGroup(of: Void.self) { group in
                        for number in 0..<20 {
                            group.addTask {
                                do {
                                    if number.isMultiple(of: 2) {
                                        #expect(try await plugin.entry(named: "alice") != nil)
                                    } else {
                                        #expect(try await plugin.judge("bob") == .accepted(#require(Username("bob"))))
                                    }
                                } catch {
                                    #expect(error is CancellationError)
                                }
                            }
                        }
                        await Task.yield()
                        group.cancelAll()
                    }
                    // The answer is to this question, not to one of those.
                    #expect(try await plugin.entry(named: "carol")?.dialString.text == "4953638195777")
                    #expect(try await plugin.judge("alice", "wrong") == .refused)
                }
                #expect(await plugin.isWell)
            }
        }
    }

    @Test("Nothing is left of a plugin that is stopped: no connection, no thread")
    func leaks() async throws {
        let authority = try await TestAuthority()
        let options = Slapd.Options(certificate: try await authority.issue("server"))
        try await withSlapd(options) { slapd in
            let silent = try CuttingProxy(to: 0, .silent)
            defer { silent.stop() }
            let tls: JSONValue = ["tls": ["startTLS": "required", "authorities": .string(authority.path)]]
            let urls = [slapd.url, slapd.secureURL, slapd.localURL]
            let dead = "ldap://127.0.0.1:\(LoopbackPort.free())"
            for round in 0..<60 {
                let silentURL = "\(round.isMultiple(of: 2) ? "ldap" : "ldaps")://127.0.0.1:\(silent.port)"
                let servers = round % 10 == 9 ? [silentURL, dead] : [urls[round % 3]]
                // Impatient with those alone that do not answer: a busy machine may take its time with the others.
                let settings = companySettings(servers, servers.count > 1 ? tls.merging(.impatient) : tls)
                try await withDirectory(settings, name: "leaks") { plugin async throws in
                    #expect(Self.threads(called: "ldap.leaks") > 0)
                    guard servers.count == 1 else {
                        await expectUnavailable { _ = try await plugin.entry(named: "alice") }
                        return
                    }
                    #expect(try await plugin.entry(named: "alice") != nil)
                    #expect(try await plugin.judge("alice") == .accepted(#require(Username("alice"))))
                }
            }
            try await eventually { try await slapd.connections() == 0 }
            silent.cutAll()
            // A thread holds all that its plugin had, its descriptors included.
            try await eventually(within: .seconds(60)) { Self.threads(called: "ldap.leaks") == 0 }
        }
    }

    @Test("Questions that wait when it is stopped end at once, and none is answered after")
    func stopping() async throws {
        try await withSlapd { slapd in
            let settings = try PluginFixture.settings(LDAPDirectoryPlugin.self, slapd.settings())
            let context = PluginContext(name: "test", logger: PluginFixture.logger, baseDirectory: ".")
            let plugin = try LDAPDirectoryPlugin(settings: settings, context: context)
            try await plugin.start()
            #expect(try await plugin.entry(named: "alice") != nil)
            try await slapd.freeze()
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<10 {
                    group.addTask { await expectUnavailable { _ = try await plugin.entry(named: "alice") } }
                    group.addTask { await expectUnavailable { _ = try await plugin.judge("alice") } }
                    group.addTask { await expectUnavailable { _ = try await plugin.entry(at: "4953638195999") } }
                }
                await Task.yield()
                await plugin.stop()
                await group.waitForAll()
            }
            await expectUnavailable { _ = try await plugin.entry(named: "alice") }
            slapd.thaw()
        }
    }
}
