import Core
import LDAPDirectory
import PluginAPI
import StaticDirectory
import StrictJSON
import Testing

/// What happens in scenarios: a whole server, people who register, and calls.
enum Scenario {
    @discardableResult
    static func register(_ phone: ScenarioPhone, _ name: String) async throws -> ScenarioPhone {
        let assignment: JSONValue = ["username": .string(name)]
        try await phone.send(["version": 1, "operation": "register", "action": "start", "assignment": assignment])
        return phone
    }

    private static func request(_ action: String, _ identifier: JSONValue) -> JSONValue {
        ["version": 1, "operation": "signaling", "action": .string(action), "identifier": identifier]
    }

    /// A call that is answered and ended.
    static func call(
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
    static func withServer(
        _ kind: any Plugin.Type,
        _ settings: JSONValue,
        _ test: (_ port: Int, _ host: PluginHost) async throws -> Void
    ) async throws {
        let document: JSONValue = [
            "threads": 2,
            "listeners": [["name": "public", "scheme": "ws", "host": "127.0.0.1", "port": 0]],
            "plugins": [["name": "company", "kind": .string(kind.kind), "settings": settings]],
        ]
        let catalog: [any Plugin.Type] = [LDAPDirectoryPlugin.self, StaticDirectoryPlugin.self]
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
            try await test(try #require(endpoints.first?.port), host)
        } catch {
            await server.stop()
            await host.stop()
            throw error
        }
        await server.stop()
        await host.stop()
    }
}
