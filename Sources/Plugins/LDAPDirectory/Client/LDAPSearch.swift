internal import CLDAP
internal import Glibc

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
    let attributes: LDAPAttributes
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
    static let ping = LDAPSearch(base: "", scope: .base, filter: "(objectClass=*)", attributes: .none)
}

/// The names of attributes to ask for, as C wants them: the same ones are asked for again and again.
final class LDAPAttributes: @unchecked Sendable {
    let names: [String]
    /// A list that a null pointer ends; never changed.
    let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

    /// Nothing but whether an entry exists (RFC 4511 §4.5.1.8).
    static let none = LDAPAttributes([])

    init(_ names: [String]) {
        self.names = names
        let asked = names.isEmpty ? [LDAP_NO_ATTRS] : names
        self.pointers = .allocate(capacity: asked.count + 1)
        self.pointers.initialize(repeating: nil, count: asked.count + 1)
        for (index, name) in asked.enumerated() { self.pointers[index] = strdup(name) }
    }

    deinit {
        var next = self.pointers
        while let name = next.pointee {
            free(name)
            next += 1
        }
        self.pointers.deallocate()
    }

    /// Calls back with each place of an attribute: case means nothing in its name (RFC 4512 §2.5).
    func places(of name: UnsafeBufferPointer<UInt8>, _ use: (Int) -> Void) {
        for (index, own) in self.names.enumerated() where own.utf8.count == name.count {
            guard let pointer = self.pointers[index], let other = name.baseAddress,
                strncasecmp(pointer, other, name.count) == 0
            else { continue }
            use(index)
        }
    }
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
