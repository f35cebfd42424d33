import Core
import PluginAPI
import StrictJSON

extension Administration {
    func addPlugins(to table: inout MethodTable) {
        table.add(PluginsList(house: self))
        table.add(PluginsGet(house: self))
        table.add(PluginsConfigure(house: self))
        table.add(PluginsEnable(house: self))
        table.add(PluginsDisable(house: self))
    }

    static let pluginHealth = Shape.object([
        "status": .word(["ok", "degraded", "failed", "disabled"]), "problem?": .text("no answer within 2.0 seconds"),
        "since?": .time,
    ])

    func plugin(_ configuration: PluginConfiguration, _ health: [PluginHost.Status]) async -> JSONObject {
        var object = JSONObject()
        object["name"] = .string(configuration.name)
        object["kind"] = .string(configuration.kind)
        object["roles"] = .array(self.host.roles(ofKind: configuration.kind).map { .string($0) })
        object["enabled"] = .bool(configuration.enabled)
        // Where the entry stands, not its settings.
        object["pointer"] = .string(String(configuration.pointer.dropLast("/settings".count)))
        if let status = health.first(where: { $0.name == configuration.name }) {
            object["health"] = await self.health.json("plugin:\(configuration.name)", status.health)
        } else {
            object["health"] = ["status": "disabled"]
        }
        return object
    }
}

struct PluginsList: AdminMethod {
    static let name = "plugins.list"
    static let summary = "All plugins in the order in which they are asked, and how they are."
    static let role = AdminRole.viewer
    static let result = Shape.page(
        .object([
            "name": .text("static"), "kind": .text("StaticDirectory"), "roles": .list(.text("directory")),
            "enabled": .flag(true), "pointer": .text("/plugins/0"), "health": Administration.pluginHealth,
        ])
    )

    let house: Administration

    func run(_ params: NoParams, in session: RPCSession) async throws(RPCError) -> JSONValue {
        let health = await self.house.host.health()
        var items: [JSONValue] = []
        for plugin in self.house.server.configuration.plugins {
            items.append(.object(await self.house.plugin(plugin, health)))
        }
        return ["items": .array(items)]
    }
}

/// A plugin by its name.
struct PluginParams: AdminParams {
    let name: String

    init(from reader: SettingsReader) {
        self.name = reader.string("name", summary: "As the configuration calls it.")
    }
}

struct PluginsGet: AdminMethod {
    static let name = "plugins.get"
    static let summary =
        "One plugin: health, settings with secrets masked, what became of questions, how long they took."
    static let role = AdminRole.viewer
    static let errors = [1001]
    static let result = Shape.object([
        "name": .text("static"), "kind": .text("StaticDirectory"), "roles": .list(.text("directory")),
        "enabled": .flag(true), "pointer": .text("/plugins/0"), "health": Administration.pluginHealth,
        "settings": .any(["entries": []]),
        "counters": .list(
            .object(["question": .text("dialString"), "outcome": .text("found"), "count": .integer(12)])
        ),
        "latencies": .list(
            .object([
                "question": .text("dialString"), "count": .integer(12), "p50Milliseconds?": .decimal("1"),
                "p90Milliseconds?": .decimal("2.5"), "p99Milliseconds?": .decimal("5"),
            ])
        ),
        "cache?": .object([
            "hit": .integer(0), "miss": .integer(0), "joined": .integer(0), "stale": .integer(0),
        ]),
    ])
    static let example: JSONValue = ["name": "static"]

    let house: Administration

    func run(_ params: PluginParams, in session: RPCSession) async throws(RPCError) -> JSONValue {
        guard let configuration = self.house.server.configuration.plugins.first(where: { $0.name == params.name }),
            let (_, entry) = await self.house.desk.entry(ofPlugin: params.name)
        else { throw .notFound("no plugin \"\(params.name)\"") }
        let health = await self.house.host.health()
        var object = await self.house.plugin(configuration, health)
        object["settings"] = entry["settings"] ?? [:]
        let statistics = health.first { $0.name == params.name }?.statistics ?? PluginStatistics()
        object["counters"] = .array(statistics.counters)
        object["latencies"] = .array(statistics.percentiles)
        if PluginStatistics.CacheResult.allCases.contains(where: { statistics.count(of: $0) > 0 }) {
            var cache = JSONObject()
            for result in PluginStatistics.CacheResult.allCases {
                cache[result.rawValue] = .integer(statistics.count(of: result))
            }
            object["cache"] = .object(cache)
        }
        return .object(object)
    }
}

extension PluginStatistics {
    fileprivate var counters: [JSONValue] {
        Question.allCases.flatMap { question in
            Outcome.allCases.compactMap { outcome in
                let count = self.count(of: question, outcome)
                guard count > 0 else { return nil }
                return [
                    "question": .string(question.rawValue), "outcome": .string(outcome.rawValue),
                    "count": .integer(count),
                ]
            }
        }
    }

    fileprivate var percentiles: [JSONValue] {
        Question.allCases.compactMap { question in
            let latencies = self.latencies(of: question)
            guard latencies.count > 0 else { return nil }
            let percentile = { (share: Double) in latencies.percentile(share).map { JSONValue.decimal($0.milliseconds) }
            }
            return .facts([
                "question": .string(question.rawValue), "count": .integer(latencies.count),
                "p50Milliseconds": percentile(0.5), "p90Milliseconds": percentile(0.9),
                "p99Milliseconds": percentile(0.99),
            ])
        }
    }
}

struct PluginsConfigure: AdminMethod {
    static let name = "plugins.configure"
    static let summary = "Changes settings of one plugin; it goes on without a question unanswered, or stays as it was."
    static let role = AdminRole.operator
    static let errors = [1001, 1002, 1003, 1004, 1005, 1007, -32603]
    static let result = Shape.outcome
    static let example: JSONValue = ["name": "static", "settings": ["reload": "5s"]]

    struct Params: AdminParams {
        let name: String
        let settings: JSONValue
        let persist: Bool

        init(from reader: SettingsReader) {
            self.name = reader.string("name", summary: "As the configuration calls it.")
            let settings = reader.raw("settings", summary: "What changes, as a JSON Merge Patch (RFC 7396).")
            if settings == nil {
                reader.problem(at: "settings", "expected an object, found nothing: this member is required")
            }
            self.settings = settings ?? [:]
            self.persist = reader.persist()
        }
    }

    let house: Administration

    func run(_ params: Params, in session: RPCSession) async throws(RPCError) -> JSONValue {
        guard !self.house.server.isDraining else { throw .draining }
        return try await self.house.desk.change(plugin: params.name, persist: params.persist) { entry in
            entry["settings"] = MergePatch.apply(params.settings, to: entry["settings"] ?? [:])
        }.json
    }
}

extension SettingsReader {
    func persist() -> Bool {
        self.bool("persist", default: false, summary: "Write it to the file, too.")
    }
}

/// A plugin to be switched on or off.
struct SwitchParams: AdminParams {
    let name: String
    let persist: Bool

    init(from reader: SettingsReader) {
        self.name = reader.string("name", summary: "As the configuration calls it.")
        self.persist = reader.persist()
    }
}

struct PluginsEnable: AdminMethod {
    static let name = "plugins.enable"
    static let summary = "Switches a plugin on."
    static let role = AdminRole.operator
    static let errors = [1001, 1002, 1003, 1004, 1005, 1007, -32603]
    static let result = Shape.outcome
    static let example: JSONValue = ["name": "static"]

    let house: Administration

    func run(_ params: SwitchParams, in session: RPCSession) async throws(RPCError) -> JSONValue {
        guard !self.house.server.isDraining else { throw .draining }
        return try await self.house.desk.change(plugin: params.name, persist: params.persist) {
            $0["enabled"] = true
        }.json
    }
}

struct PluginsDisable: AdminMethod {
    static let name = "plugins.disable"
    static let summary = "Switches a plugin off; it answers what it was asked, and is asked nothing more."
    static let role = AdminRole.operator
    static let errors = [1001, 1002, 1005, 1007, -32603]
    static let result = Shape.outcome
    static let example: JSONValue = ["name": "static"]

    let house: Administration

    func run(_ params: SwitchParams, in session: RPCSession) async throws(RPCError) -> JSONValue {
        guard !self.house.server.isDraining else { throw .draining }
        return try await self.house.desk.change(plugin: params.name, persist: params.persist) {
            $0["enabled"] = false
        }.json
    }
}
