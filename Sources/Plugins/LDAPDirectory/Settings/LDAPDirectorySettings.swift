package import PluginAPI
internal import StrictJSON
internal import Telephony

/// What stands under `settings` of an LDAP directory.
package struct LDAPDirectorySettings: PluginSettings {
    let connection: LDAPConnectionSettings
    let users: UserSettings
    let numbers: NumberSettings
    let group: GroupSettings?
    /// Whether passwords are checked here, too.
    let authenticates: Bool
    /// How many entries are fetched at once when all are listed.
    let pageSize: Int
    let referrals: ReferralPolicy

    /// What to make of references to other servers.
    enum ReferralPolicy: String, Sendable, CaseIterable {
        /// They are left aside: what they lead to is not ours.
        case ignore
        /// An answer with references is no answer.
        case refuse
    }

    package init(from reader: SettingsReader) {
        let preset = reader.choice(
            "preset",
            default: LDAPPreset.openldap,
            summary: "Whose schema the defaults below are for; those shown are OpenLDAP's."
        )
        let urls = reader.strings(
            "urls",
            atLeast: 1,
            summary:
                "`ldap://`, `ldaps://` or `ldapi://` addresses of servers with the same content, the preferred one first."
        )
        let tls = reader.object("tls", summary: "How connections are encrypted.") { LDAPTLSSettings(from: $0) }
        let login = reader.object("bind", summary: "As whom the directory is searched.") {
            LDAPConnectionSettings.Login(from: $0)
        }
        self.users = reader.object("users", summary: "How a user's entry is found.") { UserSettings(from: $0, preset) }
        self.numbers = reader.object("numbers", summary: "Where numbers stand, and how they are written.") {
            NumberSettings(from: $0)
        }
        self.group = reader.optionalObject(
            "group",
            summary: "A search that must find something for a user, or he does not exist for this server."
        ) { GroupSettings(from: $0) }
        self.authenticates = reader.bool(
            "authenticates",
            default: true,
            summary: "Whether passwords are checked by logging in to the directory with them."
        )
        let times = reader.object("timeouts", summary: "How long the directory may take.") { Times(from: $0) }
        let searches = reader.integer(
            "searchesAtOnce",
            default: 64,
            in: 1...1000,
            summary: "How many searches may be under way at once, all on one connection."
        )
        let binds = reader.integer(
            "bindsAtOnce",
            default: 8,
            in: 1...64,
            summary: "How many passwords may be checked at once, each on a connection of its own."
        )
        self.pageSize = reader.integer(
            "pageSize",
            default: 500,
            in: 1...100_000,
            summary: "How many entries are fetched at once when all numbers are listed."
        )
        let keepAlive = reader.duration(
            "keepAlive",
            default: .seconds(60),
            in: .seconds(1) ... .seconds(86400),
            summary:
                "After how much silence to ask whether the server is still there; idle connections for passwords are closed."
        )
        self.referrals = reader.choice(
            "referrals",
            default: ReferralPolicy.ignore,
            summary:
                "Whether references to other servers are left aside or make an answer a failure. They are never followed."
        )
        for (index, url) in urls.enumerated() {
            if let problem = LDAPURL.problem(in: url) { reader.problem(at: "urls", index: index, problem) }
        }
        self.connection = LDAPConnectionSettings(
            urls: urls,
            tls: tls,
            login: login,
            connectTimeout: times.connect,
            bindTimeout: times.bind,
            searchTimeout: times.search,
            searchesAtOnce: searches,
            bindsAtOnce: binds,
            keepAlive: keepAlive
        )
    }

    private struct Times {
        let connect: Duration
        let bind: Duration
        let search: Duration

        init(from reader: SettingsReader) {
            let range = Duration.milliseconds(100) ... .seconds(60)
            self.connect = reader.duration("connect", default: .seconds(3), in: range, summary: "For connecting.")
            self.bind = reader.duration("bind", default: .seconds(3), in: range, summary: "For a log-in.")
            self.search = reader.duration(
                "search",
                default: .seconds(4),
                in: range,
                summary: "For a search, waiting for a connection included."
            )
        }
    }
}

/// Whose schema defaults are for.
enum LDAPPreset: String, Sendable, CaseIterable {
    case openldap
    case activeDirectory

    var userFilter: String {
        switch self {
        case .openldap:
            "(&(objectClass=person)(uid={username}))"
        case .activeDirectory:
            // Accounts that are switched off are nobody's.
            """
            (&(objectCategory=person)(objectClass=user)(sAMAccountName={username})\
            (!(userAccountControl:1.2.840.113556.1.4.803:=2)))
            """
        }
    }

    var usernameAttribute: String {
        switch self {
        case .openldap: "uid"
        case .activeDirectory: "sAMAccountName"
        }
    }

    /// Whether people may be written "Alice" in the directory and log in as "alice".
    var lowercasesUsernames: Bool { self == .activeDirectory }
}

/// How a user's entry is found.
struct UserSettings: Sendable, Equatable {
    let base: String
    let scope: LDAPScope
    let filter: LDAPTemplate?
    let name: LDAPTemplate?
    let usernameAttribute: String
    let isLowercased: Bool
    let displayNameAttributes: [String]

    init(from reader: SettingsReader, _ preset: LDAPPreset) {
        self.base = reader.string("base", summary: "The distinguished name under which all users stand.")
        self.scope = reader.searchScope(default: .subtree)
        self.filter = reader.filter(
            "filter",
            default: preset.userFilter,
            allowing: [.username],
            summary: "The filter for one user; `{username}` is the name he logs in with, escaped."
        )
        self.name = reader.nameTemplate(
            "dn",
            summary:
                "The distinguished name of a user, with `{username}` in it, where it is known: his entry is then read, not searched."
        )
        self.usernameAttribute = reader.attribute(
            "username",
            default: preset.usernameAttribute,
            summary: "The attribute with the name to log in with."
        )
        self.isLowercased = reader.bool(
            "lowercase",
            default: preset.lowercasesUsernames,
            summary: "Whether names are put into lower case (ASCII) before they are compared with what a client says."
        )
        self.displayNameAttributes = reader.attributes(
            "displayName",
            default: ["displayName", "cn"],
            summary: "The attributes with the name that is shown; the first that has a value counts."
        )
        if let filter, !filter.contains(.username), !reader.hasProblem(at: "filter"), self.name == nil {
            reader.problem(at: "filter", "expected {username} in it, found a filter that is the same for everybody")
        }
    }
}

/// Where numbers stand, and how they are written.
struct NumberSettings: Sendable, Equatable {
    let attributes: [String]
    let rewriting: NumberRewriting
    /// Whether all numbers are listed.
    let isIndexed: Bool
    let refresh: Duration

    init(from reader: SettingsReader) {
        self.attributes = reader.attributes(
            "attributes",
            default: ["telephoneNumber"],
            summary:
                "The attributes with numbers: the first value of the first that has one is assigned, all others may be claimed."
        )
        let rules = reader.optionalObjects(
            "rewrite",
            summary: "How a number is made of a value, rule after rule. Unless given: ` ()/-.` are left out."
        ) { NumberRewriting.Rule(from: $0) }
        self.rewriting = rules.map { NumberRewriting(rules: $0.compactMap { $0 }) } ?? .usual
        self.isIndexed = reader.bool(
            "index",
            default: true,
            summary:
                "Whether all numbers are listed now and then, so that each is found however it is written, and none has two owners."
        )
        self.refresh = reader.duration(
            "refresh",
            default: .seconds(300),
            in: .milliseconds(100) ... .seconds(86400),
            summary: "How often they are listed."
        )
        if self.attributes.isEmpty, !reader.hasProblem(at: "attributes") {
            reader.problem(at: "attributes", "expected at least one attribute, found none")
        }
    }
}

/// A search that must find something.
struct GroupSettings: Sendable, Equatable {
    let base: LDAPTemplate?
    let scope: LDAPScope
    let filter: LDAPTemplate?

    init(from reader: SettingsReader) {
        self.base = reader.requiredNameTemplate("base", summary: "Where to search; `{username}` may stand in it.")
        self.scope = reader.searchScope(default: .base)
        self.filter = reader.filter(
            "filter",
            default: "(member={dn})",
            allowing: [.username, .dn],
            summary: "What must be found there; `{dn}` is the distinguished name of the user's entry."
        )
    }
}
