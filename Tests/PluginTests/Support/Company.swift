import Foundation

/// The people of a small company, as LDIF (RFC 2849).
enum Company {
    static let suffix = "dc=example,dc=test"
    static let people = "ou=people,\(suffix)"
    static let groups = "ou=groups,\(suffix)"
    /// Whom the plugin logs in as.
    static let service = "cn=anynode,ou=services,\(suffix)"
    static let servicePassword = "service-secret"

    /// A name of everything that means something in a filter (RFC 4515) or in a distinguished name (RFC 4514), of a
    /// letter in two bytes, and of an asterisk that a combining mark hides from whoever looks at characters.
    static let trickyName = "*()\\,+#\"<>;\u{E9}*\u{301}"
    /// The longest name there is.
    static let longName = String(repeating: "x", count: 256)

    /// The password of each person: the first part of his name, and `-secret`.
    static func password(_ name: String) -> String { "\(name)-secret" }

    static func distinguishedName(_ name: String) -> String { "uid=\(self.escaped(name)),\(self.people)" }

    static let root = Self.entry(
        suffix,
        ["objectClass: dcObject", "objectClass: organization", "dc: example", "o: Example"]
    )

    /// Everybody.
    static let tree: String = {
        var text = Self.branches
        text += Self.person("alice", "Alice Adams", numbers: ["+49 (5363) 8195-123"], ["displayName: Alice A."])
        text += Self.person("bob", "Bob Brown", numbers: ["+49 5363 8195 999"])
        text += Self.person(
            "carol",
            "Carol Clark",
            numbers: ["+49 5363 8195-777", "+49 (5363) 8195-778"],
            ["mobile: +49 170/12.34.56"]
        )
        text += Self.person("dave", "Dave Doe", numbers: [])
        text += Self.person("twin", "Twin One", numbers: ["+49 5363 8195-801"])
        text += Self.person("twin", "Twin Two", numbers: ["+49 5363 8195-802"], in: "ou=annex,\(Self.people)")
        text += Self.person(Self.trickyName, "Tricky", password: "tricky", numbers: ["+49 5363 8195-600"])
        text += Self.person("b\u{E9}a", "B\u{E9}a", password: "bea", numbers: ["+49 5363 8195-601"])
        text += Self.person(
            Self.longName,
            "Long",
            password: "long",
            numbers: ["+49 5363 8195-602"],
            // OpenLDAP's index takes no name of 256 bytes into a distinguished name.
            as: "cn=Long"
        )
        text += Self.entry(
            "cn=telephony,\(Self.groups)",
            [
                "objectClass: groupOfNames", "cn: telephony", "member: \(Self.distinguishedName("alice"))",
                "member: \(Self.distinguishedName(Self.trickyName))",
            ]
        )
        return text
    }()

    /// Two people with one number, written differently.
    static let contested =
        Self.person("erin", "Erin Eve", numbers: ["+49 (5363) 8195/555"])
        + Self.person("frank", "Frank Fox", numbers: ["+495363 8195 555"])

    /// The empty branches, and the service that reads them.
    static let branches: String = {
        var text = ""
        for branch in ["people", "groups", "services"] {
            text += Self.entry("ou=\(branch),\(Self.suffix)", ["objectClass: organizationalUnit", "ou: \(branch)"])
        }
        text += Self.entry("ou=annex,\(Self.people)", ["objectClass: organizationalUnit", "ou: annex"])
        text += Self.entry(
            Self.service,
            [
                "objectClass: organizationalRole", "objectClass: simpleSecurityObject", "cn: anynode",
                "userPassword: \(Self.servicePassword)",
            ]
        )
        return text
    }()

    /// So many people `u0`, `u1`, … with the numbers `49536300000`, `49536300001`, …
    static func crowd(_ count: Int) -> String {
        (0..<count).map { Self.person("u\($0)", "User \($0)", numbers: ["+49 (5363) \(10_000 + $0)"]) }.joined()
    }

    /// One person.
    static func person(
        _ name: String,
        _ commonName: String,
        password: String? = nil,
        numbers: [String],
        in branch: String = Company.people,
        as relativeName: String? = nil,
        _ more: [String] = []
    ) -> String {
        self.entry(
            "\(relativeName ?? "uid=\(self.escaped(name))"),\(branch)",
            ["objectClass: inetOrgPerson", "uid: \(name)", "cn: \(commonName)", "sn: \(commonName)"]
                + ["userPassword: \(self.password(password ?? name))"] + numbers.map { "telephoneNumber: \($0)" } + more
        )
    }

    /// One entry; values that LDIF can't hold as they are get encoded.
    static func entry(_ name: String, _ attributes: [String]) -> String {
        let lines = attributes.map { attribute in
            guard let colon = attribute.firstRange(of: ": ") else { return attribute }
            let value = attribute[colon.upperBound...]
            let isPlain = value.utf8.allSatisfy { (0x20..<0x7F).contains($0) } && !value.hasSuffix(" ")
            let isSafe = isPlain && !(value.first.map { " :<".contains($0) } ?? true)
            let name = attribute[..<colon.lowerBound]
            return isSafe ? attribute : "\(name):: \(Data(value.utf8).base64EncodedString())"
        }
        return "dn: \(name)\n\(lines.joined(separator: "\n"))\n\n"
    }

    /// The value of a distinguished name's part, all but letters and digits as RFC 4514 §2.4 permits for every byte.
    static func escaped(_ value: String) -> String {
        value.utf8.map { byte in
            let scalar = Unicode.Scalar(byte)
            guard !scalar.properties.isAlphabetic || byte > 0x7F, !("0"..."9").contains(scalar) else {
                return String(Character(scalar))
            }
            return "\\" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }
}
