import Core
import LDAPDirectory
import Logging
import PluginAPI
import StrictJSON
import Testing

/// The whole server, whose only directory hangs for a while.
@Suite("LDAP: an outage, as clients see it", .timeLimit(.minutes(2)))
struct LDAPOutageScenario {
    @Test("Who is registered calls on; who comes is told to try again; and all is well when the directory is")
    func outage() async throws {
        try await withSlapd { slapd in
            try await withServer(slapd.settings(.impatient)) { port in
                func connect(_ name: String) async throws -> ScenarioPhone {
                    try await ScenarioPhone.connect(port: port, login: "\(name):\(Company.password(name))")
                }
                let (alice, bob, carol) = try await (connect("alice"), connect("bob"), connect("carol"))
                try await Self.register(alice, "alice").expect(["action": "start", "state": "registered"])
                try await Self.register(bob, "bob").expect(["action": "start", "state": "registered"])

                try await slapd.freeze()
                let unavailable: JSONValue = ["action": "start", "state": "failed", "reason": "directoryUnavailable"]
                // Carol has logged in, but nobody can say now what her number is.
                let asked = try await Self.register(carol, "carol")
                // Those who are there do not notice.
                try await Self.call(from: alice, to: bob, number: "4953638195999", named: "during")
                try await Self.call(from: bob, to: alice, number: "4953638195123", named: "during-2")
                try await asked.expect(unavailable)
                await #expect { _ = try await connect("carol") } throws: { error in
                    // Neither "wrong password" nor a crash.
                    (error as? ScenarioPhone.Refused)?.status == 503
                }
                await #expect(throws: ScenarioPhone.Refused.self) {
                    try await ScenarioPhone.connect(port: port, login: "carol:wrong")
                }

                slapd.thaw()
                try await eventually {
                    do {
                        let late = try await connect("carol")
                        try await Self.register(late, "carol").expect(["action": "start", "state": "registered"])
                        try await Self.call(from: late, to: bob, number: "4953638195999", named: "after")
                        return true
                    } catch let refused as ScenarioPhone.Refused {
                        #expect(refused.status == 503)
                        return false
                    }
                }
                try await Self.call(from: alice, to: bob, number: "4953638195999", named: "after-2")
            }
        }
    }

    @discardableResult
    private static func register(_ phone: ScenarioPhone, _ name: String) async throws -> ScenarioPhone {
        let assignment: JSONValue = ["username": .string(name)]
        try await phone.send(["version": 1, "operation": "register", "action": "start", "assignment": assignment])
        return phone
    }

    private static func request(_ action: String, _ identifier: JSONValue) -> JSONValue {
        ["version": 1, "operation": "signaling", "action": .string(action), "identifier": identifier]
    }

    /// A call that is answered and ended.
    private static func call(
        from caller: ScenarioPhone,
        to callee: ScenarioPhone,
        number: String,
        named name: String
    ) async throws {
        func states(_ state: String, _ identifier: JSONValue) -> JSONValue {
            ["action": "status", "state": .string(state), "identifier": identifier]
        }
        let identifier = JSONValue.string(name)
        try await caller.send(
            self.request("start", identifier).merging(["remoteAddress": ["dialString": .string(number)]])
        )
        let offered = try await callee.expect(["operation": "signaling", "action": "start"])
        let other = try #require(offered.member("identifier"))
        try await callee.send(self.request("answer", other))
        try await callee.expect(states("active", other))
        try await caller.expect(states("active", identifier))
        try await caller.send(self.request("terminate", identifier))
        try await caller.expect(states("terminating", identifier))
        try await caller.expect(states("terminated", identifier))
        try await callee.expect(states("terminated", other))
    }

    /// The whole server on a free port, with this directory and no other.
    private func withServer(_ settings: JSONValue, _ test: (Int) async throws -> Void) async throws {
        let document: JSONValue = [
            "threads": 2,
            "listeners": [["name": "public", "scheme": "ws", "host": "127.0.0.1", "port": 0]],
            "plugins": [["name": "company", "kind": "LDAPDirectory", "settings": settings]],
        ]
        let catalog: [any Plugin.Type] = [LDAPDirectoryPlugin.self]
        let configuration = try ServerConfiguration.read(document, baseDirectory: ".", catalog: catalog).get()
        let logger = PluginFixture.logger
        let host = try PluginHost(configuration.plugins, catalog: catalog, baseDirectory: ".", logger: logger)
        try await host.start()
        let server = SignalingServer(
            configuration: configuration,
            directory: host,
            authentication: host,
            serverDescription: "anynode-server test",
            logger: logger
        )
        let endpoints = try await server.start()
        do {
            try await test(try #require(endpoints.first?.port))
        } catch {
            await server.stop()
            await host.stop()
            throw error
        }
        await server.stop()
        await host.stop()
    }
}
