import LDAPDirectory
import Logging
import PluginAPI
import StrictJSON
import Telephony
import Testing

/// Settings for a server of ``Company``, with some members replaced or added, however deep.
func companySettings(_ urls: [String], _ more: JSONValue = [:]) -> JSONValue {
    let usual: JSONValue = [
        "urls": .array(urls.map { .string($0) }),
        "tls": ["startTLS": "off"],
        "users": ["base": .string(Company.people)],
    ]
    return usual.merging(more)
}

extension Slapd {
    /// Settings for this server, without TLS and without a log-in.
    func settings(_ more: JSONValue = [:]) -> JSONValue { companySettings([self.url], more) }
}

extension CuttingProxy {
    var url: String { "ldap://127.0.0.1:\(self.port)" }
}

extension JSONValue {
    /// The log-in of the service with its password.
    static let simpleBind: JSONValue = [
        "method": "simple", "dn": .string(Company.service), "password": .string(Company.servicePassword),
    ]

    /// Times so short that a test may wait for them to be over.
    static let impatient: JSONValue = ["timeouts": ["connect": "1s", "bind": "1s", "search": "1500ms"]]

    /// An object with the members of another in it.
    func merging(_ other: JSONValue) -> JSONValue {
        guard case .object(var object) = self, case .object(let others) = other else { return other }
        for (name, value) in others.members { object[name] = object[name]?.merging(value) ?? value }
        return .object(object)
    }
}

/// Lends a plugin that was started, and stops it. No password may then stand in its log.
func withDirectory(
    _ json: JSONValue,
    log: LogRecorder = LogRecorder(),
    name: String = "test",
    clock: any Clock<Duration> = ContinuousClock(),
    _ test: (LDAPDirectoryPlugin) async throws -> Void
) async throws {
    let settings = try PluginFixture.settings(LDAPDirectoryPlugin.self, json)
    let context = PluginContext(name: name, logger: log.logger, baseDirectory: ".")
    let plugin = try LDAPDirectoryPlugin(settings: settings, context: context, clock: clock)
    try await plugin.start()
    do {
        try await test(plugin)
    } catch {
        await plugin.stop()
        throw error
    }
    await plugin.stop()
    for line in log.entries.map(\.text) { #expect(!line.contains("-secret"), "a password in the log: \(line)") }
}

extension LDAPDirectoryPlugin {
    /// The entry of a user.
    func entry(named name: String) async throws -> DirectoryEntry? {
        try await self.entry(forUsername: try #require(Username(name)))
    }

    /// The entry with a number.
    func entry(at number: String) async throws -> DirectoryEntry? {
        try await self.entry(forDialString: try #require(DialString(number)))
    }

    /// Judges a name and a password; unless it is told, the right one.
    func judge(_ name: String, _ password: String? = nil) async throws -> AuthenticationOutcome {
        let username = try #require(Username(name))
        let secret = Secret(password ?? Company.password(name))
        return try await self.authenticate(.password(username: username, password: secret))
    }

    /// Whether it is as well as can be.
    var isWell: Bool { get async { await self.health() == .ok } }

    /// What it says that is wrong; `nil` unless it can't answer at all.
    var failure: String? {
        get async { if case .failed(let problem) = await self.health() { problem } else { nil } }
    }

    /// What it says that is not as it should be.
    var weakness: String? {
        get async { if case .degraded(let problem) = await self.health() { problem } else { nil } }
    }
}

/// The question must end with an error of the kind that makes clients try again later: not with an answer, not with "there is
/// no such user".
func expectUnavailable(
    _ comment: Comment? = nil,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ question: () async throws -> Void
) async {
    await #expect(comment, sourceLocation: sourceLocation) {
        try await question()
    } throws: { error in
        guard case PluginError.unavailable(let text)? = error as? PluginError else { return false }
        return !text.isEmpty && !text.contains("-secret")
    }
}

/// The question must end with the error that tells of a contradiction.
func expectInconsistent(
    _ comment: Comment? = nil,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ question: () async throws -> Void
) async {
    await #expect(comment, sourceLocation: sourceLocation) {
        try await question()
    } throws: { error in
        guard case PluginError.inconsistent? = error as? PluginError else { return false }
        return true
    }
}

extension LogRecorder {
    /// The errors that name all of these.
    func errors(naming texts: String...) -> [Entry] {
        self.entries.filter { entry in
            entry.level == .error && texts.allSatisfy { entry.metadata.description.contains($0) }
        }
    }
}
