/// A tree with the attribute names of Active Directory, as far as OpenLDAP can hold one.
enum ActiveDirectory {
    /// Debian's msuser.schema names none of these.
    static let schema = """
        attributetype ( 1.2.840.113556.1.4.221 NAME 'sAMAccountName' EQUALITY caseIgnoreMatch
          SUBSTR caseIgnoreSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
        attributetype ( 1.2.840.113556.1.4.656 NAME 'userPrincipalName' EQUALITY caseIgnoreMatch
          SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
        attributetype ( 1.2.840.113556.1.4.8 NAME 'userAccountControl' EQUALITY integerMatch
          SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
        attributetype ( 1.2.840.113556.1.4.782 NAME 'objectCategory' EQUALITY caseIgnoreMatch
          SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
        objectclass ( 1.2.840.113556.1.5.9 NAME 'user' SUP top AUXILIARY
          MAY ( sAMAccountName $ userPrincipalName $ userAccountControl $ objectCategory ) )

        """

    static let users = "cn=Users,\(Company.suffix)"

    static let tree: String = {
        var text = Company.branches
        text += Company.entry(Self.users, ["objectClass: organizationalRole", "cn: Users"])
        text += Self.user("Alice", "Adams\\, Alice", number: "+49 (5363) 8195-123", control: 512)
        text += Self.user("bob", "Brown\\, Bob", number: "+49 5363 8195 999", control: 66048)
        // Disabled accounts have bit 1 set, whatever else is.
        text += Self.user("gone", "Gone", number: "+49 5363 8195-444", control: 514)
        text += Self.user("gone2", "Gone Too", number: "+49 5363 8195-445", control: 66050)
        return text
    }()

    private static func user(_ account: String, _ commonName: String, number: String, control: Int) -> String {
        let name = commonName.filter { $0 != "\\" }
        return Company.entry(
            "cn=\(commonName),\(Self.users)",
            [
                "objectClass: inetOrgPerson", "objectClass: user", "cn: \(name)", "sn: \(name)",
                "objectCategory: person", "sAMAccountName: \(account)", "userPrincipalName: \(account)@example.test",
                "userAccountControl: \(control)", "telephoneNumber: \(number)",
                "userPassword: \(Company.password(account.lowercased()))",
            ]
        )
    }
}
