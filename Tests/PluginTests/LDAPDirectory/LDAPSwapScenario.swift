import Core
import LDAPDirectory
import PluginAPI
import StaticDirectory
import StrictJSON
import Testing

/// The whole server, whose directory is swapped for another while people are registered.
@Suite("LDAP: one directory for another, as clients see it", .timeLimit(.minutes(2)))
struct LDAPSwapScenario {
    @Test("From the static directory to LDAP and back: nobody is lost, and each is found where he stands now")
    func swap() async throws {
        try await withSlapd { slapd in
            // Zoe stands in the list alone, Carol in LDAP alone.
            let hash = "$y$j9T$KinJT3amhikCXRSxeSAWJ0$fqQqCUyqui2a/rGo4DBlW6KoKFBmBL6TeQLdXwnbnU6"
            func person(_ name: String, _ number: String) -> JSONValue {
                ["username": .string(name), "dialString": .string(number), "password": .string(hash)]
            }
            let list: JSONValue = ["entries": [person("alice", "4953638195123"), person("zoe", "4953638195000")]]
            try await Scenario.withServer(StaticDirectoryPlugin.self, list) { port, host in
                func connect(_ name: String, _ password: String) async throws -> ScenarioPhone {
                    let phone = try await ScenarioPhone.connect(port: port, login: "\(name):\(password)")
                    try await Scenario.register(phone, name).expect(["action": "start", "state": "registered"])
                    return phone
                }
                let (alice, zoe) = try await (connect("alice", "demo"), connect("zoe", "demo"))
                let fixed = PluginConfiguration(name: "company", kind: "StaticDirectory", settings: list)
                let directory = PluginConfiguration(name: "company", kind: "LDAPDirectory", settings: slapd.settings())

                try await host.apply([directory])
                // Those who registered by the list call as before.
                try await Scenario.call(from: alice, to: zoe, number: "4953638195000", named: "after-one")
                let carol = try await connect("carol", Company.password("carol"))
                try await Scenario.call(from: carol, to: alice, number: "4953638195123", named: "from-ldap")
                await #expect(throws: ScenarioPhone.Refused.self) { _ = try await connect("zoe", "demo") }

                try await host.apply([fixed])
                try await Scenario.call(from: zoe, to: carol, number: "4953638195777", named: "after-two")
                _ = try await connect("zoe", "demo")
                await #expect(throws: ScenarioPhone.Refused.self) {
                    _ = try await connect("carol", Company.password("carol"))
                }

                // One that can't be used changes nothing.
                let broken = PluginConfiguration(
                    name: "company",
                    kind: "LDAPDirectory",
                    settings: slapd.settings(["tls": ["authorities": "/nowhere/ca.pem"]])
                )
                await #expect(throws: PluginChangeFailure.self) { try await host.apply([broken]) }
                try await Scenario.call(from: alice, to: carol, number: "4953638195777", named: "after-three")
                #expect(await host.health().map(\.kind) == ["StaticDirectory"])
            }
        }
    }
}
