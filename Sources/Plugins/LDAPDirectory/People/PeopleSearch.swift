internal import CLDAP
internal import PluginAPI
internal import Telephony

/// The questions about people, put to the directory and read back.
struct PeopleSearch: Sendable {
    let client: LDAPClient
    private let users: UserSettings
    private let numbers: NumberSettings
    private let group: GroupSettings?
    private let referrals: LDAPDirectorySettings.ReferralPolicy
    private let pageSize: Int32
    private let reader: PersonReader

    /// More entries for one question than anybody could sort out.
    private static let most: Int32 = 20

    init(_ settings: LDAPDirectorySettings, client: LDAPClient) {
        self.client = client
        self.users = settings.users
        self.numbers = settings.numbers
        self.group = settings.group
        self.referrals = settings.referrals
        self.pageSize = Int32(clamping: settings.pageSize)
        self.reader = PersonReader(settings.users, settings.numbers)
    }

    // MARK: One person

    /// The person who logs in under this name; `nil` when there is none.
    ///
    /// - Throws: ``Contradiction`` when there are two.
    func person(named username: Username) async throws -> Person? {
        let values = [LDAPTemplate.Placeholder.username: username.text]
        let search = LDAPSearch(
            base: self.users.name?.name(values) ?? self.users.base,
            scope: self.users.name == nil ? self.users.scope : .base,
            filter: self.users.filter?.filter(values) ?? "",
            attributes: self.reader.attributes,
            sizeLimit: Self.most
        )
        let persons = try await self.persons(of: search, mayLackBase: self.users.name != nil) {
            self.reader.person($0, named: username)
        }
        guard persons.count < 2 else {
            throw Contradiction(username, persons)
        }
        return persons.first
    }

    /// Whoever has this number, written without separators, with or without a plus.
    func persons(withPlain number: DialString) async throws -> [Person] {
        let value = LDAPEscaping.filterValue(number.text)
        let forms = self.numbers.attributes.map { "(\($0)=\(value))(\($0)=+\(value))" }.joined()
        let search = LDAPSearch(
            base: self.users.base,
            scope: self.users.scope,
            filter: "(&\(self.users.filter?.filterForAll() ?? "")(|\(forms)))",
            attributes: self.reader.attributes,
            sizeLimit: Self.most
        )
        return try await self.persons(of: search) { entry in
            self.reader.person(entry).flatMap { $0.owns(number) ? $0 : nil }
        }
    }

    /// The persons of the entries that a search finds.
    ///
    /// - Throws: Also when the server keeps some back, unless those it names are too many already: one that was told of is
    ///   not the only one then.
    private func persons(
        of search: LDAPSearch,
        mayLackBase: Bool = false,
        reading person: (LDAPEntry) -> Person?
    ) async throws -> [Person] {
        let answer = try await self.answer(to: search, mayLackBase: mayLackBase)
        let persons = answer.entries.compactMap(person)
        guard answer.code != LDAP_SIZELIMIT_EXCEEDED || persons.count > 1 else {
            throw LDAPFailure(code: answer.code, diagnostic: answer.diagnostic, doing: "search").pluginError
        }
        return persons
    }

    /// Whether somebody is one of those that exist for us.
    func isMember(_ person: Person) async throws -> Bool {
        guard let group = self.group else { return true }
        let values: [LDAPTemplate.Placeholder: String] = [.username: person.username.text, .dn: person.name]
        let search = LDAPSearch(
            base: group.base?.name(values) ?? "",
            scope: group.scope,
            filter: group.filter?.filter(values) ?? "",
            attributes: .none,
            sizeLimit: 1
        )
        let mayLackBase = group.base?.contains(.username) ?? false
        return try await !self.answer(to: search, mayLackBase: mayLackBase).entries.isEmpty
    }

    /// - Parameter mayLackBase: Whether the base is made of what a client says, so that it need not exist.
    private func answer(to search: LDAPSearch, mayLackBase: Bool) async throws -> LDAPAnswer {
        let answer = try await self.ask(search)
        switch answer.code {
        case LDAP_SUCCESS, LDAP_SIZELIMIT_EXCEEDED: return answer
        case LDAP_NO_SUCH_OBJECT where mayLackBase: return answer
        default: throw LDAPFailure(code: answer.code, diagnostic: answer.diagnostic, doing: "search").pluginError
        }
    }

    private func ask(_ search: LDAPSearch) async throws -> LDAPAnswer {
        let answer: LDAPAnswer
        do {
            answer = try await self.client.search(search)
        } catch let failure as LDAPFailure {
            throw failure.pluginError
        }
        if answer.references > 0, self.referrals == .refuse {
            throw PluginError.unavailable("the answer refers to other servers, and may lack what they know")
        }
        return answer
    }

    // MARK: Passwords

    /// Whether the password belongs to the entry of that name.
    func isRight(_ password: Secret, of name: String) async throws -> Bool {
        let answer: LDAPAnswer
        do {
            answer = try await self.client.check(password, of: name)
        } catch let failure as LDAPFailure {
            throw failure.pluginError
        }
        switch answer.code {
        case LDAP_SUCCESS:
            return true
        case LDAP_INVALID_CREDENTIALS, LDAP_NO_SUCH_OBJECT, LDAP_INAPPROPRIATE_AUTH, LDAP_INSUFFICIENT_ACCESS,
            LDAP_UNWILLING_TO_PERFORM, LDAP_CONSTRAINT_VIOLATION, LDAP_INVALID_DN_SYNTAX:
            // Wrong, or an account without a password, locked, expired.
            return false
        default:
            throw LDAPFailure(code: answer.code, diagnostic: answer.diagnostic, doing: "log-in").pluginError
        }
    }

    // MARK: Everybody

    /// Lists everybody's numbers, page by page.
    func index() async throws -> NumberIndex {
        var index = NumberIndex()
        var cookie: [UInt8]?
        repeat {
            let search = LDAPSearch(
                base: self.users.base,
                scope: self.users.scope,
                filter: self.users.filter?.filterForAll() ?? "",
                attributes: self.reader.attributes,
                page: LDAPSearch.Page(size: self.pageSize, cookie: cookie)
            )
            let answer = try await self.ask(search)
            for entry in answer.entries {
                if let person = self.reader.person(entry) { index.add(person) }
            }
            switch answer.code {
            case LDAP_SUCCESS:
                cookie = answer.cookie
            case LDAP_SIZELIMIT_EXCEEDED, LDAP_ADMINLIMIT_EXCEEDED, LDAP_TIMELIMIT_EXCEEDED:
                index.isIncomplete = true
                cookie = nil
            default:
                throw LDAPFailure(code: answer.code, diagnostic: answer.diagnostic, doing: "listing all").pluginError
            }
        } while cookie != nil
        index.complete()
        return index
    }
}
