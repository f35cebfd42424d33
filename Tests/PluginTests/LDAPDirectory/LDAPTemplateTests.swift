import Testing

@testable import LDAPDirectory

@Suite("LDAP: filters and names with a client's value in them")
struct LDAPTemplateTests {
    @Test(
        "No value changes a filter (RFC 4515)",
        arguments: [
            ("alice", "alice"),
            ("*", "\\2a"),
            ("*)(uid=*", "\\2a\\29\\28uid=\\2a"),
            ("a\\2ab", "a\\5c2ab"),
            ("a\0b", "a\\00b"),
            // One character to Swift, an asterisk to the server.
            ("*\u{301}", "\\2a\\cc\\81"),
            ("é", "\\c3\\a9"),
            ("\u{FF0A}", "\\ef\\bc\\8a"),
            ("a\r\nb", "a\\0d\\0ab"),
            ("a b&|!=<>~", "a b&|!=<>~"),
            ("", ""),
        ]
    )
    func filterValue(value: String, escaped: String) {
        #expect(LDAPEscaping.filterValue(value) == escaped)
    }

    @Test(
        "No value changes a distinguished name (RFC 4514)",
        arguments: [
            ("alice", "alice"),
            ("a,ou=admins", "a\\2cou\\3dadmins"),
            ("a+cn=b", "a\\2bcn\\3db"),
            ("#6869", "\\236869"),
            ("a#", "a#"),
            (" a ", "\\20a\\20"),
            ("a b", "a b"),
            (" ", "\\20"),
            ("\"a;<>\\", "\\22a\\3b\\3c\\3e\\5c"),
            ("a\0", "a\\00"),
            (",\u{301}", "\\2c\\cc\\81"),
            ("é", "\\c3\\a9"),
        ]
    )
    func nameValue(value: String, escaped: String) {
        #expect(LDAPEscaping.nameValue(value) == escaped)
    }

    @Test("Every byte comes back as it was, whatever it is")
    func bytes() {
        let all = String(String.UnicodeScalarView((0...0x2FF).compactMap(Unicode.Scalar.init)))
        for escaped in [LDAPEscaping.filterValue(all), LDAPEscaping.nameValue(all)] {
            #expect(escaped.utf8.allSatisfy { (0x20..<0x7F).contains($0) })
            #expect(Self.unescaped(escaped) == Array(all.utf8))
        }
    }

    private static func unescaped(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\"), let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return bytes
    }

    @Test("Places are filled, each by the rules of where it stands")
    func filling() throws {
        let filter = try LDAPTemplate("(&(a={username})(b={dn})(c={username}))", allowing: [.username, .dn])
        #expect(filter.filter([.username: "x*", .dn: "cn=(y)"]) == "(&(a=x\\2a)(b=cn=\\28y\\29)(c=x\\2a))")
        #expect(filter.filterForAll() == "(&(a=*)(b=*)(c=*))")
        let name = try LDAPTemplate("uid={username},ou=people", allowing: [.username])
        #expect(name.name([.username: "x,y"]) == "uid=x\\2cy,ou=people")
        #expect(name.contains(.username) && !name.contains(.dn))
        // A value that looks like a place is none.
        #expect(filter.filter([.username: "{dn}", .dn: "d"]) == "(&(a={dn})(b=d)(c={dn}))")
    }

    @Test(
        "What is no place is refused",
        arguments: [
            ("(uid={user})", "expected {username} in braces, found {user}"),
            ("(uid={})", "expected {username} in braces, found {}"),
            ("(uid={username)", "expected a closing brace, found the end"),
            ("(uid={dn})", "expected {username} in braces, found {dn}"),
        ]
    )
    func malformed(text: String, problem: String) {
        let failure = #expect(throws: LDAPTemplate.Malformed.self) {
            try LDAPTemplate(text, allowing: [.username])
        }
        #expect(failure?.description == problem)
    }
}

@Suite("LDAP: the form of filters")
struct FilterSyntaxTests {
    @Test(
        "Filters (RFC 4515 §4)",
        arguments: [
            "(cn=Babs Jensen)", "(!(cn=Tim Howes))", "(&(objectClass=Person)(|(sn=Jensen)(cn=Babs J*)))",
            "(o=univ*of*mich*)", "(seeAlso=)", "(cn:caseExactMatch:=Fred Flintstone)", "(cn:=Betty Rubble)",
            "(sn:dn:2.4.6.8.10:=Barney Rubble)", "(:1.2.3:=Wilma)", "(o=Parens R Us \\28for all your needs\\29)",
            "(userAccountControl:1.2.840.113556.1.4.803:=2)", "(a>=1)", "(a<=1)", "(a~=1)", "(&)", "(a;lang-de=x)",
        ]
    )
    func good(filter: String) {
        #expect(FilterSyntax.problem(in: filter) == nil)
    }

    @Test(
        "What is none, and where it stops being one",
        arguments: [
            ("", "expected \"(\", found the end"),
            ("uid=alice", "expected \"(\" at byte 0, found \"u\""),
            ("(uid=alice", "expected \")\", found the end"),
            ("(uid=alice))", "expected the end after the filter at byte 11, found \")\""),
            ("(&(a=1)(b=2)", "expected \")\", found the end"),
            ("(=x)", "expected an attribute at byte 1, found \"=\""),
            ("(uid)", "expected \"=\" at byte 4, found \")\""),
            ("(uid=(x))", "expected a value at byte 5, found \"(\""),
            ("(uid=\\2)", "expected two hexadecimal digits after the backslash at byte 6, found \"2\""),
            ("(uid=\\zz)", "expected two hexadecimal digits after the backslash at byte 6, found \"z\""),
            ("(u id=x)", "expected \"=\" at byte 2, found another character"),
            ("(!)", "expected \"(\" at byte 2, found \")\""),
        ]
    )
    func bad(filter: String, problem: String) {
        #expect(FilterSyntax.problem(in: filter) == problem)
    }

    @Test("Depth is bounded")
    func depth() {
        let deep = String(repeating: "(!", count: 100_000) + "(a=b)" + String(repeating: ")", count: 100_000)
        #expect(FilterSyntax.problem(in: deep) == "expected at most 32 filters within each other, found more")
    }
}
