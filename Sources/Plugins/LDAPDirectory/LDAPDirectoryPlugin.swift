internal import Logging
package import PluginAPI
package import Telephony

/// People, their numbers and their passwords from a directory that speaks LDAP (RFC 4511), such as OpenLDAP or Active Directory.
///
/// Users are found by a filter, and log in by a bind as the entry that was found. Every answer is read afresh; the list of all
/// numbers that is made now and then only says where to look.
package final class LDAPDirectoryPlugin: DirectoryPlugin, AuthenticatorPlugin {
    package typealias Settings = LDAPDirectorySettings

    package static let kind = "LDAPDirectory"

    private let settings: LDAPDirectorySettings
    private let context: PluginContext
    private let client: LDAPClient
    private let people: PeopleSearch
    private let listing: NumberListing
    private let contradictions: ContradictionLog

    package convenience init(settings: LDAPDirectorySettings, context: PluginContext) throws {
        try self.init(settings: settings, context: context, clock: ContinuousClock())
    }

    /// With a clock of the test's own for all waiting.
    package init(settings: LDAPDirectorySettings, context: PluginContext, clock: any Clock<Duration>) throws {
        self.settings = settings
        self.context = context
        self.contradictions = ContradictionLog(logger: context.logger)
        self.client = try LDAPClient(settings.connection, name: context.name, logger: context.logger, clock: clock)
        self.people = PeopleSearch(settings, client: self.client)
        self.listing = NumberListing(
            settings.numbers,
            self.people,
            self.contradictions,
            logger: context.logger,
            clock: clock
        )
    }

    /// The thread that all connections live on.
    package var executor: (any TaskExecutor)? { self.client.thread }

    // MARK: Life

    package func start() async throws {
        let tls = self.settings.connection.tls
        for path in [tls.authorities, tls.certificate, tls.privateKey].compactMap({ $0 }) {
            do {
                _ = try FileVersion(path: path)
            } catch {
                throw PluginError.invalidSettings("expected a PEM file at \(path), found \(error.found)")
            }
        }
        await self.client.open()
        self.listing.start()
        // Until all numbers are listed, two owners may go unnoticed, and each question takes a search more. With a directory that
        // is down there is nothing to wait for.
        if case .failed = await self.client.health { return }
        await self.listing.settle(within: Self.patience)
    }

    /// For the first list of all numbers; the start of the plugin goes on without it then.
    private static let patience = Duration.seconds(3)

    package func stop() async {
        await self.listing.stop()
        await self.client.close()
    }

    package func health() async -> PluginHealth {
        switch await self.client.health {
        case .ok: self.listing.problem.map { .degraded($0) } ?? .ok
        case .degraded(let problem): .degraded(problem)
        case .failed(let problem): .failed(problem)
        }
    }

    // MARK: Directory

    package func entry(forUsername username: Username) async throws -> DirectoryEntry? {
        try await self.reportingContradictions {
            guard let person = try await self.people.person(named: username) else { return nil }
            return try await self.entry(of: person)
        }
    }

    package func entry(forDialString dialString: DialString) async throws -> DirectoryEntry? {
        try await self.reportingContradictions {
            let owners = try await self.owners(of: dialString)
            guard let owner = owners.first else { return nil }
            guard owners.count == 1 else { throw Contradiction(dialString, names: owners.map(\.name)) }
            return try await self.entry(of: owner)
        }
    }

    /// What the server is told about somebody; `nil` when he has no number or is none of ours.
    private func entry(of person: Person) async throws -> DirectoryEntry? {
        guard try await self.people.isMember(person) else { return nil }
        if !person.unusable.isEmpty {
            self.context.logger.notice(
                "values that are no numbers",
                metadata: ["entry": .quoted(person.name), "values": "\(person.unusable.prefix(5).map(\.presentable))"]
            )
        }
        var numbers: [DialString] = []
        for (index, number) in person.numbers.enumerated() {
            let others = try await self.others(than: person, owning: number)
            guard !others.isEmpty else {
                numbers.append(number)
                continue
            }
            let contradiction = Contradiction(number, names: [person.name] + others.map(\.name))
            if index == 0 { throw contradiction }
            // A further number that somebody else has, too, is nobody's.
            self.contradictions.report(contradiction)
        }
        guard let first = numbers.first else { return nil }
        return DirectoryEntry(
            username: person.username,
            dialString: first,
            furtherDialStrings: Array(numbers.dropFirst()),
            displayName: person.displayName
        )
    }

    /// Everybody who has a number, read afresh.
    private func owners(of number: DialString) async throws -> [Person] {
        // Asked first: the list may come while we search.
        let wasPending = self.listing.isPending
        let listed = try await self.persons(self.listing.index?.users(at: number) ?? [], owning: number)
        if !listed.isEmpty { return listed }
        let found = try await self.people.persons(withPlain: number)
        guard found.isEmpty, wasPending else { return found }
        // Written otherwise, perhaps: only the list of all numbers can tell.
        let index = try await self.listing.first()
        return try await self.persons(index.users(at: number), owning: number)
    }

    private func others(than person: Person, owning number: DialString) async throws -> [Person] {
        guard let index = self.listing.index else {
            return try await self.people.persons(withPlain: number).filter { $0.name != person.name }
        }
        if index.isFree(number, for: person.username) { return [] }
        let users = index.users(at: number).filter { $0 != person.username }
        return try await self.persons(users, owning: number).filter { $0.name != person.name }
    }

    private func persons(_ users: [Username], owning number: DialString) async throws -> [Person] {
        var persons: [Person] = []
        for username in users {
            if let person = try await self.people.person(named: username), person.owns(number) {
                persons.append(person)
            }
        }
        return persons
    }

    // MARK: Authenticator

    package func authenticate(_ credential: Credential) async throws -> AuthenticationOutcome {
        switch credential {
        case .digest:
            // A directory never tells the password, nor anything that a digest could be checked by.
            return .notMine
        case .password(let username, let password):
            guard self.settings.authenticates else { return .notMine }
            return try await self.reportingContradictions { try await self.judge(username, password) }
        }
    }

    private func judge(_ username: Username, _ password: Secret) async throws -> AuthenticationOutcome {
        // A bind with a name and no password succeeds as nobody's (RFC 4513 §5.1.2).
        guard password != Secret("") else { return .refused }
        guard let person = try await self.people.person(named: username), try await self.people.isMember(person) else {
            // Strangers cost a bind, too, or the time would tell who works here.
            _ = try await self.people.isRight(
                Secret(Self.nonsense),
                of: "cn=\(Self.nonsense),\(self.settings.users.base)"
            )
            return .notMine
        }
        return try await self.people.isRight(password, of: person.name) ? .accepted(person.username) : .refused
    }

    /// What nobody is called, and nobody's password.
    private static var nonsense: String {
        String(UInt64.random(in: .min ... .max), radix: 16) + String(UInt64.random(in: .min ... .max), radix: 16)
    }

    // MARK: Contradictions

    private func reportingContradictions<Value>(_ question: () async throws -> Value) async throws -> Value {
        do {
            return try await question()
        } catch let contradiction as Contradiction {
            self.contradictions.report(contradiction)
            throw PluginError.inconsistent("\(contradiction.kind.rawValue); the log names the entries")
        }
    }
}
