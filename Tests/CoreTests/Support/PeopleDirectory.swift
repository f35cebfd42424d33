import Core
import PluginAPI
import Telephony

/// Three people whose password is `demo`: a directory and an authenticator without anything behind it.
struct PeopleDirectory: DirectoryPlugin, AuthenticatorPlugin {
    struct Settings: PluginSettings {
        init(from reader: SettingsReader) {}
    }

    static let kind = "People"

    init(settings: Settings, context: PluginContext) {}

    static let people: [DirectoryEntry] = [
        ("alice", "4953638195123", ["4953638195124"], "Alice Adams"),
        ("bob", "4953638195999", [], "Bob Brown"),
        ("carol", "4953638195777", [], "Carol Clark"),
    ].compactMap { name, number, more, display in
        guard let username = Username(name), let dialString = DialString(number) else { return nil }
        return DirectoryEntry(
            username: username,
            dialString: dialString,
            furtherDialStrings: more.compactMap { DialString($0) },
            displayName: display
        )
    }

    func entry(forUsername username: Username) async -> DirectoryEntry? {
        Self.people.first { $0.username == username }
    }

    func entry(forDialString dialString: DialString) async -> DirectoryEntry? {
        Self.people.first { $0.owns(dialString) }
    }

    func authenticate(_ credential: Credential) async -> AuthenticationOutcome {
        switch credential {
        case .password(let username, let password):
            guard await self.entry(forUsername: username) != nil else { return .notMine }
            return password.withText { $0 == "demo" } ? .accepted(username) : .refused
        case .digest(let response):
            guard await self.entry(forUsername: response.username) != nil else { return .notMine }
            let ha1 = DigestCalculation.ha1(
                response.algorithm,
                username: response.username,
                realm: response.realm,
                password: "demo"
            )
            return response.isProved(byHA1: Secret(ha1)) ? .accepted(response.username) : .refused
        }
    }
}
