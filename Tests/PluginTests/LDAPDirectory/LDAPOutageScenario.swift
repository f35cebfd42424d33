import LDAPDirectory
import StrictJSON
import Testing

/// The whole server, whose only directory hangs for a while.
@Suite("LDAP: an outage, as clients see it", .timeLimit(.minutes(2)))
struct LDAPOutageScenario {
    @Test("Who is registered calls on; who comes is told to try again; and all is well when the directory is")
    func outage() async throws {
        try await withSlapd { slapd in
            try await Scenario.withServer(LDAPDirectoryPlugin.self, slapd.settings(.impatient)) { port, _ in
                func connect(_ name: String) async throws -> ScenarioPhone {
                    try await ScenarioPhone.connect(port: port, login: "\(name):\(Company.password(name))")
                }
                let (alice, bob, carol) = try await (connect("alice"), connect("bob"), connect("carol"))
                try await Scenario.register(alice, "alice").expect(["action": "start", "state": "registered"])
                try await Scenario.register(bob, "bob").expect(["action": "start", "state": "registered"])

                try await slapd.freeze()
                let unavailable: JSONValue = ["action": "start", "state": "failed", "reason": "directoryUnavailable"]
                // Carol has logged in, but nobody can say now what her number is.
                let asked = try await Scenario.register(carol, "carol")
                // Those who are there do not notice.
                try await Scenario.call(from: alice, to: bob, number: "4953638195999", named: "during")
                try await Scenario.call(from: bob, to: alice, number: "4953638195123", named: "during-2")
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
                        try await Scenario.register(late, "carol").expect(["action": "start", "state": "registered"])
                        try await Scenario.call(from: late, to: bob, number: "4953638195999", named: "after")
                        return true
                    } catch let refused as ScenarioPhone.Refused {
                        #expect(refused.status == 503)
                        return false
                    }
                }
                try await Scenario.call(from: alice, to: bob, number: "4953638195999", named: "after-2")
            }
        }
    }
}
