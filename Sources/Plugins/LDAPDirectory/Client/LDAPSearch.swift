internal import CLDAP

/// Where a search looks, from its base.
enum LDAPScope: String, Sendable, CaseIterable {
    case base
    case oneLevel
    case subtree

    var code: Int32 {
        switch self {
        case .base: LDAP_SCOPE_BASE
        case .oneLevel: LDAP_SCOPE_ONELEVEL
        case .subtree: LDAP_SCOPE_SUBTREE
        }
    }
}

/// A question to a directory server (RFC 4511 §4.5).
struct LDAPSearch: Sendable {
    let base: String
    let scope: LDAPScope
    let filter: String
    /// In the order in which ``LDAPEntry/values`` come.
    let attributes: [String]
    /// More entries than these are not asked for; 0: no limit of ours.
    var sizeLimit: Int32 = 0
    /// Asks for one page of the entries (RFC 2696).
    var page: Page?

    struct Page: Sendable {
        let size: Int32
        /// What came with the page before; `nil` for the first. It means nothing on another connection.
        let cookie: [UInt8]?
    }

    /// The cheapest question there is: whether the server is there (RFC 4512 §5.1).
    static let ping = LDAPSearch(base: "", scope: .base, filter: "(objectClass=*)", attributes: [LDAP_NO_ATTRS])
}

/// What a server answered to an operation.
struct LDAPAnswer: Sendable {
    /// RFC 4511 §4.1.9.
    let code: Int32
    /// The server's own words.
    let diagnostic: String
    var entries: [LDAPEntry] = []
    /// How many references to other servers came with them (RFC 4511 §4.5.3).
    var references = 0
    /// What to ask for the next page with; `nil` after the last one.
    var cookie: [UInt8]?
}

/// One entry of a directory, as far as it was asked for.
struct LDAPEntry: Sendable, Hashable {
    /// RFC 4514.
    let name: String
    /// The values of each attribute asked for, in the order of the question. Values that are not UTF-8 are left out.
    let values: [[String]]
}
