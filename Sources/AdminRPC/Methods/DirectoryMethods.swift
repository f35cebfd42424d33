import Core
import PluginAPI
import StrictJSON
import Telephony

extension Administration {
    func addDirectory(to table: inout MethodTable) {
        table.add(DirectoryResolve(house: self))
        table.add(DirectoryList(house: self))
        table.add(DirectoryPut(house: self))
        table.add(DirectoryDelete(house: self))
        table.add(AuthCheck(house: self))
    }

    static let directoryEntry: KeyValuePairs<String, Shape> = [
        "username": .text("alice"), "dialString": .text("4953638195123"), "displayName?": .text("Alice Adams"),
        "furtherDialStrings?": .list(.text("4953638195124")),
    ]

    static func json(_ entry: DirectoryEntry, plugin: String? = nil) -> JSONValue {
        .facts([
            "username": .string(entry.username.text),
            "dialString": .string(entry.dialString.text),
            "displayName": entry.displayName.map { .string($0) },
            "furtherDialStrings": entry.furtherDialStrings.isEmpty
                ? nil : .array(entry.furtherDialStrings.map { .string($0.text) }),
            "plugin": plugin.map { .string($0) },
        ])
    }

    /// The directory somebody names, or the only one whose entries can be changed.
    fileprivate func editable(_ name: String?) throws(RPCError) -> String {
        let editable = self.host.editableDirectories
        if let name {
            guard self.server.configuration.plugins.contains(where: { $0.name == name }) else {
                throw .notFound("no plugin \"\(name)\"")
            }
            guard editable.contains(name) else {
                throw .pluginUnavailable("the entries of \"\(name)\" can't be listed or changed here")
            }
            return name
        }
        guard let first = editable.first else {
            throw .pluginUnavailable("there is no directory whose entries can be listed or changed here")
        }
        return first
    }
}

struct DirectoryResolve: AdminMethod {
    static let name = "directory.resolve"
    static let summary = "Whose number or name it is: what each directory says, and in what time."
    static let role = AdminRole.viewer
    static let result = Shape.object([
        "found": .flag(true), "entry?": .object(Administration.directoryEntry), "plugin?": .text("static"),
        "milliseconds": .decimal("0.2"),
        "asked": .list(
            .object([
                "plugin": .text("static"), "outcome": .word(["found", "missing", "unavailable"]),
                "milliseconds": .decimal("0.2"), "problem?": .text("no answer in time"),
            ])
        ),
    ])
    static let example: JSONValue = ["username": "alice"]

    struct Params: AdminParams {
        let key: PluginHost.DirectoryKey?
        let fresh: Bool

        init(from reader: SettingsReader) {
            let username = reader.optionalUsername("A user's name.")
            let dialString = reader.optionalDialString("A number.")
            self.fresh = reader.bool("fresh", default: false, summary: "Ask whatever is remembered.")
            self.key = username.map { .username($0) } ?? dialString.map { .dialString($0) }
            let isOdd = reader.hasProblem(at: "username") || reader.hasProblem(at: "dialString")
            if !isOdd, (username == nil) == (dialString == nil) {
                reader.problem("expected username or dialString, found \(username == nil ? "neither" : "both")")
            }
        }
    }

    let house: Administration

    func run(_ params: Params, in session: RPCSession) async throws(RPCError) -> JSONValue {
        guard let key = params.key else { throw .internalError("no key") }
        let answers = await self.house.host.inspect(key, isFresh: params.fresh)
        let found = answers.last { $0.entry != nil }
        return .facts([
            "found": .bool(found != nil),
            "entry": (found?.entry).map { Administration.json($0) },
            "plugin": found.map { .string($0.plugin) },
            "milliseconds": .decimal(answers.reduce(0) { $0 + $1.duration.milliseconds }),
            "asked": .array(answers.map(\.json)),
        ])
    }
}

extension PluginHost.DirectoryAnswer {
    fileprivate var json: JSONValue {
        .facts([
            "plugin": .string(self.plugin),
            "outcome": self.problem != nil ? "unavailable" : self.entry == nil ? "missing" : "found",
            "milliseconds": .decimal(self.duration.milliseconds),
            "problem": self.problem.map { .string($0) },
        ])
    }
}

struct DirectoryList: AdminMethod {
    static let name = "directory.list"
    static let summary = "The entries of a directory that can list them; passwords are not shown."
    static let role = AdminRole.viewer
    static let errors = [1001, 1003]
    static let result = Shape.page(
        .object([
            "username": .text("alice"), "dialString": .text("4953638195123"), "displayName?": .text("Alice Adams"),
            "furtherDialStrings?": .list(.text("4953638195124")), "plugin": .text("static"),
        ])
    )
    static let example: JSONValue = ["limit": 10]

    struct Params: AdminParams {
        let plugin: String?
        let page: PageParams

        init(from reader: SettingsReader) {
            self.plugin = reader.optionalString(
                "plugin",
                summary: "The directory; the first that can list unless given."
            )
            self.page = PageParams(from: reader)
        }
    }

    let house: Administration

    func run(_ params: Params, in session: RPCSession) async throws(RPCError) -> JSONValue {
        let name = try self.house.editable(params.plugin)
        let page = await self.house.host.entries(ofDirectory: name, from: params.page.start, limit: params.page.limit)
        guard let page else { throw .pluginUnavailable("\"\(name)\" does not answer") }
        return .facts([
            "items": .array(page.entries.map { Administration.json($0, plugin: name) }),
            "cursor": page.next.map { .string(String($0)) },
        ])
    }
}

struct DirectoryPut: AdminMethod {
    static let name = "directory.put"
    static let summary = "Adds or replaces an entry of a directory that stands in the configuration."
    static let role = AdminRole.operator
    static let errors = [1001, 1002, 1003, 1005, 1007, -32603]
    static let result = Shape.object(["created": .flag(true), "revision": .text("5f3a-2")])
    static let example: JSONValue = [
        "username": "dora", "dialString": "4953638195444", "displayName": "Dora Dunn", "password": "correct horse",
    ]

    struct Params: AdminParams {
        let plugin: String?
        let edit: DirectoryEdit?
        let persist: Bool

        init(from reader: SettingsReader) {
            self.plugin = reader.optionalString(
                "plugin",
                summary: "The directory; the first that can be changed unless given."
            )
            let username = reader.username("username", summary: "The name to log in with.")
            let dialString = reader.dialString("dialString", summary: "The number.")
            let displayName = reader.optionalString("displayName", summary: "The name shown to others.")
            let password = reader.optionalPlainSecret(
                "password",
                summary: "A password in clear text; only its hash is kept."
            )
            self.persist = reader.persist()
            self.edit = username.map {
                DirectoryEdit(username: $0, dialString: dialString, displayName: displayName, password: password)
            }
        }
    }

    let house: Administration

    func run(_ params: Params, in session: RPCSession) async throws(RPCError) -> JSONValue {
        guard let edit = params.edit else { throw .internalError("no entry") }
        guard !self.house.server.isDraining else { throw .draining }
        let name = try self.house.editable(params.plugin)
        var isNew = false
        let outcome = try await self.house.change(name, persist: params.persist) { settings, kind in
            let result = try self.house.host.settings(settings, ofKind: kind, putting: edit)
            isNew = result?.isNew ?? false
            return result?.settings
        }
        return ["created": .bool(isNew), "revision": .string(outcome.revision)]
    }
}

extension Administration {
    /// Changes the settings of a directory.
    fileprivate func change(
        _ name: String,
        persist: Bool,
        _ change: (JSONValue, String) throws -> JSONValue?
    ) async throws(RPCError) -> ConfigurationDesk.Outcome {
        var failure: RPCError?
        guard let kind = self.server.configuration.plugins.first(where: { $0.name == name })?.kind else {
            throw .notFound("no plugin \"\(name)\"")
        }
        let (settings, revision) = await self.desk.settings(ofPlugin: name)
        var changed: JSONValue?
        do {
            changed = try change(settings, kind)
        } catch PluginError.invalidSettings(let problem) {
            failure = .invalidParams([ConfigurationProblem(pointer: "", problem: problem)])
        } catch {
            failure = .pluginUnavailable("\"\(name)\" can't do that")
        }
        if let failure { throw failure }
        guard let changed else { throw .notFound("no such entry in \"\(name)\"") }
        return try await self.desk.change(plugin: name, revision: revision, persist: persist) { entry in
            entry["settings"] = changed
        }
    }
}

struct DirectoryDelete: AdminMethod {
    static let name = "directory.delete"
    static let summary = "Removes an entry from a directory that stands in the configuration; registrations stay."
    static let role = AdminRole.operator
    static let errors = [1001, 1003, 1005, 1007, -32603]
    static let result = Shape.object(["revision": .text("5f3a-3")])
    static let example: JSONValue = ["username": "carol"]

    struct Params: AdminParams {
        let plugin: String?
        let username: Username?
        let persist: Bool

        init(from reader: SettingsReader) {
            self.plugin = reader.optionalString(
                "plugin",
                summary: "The directory; the first that can be changed unless given."
            )
            self.username = reader.username("username", summary: "Whose entry goes.")
            self.persist = reader.persist()
        }
    }

    let house: Administration

    func run(_ params: Params, in session: RPCSession) async throws(RPCError) -> JSONValue {
        guard let username = params.username else { throw .internalError("no name") }
        guard !self.house.server.isDraining else { throw .draining }
        let name = try self.house.editable(params.plugin)
        let outcome = try await self.house.change(name, persist: params.persist) { settings, kind in
            try self.house.host.settings(settings, ofKind: kind, removing: username)
        }
        return ["revision": .string(outcome.revision)]
    }
}

struct AuthCheck: AdminMethod {
    static let name = "auth.check"
    static let summary = "Whether a password or an access token would let somebody in, and if not, why."
    static let role = AdminRole.operator
    static let result = Shape.object([
        "accepted": .flag(true), "username?": .text("alice"), "plugin?": .text("static"),
        "reason?": .text("the password is wrong"), "milliseconds": .decimal("31.5"),
    ])
    static let example: JSONValue = ["username": "alice", "password": "demo"]

    struct Params: AdminParams {
        let username: Username?
        let password: Secret?
        let token: Secret?

        init(from reader: SettingsReader) {
            self.username = reader.optionalUsername("The name to log in with.")
            self.password = reader.optionalPlainSecret("password", summary: "The password that goes with it.")
            self.token = reader.optionalPlainSecret("token", summary: "An access token, instead of both.")
            let hasPassword = self.username != nil && self.password != nil
            guard reader.problems.isEmpty, hasPassword == (self.token != nil) else { return }
            reader.problem("expected username and password, or token, found \(hasPassword ? "both" : "neither")")
        }
    }

    let house: Administration

    func run(_ params: Params, in session: RPCSession) async throws(RPCError) -> JSONValue {
        let begun = self.house.stopwatch()
        let verdict = await self.verdict(params)
        return .facts([
            "accepted": .bool(verdict.reason == nil),
            "username": verdict.username.map { .string($0.text) },
            "plugin": verdict.plugin.map { .string($0) },
            "reason": verdict.reason.map { .string($0) },
            "milliseconds": .decimal((self.house.stopwatch() - begun).milliseconds),
        ])
    }

    private func verdict(_ params: Params) async -> (username: Username?, plugin: String?, reason: String?) {
        if let token = params.token {
            let (username, reason) = await self.house.server.judge(token: token)
            return (username, nil, reason)
        }
        guard let username = params.username, let password = params.password else {
            return (nil, nil, "nothing to check")
        }
        let (decision, plugin) = await self.house.host.inspect(.password(username: username, password: password))
        switch decision {
        case .accepted(let username): return (username, plugin, nil)
        case .refused where plugin == nil: return (nil, nil, "no authenticator knows the user")
        case .refused: return (nil, plugin, "the password is wrong, or the user may not log in")
        case .unavailable: return (nil, nil, "an authenticator that might know the user does not answer")
        }
    }
}
