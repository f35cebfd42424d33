import Core
import PluginAPI
import StrictJSON
import Telephony
import Testing

/// The contract of an authenticator as a test: call it with settings under which this user has this password.
///
/// Not tested here, since a test that measures time fails on a busy machine: a user the plugin does not know must cost as
/// much time as a wrong password. Show in the plugin's own tests that the same work is done for both.
func checkAuthenticatorConformance<Kind: AuthenticatorPlugin>(
    _ kind: Kind.Type,
    settings json: JSONValue,
    baseDirectory: String = ".",
    username: Username,
    password: String,
    /// The SHA-256 HA1 that the settings store for this user; `nil` when they store none.
    ha1: String? = nil,
    stranger: Username
) async throws {
    try #require(!password.isEmpty)
    try await PluginFixture.checkLife(kind, json, baseDirectory: baseDirectory)

    let plugin = try PluginFixture.make(kind, json, baseDirectory: baseDirectory)
    try await plugin.start()
    @Sendable func outcome(_ username: Username, _ password: String) async throws -> AuthenticationOutcome {
        try await plugin.authenticate(.password(username: username, password: Secret(password)))
    }

    #expect(try await outcome(username, password) == .accepted(username))
    #expect(try await outcome(username, password + "x") == .refused)
    #expect(try await outcome(username, String(password.dropLast())) != .accepted(username))
    // A C string ends at a NUL; a password must not.
    #expect(try await outcome(username, password + "\0x") != .accepted(username))
    #expect(try await outcome(username, String(repeating: "x", count: 100_000)) == .refused)
    // LDAP calls a bind without a password a success. Nobody else may.
    #expect(try await outcome(username, "") == .refused)
    for attempt in [password, "x", ""] {
        let judgement = try await outcome(stranger, attempt)
        #expect(judgement == .notMine || judgement == .refused)
    }

    // HTTP Digest: only what is stored proves anything, whatever a response claims to match.
    @Sendable func judgement(
        _ username: Username,
        _ algorithm: DigestAlgorithm,
        _ check: @Sendable @escaping (Secret) -> Bool
    )
        async throws -> AuthenticationOutcome
    {
        let response = DigestResponse(username: username, realm: "anynode", algorithm: algorithm, check: check)
        return try await plugin.authenticate(.digest(response))
    }
    if let ha1 {
        #expect(try await judgement(username, .sha256) { $0 == Secret(ha1) } == .accepted(username))
        #expect(try await judgement(username, .sha256) { $0 != Secret(ha1) } == .refused)
    } else {
        #expect(try await judgement(username, .sha256) { _ in true } != .accepted(username))
    }
    #expect(try await judgement(username, .md5) { _ in true } != .accepted(username))
    #expect(try await judgement(username, .sha256) { _ in false } != .accepted(username))
    for algorithm in DigestAlgorithm.allCases {
        let judgement = try await judgement(stranger, algorithm) { _ in true }
        #expect(judgement == .notMine || judgement == .refused)
    }

    // Many at once, while it changes: nobody gets the answer of another.
    let settings = try PluginFixture.settings(kind, json, baseDirectory: baseDirectory)
    try await PluginFixture.whileReconfiguring(plugin, settings) {
        let (right, wrong) = (try await outcome(username, password), try await outcome(username, "x" + password))
        #expect(right == .accepted(username))
        #expect(wrong == .refused)
    }
    await plugin.stop()

    // And as the server sees it.
    let host = try PluginFixture.host(kind, json, baseDirectory: baseDirectory)
    try await host.start()
    let right = Credential.password(username: username, password: Secret(password))
    let wrong = Credential.password(username: username, password: Secret("x" + password))
    let unknown = Credential.password(username: stranger, password: Secret(password))
    #expect(await host.authenticate(right) == .accepted(username))
    #expect(await host.authenticate(wrong) == .refused)
    #expect(await host.authenticate(unknown) == .refused)
    await host.stop()
}
