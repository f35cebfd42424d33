import Core
import Logging
import PluginAPI
import StrictJSON
import Telephony

extension Administration {
    func addSystem(to table: inout MethodTable) {
        table.add(SystemInfo(house: self))
        table.add(SystemHealth(house: self))
        table.add(SystemMetrics(house: self))
        table.add(SetLogLevel(house: self))
        table.add(SystemDrain(house: self))
        table.add(SystemResume(house: self))
        table.add(SystemShutdown(house: self))
    }

    var state: JSONValue { self.server.isDraining ? "draining" : "serving" }
}

struct SystemInfo: AdminMethod {
    static let name = "system.info"
    static let summary = "What runs here, since when, where it listens, and how much of everything there is."
    static let role = AdminRole.viewer
    static let result = Shape.object([
        "name": .text("anynode-server"), "version": .text("0.1.0"), "pid": .integer(4711), "startedAt": .time,
        "uptimeSeconds": .decimal("86400.5"), "host": .text("pbx.example.org"), "role": .word(["operator", "viewer"]),
        "state": .word(["serving", "draining"]),
        "configuration": .object([
            "path": .text("plugins.json"), "revision": .text("5f3a-1"), "changedSinceFile": .flag(false),
        ]),
        "listeners": .list(
            .object(["name": .text("public"), "url": .text("ws://127.0.0.1:8080/"), "connections": .integer(2)])
        ),
        "plugins": .list(
            .object(["name": .text("static"), "kind": .text("StaticDirectory"), "enabled": .flag(true)])
        ),
        "counts": .object([
            "registrations": .integer(2), "connected": .integer(2), "calls": .integer(1), "sockets": .integer(2),
            "waitingPushes": .integer(0),
        ]),
    ])

    let house: Administration

    func run(_ params: NoParams, in session: RPCSession) async throws(RPCError) -> JSONValue {
        let (house, switchboard) = (self.house, self.house.switchboard)
        let census = switchboard.census
        let plugins = house.server.configuration.plugins
        let hasChanges = await house.desk.hasUnsavedChanges
        return [
            "name": .string(house.version.name),
            "version": .string(house.version.version),
            "pid": .integer(ProcessFacts.pid),
            "startedAt": Timestamp.json(house.started),
            "uptimeSeconds": .decimal(house.stopwatch().milliseconds / 1000),
            "host": .string(ProcessFacts.hostName),
            "role": .string(session.role.rawValue),
            "state": house.state,
            "configuration": [
                "path": .string(house.desk.file), "revision": .string(await house.desk.revision),
                "changedSinceFile": .bool(hasChanges),
            ],
            "listeners": .array(
                house.server.listeners.map { endpoint, connections in
                    [
                        "name": .string(endpoint.name), "url": .string("\(endpoint)"),
                        "connections": .integer(connections),
                    ]
                }
            ),
            "plugins": .array(
                plugins.map {
                    ["name": .string($0.name), "kind": .string($0.kind), "enabled": .bool($0.enabled)]
                }
            ),
            "counts": [
                "registrations": .integer(census.registrations),
                "connected": .integer(switchboard.connectedRegistrations),
                "calls": .integer(census.calls),
                "sockets": .integer(census.ports),
                "waitingPushes": .integer(switchboard.pushLoad.waiting),
            ],
        ]
    }
}

struct SystemHealth: AdminMethod {
    static let name = "system.health"
    static let summary = "How every part is: listeners, plugins, the store, the log."
    static let role = AdminRole.viewer
    static let result = Shape.object([
        "status": .word(["ok", "degraded", "failed"]),
        "components": .list(
            .object([
                "name": .text("plugin:ldap"), "status": .word(["ok", "degraded", "failed"]), "since": .time,
                "problem?": .text("no answer within 2.0 seconds"),
            ])
        ),
    ])

    let house: Administration

    func run(_ params: NoParams, in session: RPCSession) async throws(RPCError) -> JSONValue {
        await self.house.health.refresh(self.house.server, self.house.host, self.house.keeper, self.house.logs)
    }
}

struct SystemMetrics: AdminMethod {
    static let name = "system.metrics"
    static let summary = "All metrics in Prometheus' text format, as `GET /metrics` shows them."
    static let role = AdminRole.viewer
    static let result = Shape.object(["text": .text("anynode_calls{state=\"connected\"} 1\n")])

    let house: Administration

    func run(_ params: NoParams, in session: RPCSession) async throws(RPCError) -> JSONValue {
        ["text": .string(await self.house.metrics())]
    }
}

struct SetLogLevel: AdminMethod {
    static let name = "system.setLogLevel"
    static let summary = "Logs more or less from now on: everything, or one label and those below it."
    static let role = AdminRole.operator
    static let result = Shape.object(["level": .text("info"), "labels": .map(.text("debug"))])
    static let example: JSONValue = ["level": "debug", "label": "anynode.plugin.static"]

    struct Params: AdminParams {
        let level: Logger.Level
        let label: String?

        init(from reader: SettingsReader) {
            self.level = reader.choice("level", summary: "The least important thing that is logged.") ?? .info
            self.label = reader.optionalString(
                "label",
                summary: "A label such as `anynode.plugin.ldap`; all unless given."
            )
        }
    }

    let house: Administration

    func run(_ params: Params, in session: RPCSession) async throws(RPCError) -> JSONValue {
        self.house.logs.setLevel(params.level, label: params.label)
        var labels = JSONObject()
        for (label, level) in self.house.logs.levels.sorted(by: { $0.key < $1.key }) {
            labels[label] = .string(level.rawValue)
        }
        return ["level": .string(self.house.logs.level.rawValue), "labels": .object(labels)]
    }
}

/// How long calls may go on.
struct DeadlineParams: AdminParams {
    let deadline: Duration?

    init(from reader: SettingsReader) {
        let seconds = reader.optionalInteger(
            "deadlineSeconds",
            in: 0...86400,
            summary: "How long calls may go on; as configured unless given."
        )
        self.deadline = seconds.map { .seconds($0) }
    }
}

struct SystemDrain: AdminMethod {
    static let name = "system.drain"
    static let summary = "Refuses new work and sends clients away, those without a call first; returns at once."
    static let role = AdminRole.operator
    static let result = Shape.object([
        "state": .word(["draining", "serving"]), "sockets": .integer(120), "calls": .integer(7),
    ])
    static let example: JSONValue = ["deadlineSeconds": 60]

    let house: Administration

    func run(_ params: DeadlineParams, in session: RPCSession) async throws(RPCError) -> JSONValue {
        let census = self.house.switchboard.census
        self.house.server.beginDrain(deadline: params.deadline)
        self.house.hub.publish("system.drain", [:])
        return [
            "state": self.house.state, "sockets": .integer(census.ports), "calls": .integer(census.calls),
        ]
    }
}

struct SystemResume: AdminMethod {
    static let name = "system.resume"
    static let summary = "Takes up work again after `system.drain`."
    static let role = AdminRole.operator
    static let result = Shape.object(["state": .word(["serving", "draining"])])

    let house: Administration

    func run(_ params: NoParams, in session: RPCSession) async throws(RPCError) -> JSONValue {
        self.house.server.endDrain()
        self.house.hub.publish("system.resume", [:])
        return ["state": self.house.state]
    }
}

struct SystemShutdown: AdminMethod {
    static let name = "system.shutdown"
    static let summary = "Drains, and ends the process."
    static let role = AdminRole.operator
    static let result = Shape.object(["state": .word(["stopping"])])

    let house: Administration

    func run(_ params: DeadlineParams, in session: RPCSession) async throws(RPCError) -> JSONValue {
        self.house.shutdown(params.deadline)
        return ["state": "stopping"]
    }
}
