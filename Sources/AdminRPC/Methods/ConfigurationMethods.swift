import Core
import PluginAPI
import StrictJSON

extension Administration {
    func addConfiguration(to table: inout MethodTable) {
        table.add(ConfigGet(house: self))
        table.add(ConfigSchema(house: self))
        table.add(ConfigValidate(house: self))
        table.add(ConfigApply(house: self))
        table.add(ConfigReload(house: self))
    }
}

extension Shape {
    static let changes = Shape.list(
        .object(["pointer": .text("/log/level"), "change": .word(["changed", "added", "removed"])])
    )
    static let problems = Shape.list(
        .object(["pointer": .text("/log/level"), "problem": .text("expected one of trace, debug …")])
    )
    static let outcome = Shape.object([
        "revision": .text("5f3a-2"), "changes": .changes, "restartRequired": .list(.text("/threads")),
        "persisted": .flag(false),
    ])
}

extension ConfigurationDesk.Outcome {
    var json: JSONValue {
        [
            "revision": .string(self.revision),
            "changes": .array(self.changes.map(\.json)),
            "restartRequired": .array(self.restartRequired.map { .string($0) }),
            "persisted": .bool(self.persisted),
        ]
    }
}

struct ConfigGet: AdminMethod {
    static let name = "config.get"
    static let summary = "The configuration in force, secrets masked, and its revision."
    static let role = AdminRole.viewer
    static let result = Shape.object([
        "revision": .text("5f3a-1"), "path": .text("plugins.json"), "document": .any(["log": ["level": "info"]]),
    ])

    let house: Administration

    func run(_ params: NoParams, in session: RPCSession) async throws(RPCError) -> JSONValue {
        [
            "revision": .string(await self.house.desk.revision),
            "path": .string(self.house.desk.file),
            "document": await self.house.desk.masked,
        ]
    }
}

struct ConfigSchema: AdminMethod {
    static let name = "config.schema"
    static let summary = "The JSON Schema of the configuration."
    static let role = AdminRole.viewer
    static let result = Shape.any(["type": "object"])

    let house: Administration

    func run(_ params: NoParams, in session: RPCSession) async throws(RPCError) -> JSONValue {
        ServerConfiguration.schema(catalog: self.house.catalog)
    }
}

extension SettingsReader {
    /// A whole document, or a patch.
    func proposal() -> ConfigurationDesk.Proposal {
        let document = self.raw(
            "document",
            summary: "The whole configuration; `\"***\"` where a secret stays as it is."
        )
        let patch = self.raw("patch", summary: "What changes, as a JSON Merge Patch (RFC 7396).")
        switch (document, patch) {
        case (let document?, nil): return .document(document)
        case (nil, let patch?): return .patch(patch)
        case (nil, nil): self.problem("expected document or patch, found neither")
        case (.some, .some): self.problem("expected document or patch, found both")
        }
        return .patch([:])
    }
}

struct ConfigValidate: AdminMethod {
    static let name = "config.validate"
    static let summary = "Checks a configuration and says what it would change; nothing is changed."
    static let role = AdminRole.viewer
    static let result = Shape.object([
        "valid": .flag(true), "problems": .problems, "changes": .changes, "restartRequired": .list(.text("/threads")),
    ])
    static let example: JSONValue = ["patch": ["log": ["level": "debug"]]]

    struct Params: AdminParams {
        let proposal: ConfigurationDesk.Proposal

        init(from reader: SettingsReader) { self.proposal = reader.proposal() }
    }

    let house: Administration

    func run(_ params: Params, in session: RPCSession) async throws(RPCError) -> JSONValue {
        let verdict = await self.house.desk.validate(params.proposal)
        return [
            "valid": .bool(verdict.problems.isEmpty),
            "problems": .problems(verdict.problems),
            "changes": .array(verdict.changes.map(\.json)),
            "restartRequired": .array(verdict.restartRequired.map { .string($0) }),
        ]
    }
}

struct ConfigApply: AdminMethod {
    static let name = "config.apply"
    static let summary = "Puts a configuration in force, all of it or nothing."
    static let role = AdminRole.operator
    static let errors = [1002, 1003, 1004, 1005, 1007, -32603]
    static let result = Shape.outcome
    static let example: JSONValue = ["patch": ["signaling": ["ringTimeout": "45s"]]]

    struct Params: AdminParams {
        let proposal: ConfigurationDesk.Proposal
        let revision: String?
        let dryRun: Bool
        let persist: Bool

        init(from reader: SettingsReader) {
            self.proposal = reader.proposal()
            self.revision = reader.optionalString(
                "revision",
                summary: "The revision the change was made on: another one by now is refused with 1005."
            )
            self.dryRun = reader.bool(
                "dryRun",
                default: false,
                summary: "Do everything that can fail, and then nothing."
            )
            self.persist = reader.bool("persist", default: false, summary: "Write it to the file, too.")
        }
    }

    let house: Administration

    func run(_ params: Params, in session: RPCSession) async throws(RPCError) -> JSONValue {
        guard !self.house.server.isDraining else { throw .draining }
        return try await self.house.desk.apply(
            params.proposal,
            revision: params.revision,
            dryRun: params.dryRun,
            persist: params.persist
        ).json
    }
}

struct ConfigReload: AdminMethod {
    static let name = "config.reload"
    static let summary = "Reads the file, certificates and keys again, as SIGHUP does."
    static let role = AdminRole.operator
    static let errors = [1002, 1003, 1004, 1005, 1007]
    static let result = Shape.outcome

    let house: Administration

    func run(_ params: NoParams, in session: RPCSession) async throws(RPCError) -> JSONValue {
        guard !self.house.server.isDraining else { throw .draining }
        return try await self.house.desk.reload().json
    }
}
