import PluginAPI
import StrictJSON
import Testing

@testable import LDAPDirectory

@Suite("LDAP: settings")
struct LDAPSettingsTests {
    private func problems(_ overrides: JSONObject) -> [String] {
        var settings: JSONObject = JSONObject()
        settings["urls"] = ["ldap://127.0.0.1"]
        settings["users"] = ["base": "dc=example,dc=test"]
        for (name, value) in overrides.members { settings[name] = value }
        do {
            _ = try PluginFixture.settings(LDAPDirectoryPlugin.self, .object(settings))
            return []
        } catch let problems as ConfigurationProblems {
            return problems.list.map(\.description)
        } catch {
            return ["\(error)"]
        }
    }

    private func problems(_ name: String, _ value: JSONValue) -> [String] {
        var object = JSONObject()
        object[name] = value
        return self.problems(object)
    }

    @Test("Servers and a base are enough")
    func least() throws {
        #expect(self.problems(JSONObject()).isEmpty)
        let settings = try PluginFixture.settings(
            LDAPDirectoryPlugin.self,
            ["urls": ["ldapi:///"], "users": ["base": ""], "preset": "activeDirectory"]
        )
        #expect(settings.users.usernameAttribute == "sAMAccountName")
        #expect(settings.users.isLowercased)
        #expect(settings.connection.tls.startTLS == .required)
    }

    @Test("What is required")
    func required() {
        let found = #expect(throws: ConfigurationProblems.self) {
            try PluginFixture.settings(LDAPDirectoryPlugin.self, [:])
        }
        #expect(
            found?.list.map(\.description) == [
                "/plugins/0/settings/urls: expected an array of at least 1 string, found nothing: this member is required",
                "/plugins/0/settings/users/base: expected a string, found nothing: this member is required",
            ]
        )
    }

    @Test(
        "Addresses",
        arguments: [
            "ldap://", "http://a", "ldap:a", "ldap://a/b", "ldap://a?x", "ldap://user@a", "ldapi:///run/slapd/ldapi",
            "",
            "ldap://a b", "ldap://\u{FF41}",
        ]
    )
    func badAddress(url: String) {
        let problems = self.problems("urls", [.string(url)])
        #expect(problems.count == 1)
        #expect(
            problems.first?.hasPrefix(
                "/plugins/0/settings/urls/0: expected ldap://HOST:PORT, ldaps://HOST:PORT or ldapi://PATH, found"
            ) == true
        )
    }

    @Test(
        "Whether anybody else can listen",
        arguments: [
            ("ldapi:///", true), ("ldap://127.0.0.1:389", true), ("ldap://127.9.9.9/", true),
            ("ldap://[::1]:389", true),
            ("ldap://localhost", true), ("ldap://localhost.example.com", false), ("ldap://127.example.com", false),
            ("ldap://[::2]", false), ("ldap://10.0.0.1", false),
        ]
    )
    func locality(url: String, isLocal: Bool) {
        #expect(LDAPURL.isOfThisMachine(url) == isLocal)
    }

    @Test("A service account")
    func login() {
        let place = "/plugins/0/settings/bind"
        #expect(self.problems("bind", ["method": "simple", "dn": "cn=a", "password": "b"]).isEmpty)
        #expect(
            self.problems("bind", ["method": "simple"]) == [
                "\(place)/dn: expected a distinguished name for \"simple\", found none",
                "\(place)/password: expected a password for \"simple\", found none",
            ]
        )
        #expect(self.problems("bind", ["method": "simple", "dn": "", "password": ""]).count == 2)
        #expect(
            self.problems("bind", ["dn": "cn=a"]) == [
                "\(place)/dn: expected nothing unless the method is \"simple\", found a value"
            ]
        )
    }

    @Test("Users, numbers, groups, TLS")
    func sections() {
        func place(_ text: String) -> String { "/plugins/0/settings/\(text)" }
        #expect(
            self.problems("users", ["base": "", "filter": "(uid=alice)"]) == [
                place("users/filter: expected {username} in it, found a filter that is the same for everybody")
            ]
        )
        #expect(self.problems("users", ["base": "", "filter": "(a=b)", "dn": "uid={username}"]).isEmpty)
        #expect(
            self.problems("users", ["base": "", "filter": "(uid={username}"]) == [
                place("users/filter: expected \")\", found the end (RFC 4515)")
            ]
        )
        #expect(
            self.problems("users", ["base": "", "username": "u id"]) == [
                place("users/username: expected the name of an attribute, found \"u id\"")
            ]
        )
        #expect(
            self.problems("users", ["base": "", "dn": "uid=alice"]) == [
                place("users/dn: expected {username} in it, found a name that is the same for everybody")
            ]
        )
        #expect(
            self.problems("numbers", ["attributes": []]) == [
                place("numbers/attributes: expected at least one attribute, found none")
            ]
        )
        #expect(self.problems("group", ["base": "cn={username},ou=groups", "filter": "(member={dn})"]).isEmpty)
        #expect(
            self.problems("group", [:]) == [
                place("group/base: expected a string, found nothing: this member is required")
            ]
        )
        #expect(
            self.problems("tls", ["certificate": "a.pem"]) == [
                place("tls/privateKey: expected a path, found nothing: a certificate and its key come together")
            ]
        )
        #expect(self.problems("tls", ["minimumVersion": "1.1"]).count == 1)
    }

    @Test("A file that is not there is said at the start")
    func missingFile() async throws {
        let plugin = try PluginFixture.make(
            LDAPDirectoryPlugin.self,
            ["urls": ["ldap://127.0.0.1:1"], "users": ["base": ""], "tls": ["authorities": "/nowhere/ca.pem"]]
        )
        await #expect(throws: PluginError.self) { try await plugin.start() }
        await plugin.stop()
    }
}
