internal import PluginAPI
internal import StrictJSON

/// What a directory's settings are made of.
extension SettingsReader {
    func filter(
        _ name: String,
        default standard: String,
        allowing placeholders: Set<LDAPTemplate.Placeholder>,
        summary: String
    ) -> LDAPTemplate? {
        let text = self.string(name, default: standard, summary: summary)
        guard !self.hasProblem(at: name), let template = self.template(text, name, placeholders) else { return nil }
        // With any value in its places.
        if let problem = FilterSyntax.problem(in: template.filterForAll()) {
            self.problem(at: name, "\(problem) (RFC 4515)")
            return nil
        }
        return template
    }

    /// A distinguished name with a place for the user's name.
    func nameTemplate(_ name: String, summary: String) -> LDAPTemplate? {
        guard let text = self.optionalString(name, summary: summary),
            let template = self.template(text, name, [.username])
        else { return nil }
        if !template.contains(.username) {
            self.problem(at: name, "expected {username} in it, found a name that is the same for everybody")
        }
        return template
    }

    func requiredNameTemplate(_ name: String, summary: String) -> LDAPTemplate? {
        let text = self.string(name, summary: summary)
        return self.hasProblem(at: name) ? nil : self.template(text, name, [.username])
    }

    private func template(
        _ text: String,
        _ name: String,
        _ placeholders: Set<LDAPTemplate.Placeholder>
    ) -> LDAPTemplate? {
        do {
            return try LDAPTemplate(text, allowing: placeholders)
        } catch {
            self.problem(at: name, error.description)
            return nil
        }
    }

    func searchScope(default standard: LDAPScope) -> LDAPScope {
        self.choice("scope", default: standard, summary: "How deep below the base to look.")
    }

    func attribute(_ name: String, default standard: String, summary: String) -> String {
        let attribute = self.string(name, default: standard, summary: summary)
        if let problem = Self.problem(inAttribute: attribute) { self.problem(at: name, problem) }
        return attribute
    }

    func attributes(_ name: String, default standard: [String], summary: String) -> [String] {
        let attributes = self.strings(name, default: standard, summary: summary)
        for (index, attribute) in attributes.enumerated() {
            if let problem = Self.problem(inAttribute: attribute) { self.problem(at: name, index: index, problem) }
        }
        return attributes
    }

    /// RFC 4512 §2.5.
    private static func problem(inAttribute text: String) -> String? {
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: ";"):
                true
            default:
                false
            }
        }
        return isPlain && !text.isEmpty
            ? nil : "expected the name of an attribute, found \(JSONValue.string(text).found)"
    }
}

extension LDAPTLSSettings {
    init(from reader: SettingsReader) {
        self.startTLS = reader.choice(
            "startTLS",
            default: .required,
            summary:
                "Whether an `ldap://` connection turns to TLS at once. `optional`: unless the server says that it can't, and then passwords travel in clear."
        )
        self.authorities = reader.optionalPath(
            "authorities",
            summary: "A PEM file with the authorities that sign the servers' certificates; the system's unless given."
        )
        self.certificate = reader.optionalPath("certificate", summary: "A PEM file with a certificate of our own.")
        self.privateKey = reader.optionalPath("privateKey", summary: "A PEM file with its key.")
        self.minimumVersion = reader.choice("minimumVersion", default: .tls12, summary: "No older version is spoken.")
        if (self.certificate == nil) != (self.privateKey == nil) {
            let missing = self.certificate == nil ? "certificate" : "privateKey"
            reader.problem(at: missing, "expected a path, found nothing: a certificate and its key come together")
        }
    }
}

extension LDAPConnectionSettings.Login {
    private enum Method: String, CaseIterable {
        case anonymous, simple, external
    }

    init(from reader: SettingsReader) {
        let method = reader.choice(
            "method",
            default: Method.anonymous,
            summary:
                "`simple`: by name and password. `external`: as whom the client certificate or the local socket proves."
        )
        let name = reader.optionalString("dn", summary: "The distinguished name of the service account, for `simple`.")
        let password = reader.optionalSecret("password", summary: "Its password, for `simple`.")
        switch method {
        case .anonymous: self = .anonymous
        case .external: self = .external
        case .simple: self = .simple(name: name ?? "", password: password ?? Secret(""))
        }
        if method == .simple {
            // By the protocol a log-in without a password is one as nobody, and succeeds.
            if name?.isEmpty ?? true {
                reader.problem(at: "dn", "expected a distinguished name for \"simple\", found none")
            }
            if password == nil, !reader.hasProblem(at: "password") {
                reader.problem(at: "password", "expected a password for \"simple\", found none")
            }
        } else {
            for (member, isGiven) in [("dn", name != nil), ("password", password != nil)] where isGiven {
                reader.problem(at: member, "expected nothing unless the method is \"simple\", found a value")
            }
        }
    }
}

extension NumberRewriting.Rule {
    /// Reads an element of `rewrite`; `nil` when something was wrong.
    init?(from reader: SettingsReader) {
        let strip = reader.optionalString("strip", summary: "Characters to leave out.")
        let pattern = reader.optionalString("pattern", summary: "A regular expression.")
        let template = reader.optionalString(
            "with",
            summary: "What is written in the place of what the pattern finds; `$1` is its first group."
        )
        switch (strip, pattern, template) {
        case (let strip?, nil, nil):
            self = .strip(StrippedCharacters(strip))
        case (nil, let pattern?, let template?):
            do {
                self = .replace(try Replacement(pattern: pattern, template: template))
            } catch {
                reader.problem(at: "pattern", "expected a regular expression, found one that can't be read: \(error)")
                return nil
            }
        default:
            reader.problem("expected either \"strip\", or \"pattern\" and \"with\"")
            return nil
        }
    }
}

/// The address of a directory server.
enum LDAPURL {
    /// Whether nobody else can listen.
    static func isOfThisMachine(_ url: String) -> Bool {
        guard !url.hasPrefix("ldapi:") else { return true }
        let place = url.drop { $0 != "/" }.drop { $0 == "/" }
        if place.hasPrefix("[") { return place.hasPrefix("[::1]") }
        let host = place.prefix { $0 != ":" && $0 != "/" }
        return host == "localhost"
            || host.hasPrefix("127.")
                && host.utf8.allSatisfy {
                    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: ".")
                }
    }

    /// What is wrong with it; `nil` when nothing is.
    static func problem(in text: String) -> String? {
        let problem =
            "expected ldap://HOST:PORT, ldaps://HOST:PORT or ldapi://PATH, found \(JSONValue.string(text).found)"
        guard text.utf8.allSatisfy({ (0x21..<0x7F).contains($0) }), let colon = text.firstIndex(of: ":"),
            text[colon...].hasPrefix("://")
        else { return problem }
        let place = text[colon...].utf8.dropFirst(3)
        switch text[..<colon] {
        case "ldapi":
            // An empty path is the system's own.
            return place.dropLast().contains(UInt8(ascii: "/")) ? "\(problem); in the path / is written %2F" : nil
        case "ldap", "ldaps":
            var host = place
            if host.last == UInt8(ascii: "/") { host.removeLast() }
            let isPlain = !host.isEmpty && !host.contains { byte in "/?@#".utf8.contains(byte) }
            return isPlain ? nil : problem
        default:
            return problem
        }
    }
}
