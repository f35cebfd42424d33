package import Core
package import Logging
package import PluginAPI
package import StrictJSON

/// The running configuration, and every way of changing it: parse all, validate all, build all, switch at once, stop what is
/// old. Whatever is refused leaves everything as it was.
package actor ConfigurationDesk {
    /// What a change does, or would do.
    package struct Outcome: Sendable {
        package let revision: String
        package let changes: [DocumentChange]
        /// Places that take effect at the next start only.
        package let restartRequired: [String]
        package let persisted: Bool
    }

    /// What is told whenever another configuration is in force.
    package typealias Listener =
        @Sendable (_ old: ServerConfiguration, _ new: ServerConfiguration, _ revision: String) -> Void

    private let path: String
    private let catalog: [any Plugin.Type]
    private let server: SignalingServer
    private let host: PluginHost
    private let logger: Logger
    private let onChange: Listener
    /// As it was written, secrets and all.
    private var document: JSONValue
    private var secrets: [String]
    /// What the process was started with, for what can't be changed in it.
    private let initial: ServerConfiguration
    private var isChanging = false
    /// Those whose turn it is when the change under way is over, in their order.
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var count = 1
    /// Tells the revisions of this process from those of another.
    private let era: String
    /// Whether the file says something else than what is in force.
    package private(set) var hasUnsavedChanges = false

    package init(
        path: String,
        document: JSONValue,
        configuration: ServerConfiguration,
        catalog: [any Plugin.Type],
        server: SignalingServer,
        host: PluginHost,
        era: UInt32 = .random(in: .min ... .max),
        logger: Logger,
        onChange: @escaping Listener = { _, _, _ in }
    ) {
        self.path = path
        self.document = document
        self.initial = configuration
        self.catalog = catalog
        self.server = server
        self.host = host
        self.era = String(era, radix: 16)
        self.logger = logger
        self.onChange = onChange
        self.secrets =
            ServerConfiguration.examine(document, baseDirectory: configuration.baseDirectory, catalog: catalog).secrets
    }

    // MARK: Reading

    /// Changes with every change.
    package var revision: String { "\(self.era)-\(self.count)" }

    /// What is in force, secrets masked.
    package var masked: JSONValue { SecretMask.hide(self.secrets, in: self.document) }

    package nonisolated var file: String { self.path }

    /// What somebody wants to have.
    package enum Proposal: Sendable {
        case document(JSONValue)
        /// RFC 7396.
        case patch(JSONValue)
    }

    /// Checks a configuration as far as that is possible without building anything.
    package func validate(_ proposal: Proposal) -> (
        problems: [ConfigurationProblem], changes: [DocumentChange], restartRequired: [String]
    ) {
        let (document, unknown) = self.complete(proposal)
        let examination = self.examine(document)
        let changes = DocumentChange.all(from: self.document, to: document)
        switch examination.result {
        case .success(let configuration):
            return (unknown, changes, self.restartRequired(by: configuration))
        case .failure(let problems):
            return (unknown + problems.list, changes, [])
        }
    }

    private func examine(_ document: JSONValue) -> ServerConfiguration.Examination {
        ServerConfiguration.examine(document, baseDirectory: self.initial.baseDirectory, catalog: self.catalog)
    }

    private func complete(_ proposal: Proposal) -> (document: JSONValue, problems: [ConfigurationProblem]) {
        var unknown: [String] = []
        let document =
            switch proposal {
            case .document(let document): SecretMask.restore(document, from: self.document, unknown: &unknown)
            // A mask in a patch is one in the whole: what it stands for is found there.
            case .patch(let patch):
                SecretMask.restore(
                    MergePatch.apply(patch, to: self.document),
                    from: self.document,
                    unknown: &unknown
                )
            }
        let problems = unknown.map {
            ConfigurationProblem(
                pointer: $0,
                problem: "expected a secret, found the mask of one that is not known here"
            )
        }
        return (document, problems)
    }

    /// What of a configuration this process can't take over.
    private func restartRequired(by configuration: ServerConfiguration) -> [String] {
        var places: [String] = []
        if configuration.threads != self.initial.threads { places.append("/threads") }
        if configuration.store != self.initial.store { places.append("/store") }
        if configuration.admin != self.initial.admin { places.append("/admin") }
        return places
    }

    // MARK: Changing

    /// Puts another configuration in force, all of it or nothing.
    ///
    /// - Parameters:
    ///   - revision: What the change was made on; another one now is a conflict.
    ///   - dryRun: Do everything that can fail, and then nothing.
    ///   - persist: Write it to the file as well. When that fails nothing is changed.
    package func apply(
        _ proposal: Proposal,
        revision: String? = nil,
        dryRun: Bool = false,
        persist: Bool = false
    ) async throws(RPCError) -> Outcome {
        await self.begin()
        defer { self.end() }
        if let revision, revision != self.revision {
            throw .conflict("the configuration has changed since revision \(revision)", revision: self.revision)
        }
        let (document, problems) = self.complete(proposal)
        guard problems.isEmpty else { throw .invalidConfiguration(ConfigurationProblems(problems)) }
        let changes = DocumentChange.all(from: self.document, to: document)
        return try await self.change(to: document, changes, dryRun: dryRun, persist: persist)
    }

    /// Reads the file, certificates and keys again.
    package func reload() async throws(RPCError) -> Outcome {
        await self.begin()
        defer { self.end() }
        await self.server.reload()
        let document: JSONValue
        switch ServerConfiguration.document(at: self.path) {
        case .success(let read): document = read
        case .failure(let problems): throw .invalidConfiguration(problems)
        }
        let changes = DocumentChange.all(from: self.document, to: document)
        let outcome = try await self.change(to: document, changes, dryRun: false, persist: false)
        self.hasUnsavedChanges = false
        return outcome
    }

    /// Waits for one's turn: changes are made one after the other, each on what the one before has left.
    private func begin() async {
        if self.isChanging {
            await withCheckedContinuation { self.waiting.append($0) }
        }
        self.isChanging = true
    }

    private func end() {
        guard !self.waiting.isEmpty else {
            self.isChanging = false
            return
        }
        // It stays taken, so that nobody comes between.
        self.waiting.removeFirst().resume()
    }

    private func change(
        to document: JSONValue,
        _ changes: [DocumentChange],
        dryRun: Bool,
        persist: Bool
    ) async throws(RPCError) -> Outcome {
        let examination = self.examine(document)
        let configuration: ServerConfiguration
        switch examination.result {
        case .success(let read): configuration = read
        case .failure(let problems): throw .invalidConfiguration(problems)
        }
        let restart = self.restartRequired(by: configuration)
        let (plugins, prepared) = try await self.build(configuration)
        if dryRun {
            await self.drop(plugins, prepared)
            return Outcome(revision: self.revision, changes: changes, restartRequired: restart, persisted: false)
        }
        if persist {
            do throws(AtomicFile.Problem) {
                try AtomicFile.replace(self.path, with: Array(document.indentedText.utf8))
            } catch {
                await self.drop(plugins, prepared)
                throw .internalError("the configuration stays as it was, since it \(error)")
            }
        }
        let old = self.server.configuration
        // From here on nothing fails but for a server that is stopping anyway.
        do throws(PluginChangeFailure) {
            let retired = try self.host.adopt(plugins)
            await self.server.adopt(prepared, notificationConfiguration: self.host.clientConfiguration)
            await self.host.retire(retired)
        } catch {
            await self.server.drop(prepared)
            throw .draining
        }
        if !changes.isEmpty { self.count += 1 }
        self.document = document
        self.secrets = examination.secrets
        self.hasUnsavedChanges = persist ? false : self.hasUnsavedChanges || !changes.isEmpty
        self.logger.notice(
            "configuration in force",
            metadata: ["revision": "\(self.revision)", "changes": "\(changes.map(\.pointer))"]
        )
        self.onChange(old, configuration, self.revision)
        return Outcome(revision: self.revision, changes: changes, restartRequired: restart, persisted: persist)
    }

    /// Everything that can fail.
    private func build(
        _ configuration: ServerConfiguration
    ) async throws(RPCError) -> (PluginHost.Prepared, SignalingServer.Prepared) {
        let plugins: PluginHost.Prepared
        do throws(PluginChangeFailure) {
            plugins = try await self.host.prepare(configuration.plugins)
        } catch {
            throw self.refusal(error)
        }
        do throws(ConfigurationProblems) {
            return (plugins, try await self.server.prepare(configuration))
        } catch {
            await self.host.drop(plugins)
            throw .invalidConfiguration(error)
        }
    }

    private func drop(_ plugins: PluginHost.Prepared, _ prepared: SignalingServer.Prepared) async {
        await self.server.drop(prepared)
        await self.host.drop(plugins)
    }

    private func refusal(_ failure: PluginChangeFailure) -> RPCError {
        switch failure {
        case .unknownPlugin: .notFound("no such plugin")
        case .invalidSettings(let problems): .invalidConfiguration(problems)
        case .conflict: .conflict("somebody else is changing the plugins", revision: self.revision)
        case .failed(let problem): .pluginUnavailable("a plugin does not start, everything stays as it was: \(problem)")
        case .timeout: .timeout("a plugin did not start in time, everything stays as it was")
        }
    }

    // MARK: One plugin

    /// Changes the entry of one plugin; the change is that of a whole configuration.
    ///
    /// - Parameter revision: What the change was made on; another one now is a conflict.
    package func change(
        plugin name: String,
        revision: String? = nil,
        persist: Bool,
        _ change: (inout JSONObject) -> Void
    ) async throws(RPCError) -> Outcome {
        // Looked at when it is its turn, so that no change of another plugin is lost meanwhile.
        await self.begin()
        defer { self.end() }
        if let revision, revision != self.revision {
            throw .conflict("the configuration has changed since revision \(revision)", revision: self.revision)
        }
        guard case .object(var document) = self.document, case .array(var plugins)? = document["plugins"],
            let index = plugins.firstIndex(where: { entry in
                guard case .object(let object) = entry else { return false }
                return object["name"] == .string(name)
            }), case .object(var entry) = plugins[index]
        else { throw .notFound("no plugin \"\(name)\"") }
        change(&entry)
        plugins[index] = .object(entry)
        document["plugins"] = .array(plugins)
        let (complete, problems) = self.complete(.document(.object(document)))
        guard problems.isEmpty else { throw .invalidConfiguration(ConfigurationProblems(problems)) }
        let changes = DocumentChange.all(from: self.document, to: complete)
        return try await self.change(to: complete, changes, dryRun: false, persist: persist)
    }

    /// The settings of a plugin, secrets and all, for those who make others of them; and the revision they are of.
    func settings(ofPlugin name: String) -> (settings: JSONValue, revision: String) {
        guard case .object(let document) = self.document, case .array(let plugins)? = document["plugins"] else {
            return ([:], self.revision)
        }
        for case .object(let entry) in plugins where entry["name"] == .string(name) {
            return (entry["settings"] ?? [:], self.revision)
        }
        return ([:], self.revision)
    }

    /// Where a plugin stands in the document, and its entry with secrets masked.
    package func entry(ofPlugin name: String) -> (pointer: String, entry: JSONObject)? {
        guard case .object(let document) = self.masked, case .array(let plugins)? = document["plugins"] else {
            return nil
        }
        for (index, plugin) in plugins.enumerated() {
            if case .object(let entry) = plugin, entry["name"] == .string(name) { return ("/plugins/\(index)", entry) }
        }
        return nil
    }
}
