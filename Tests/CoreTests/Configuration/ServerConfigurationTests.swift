import Core
import Logging
import PluginAPI
import StrictJSON
import Telephony
import Testing

@Suite("plugins.json")
struct ServerConfigurationTests {
    /// What is written, and a part of what is said about it.
    struct Case: Sendable {
        let json: JSONValue
        let problem: String

        init(_ json: JSONValue, _ problem: String) {
            self.json = json
            self.problem = problem
        }
    }

    private static let listener: JSONValue = ["name": "public"]

    private func read(_ members: JSONValue) -> Result<ServerConfiguration, ConfigurationProblems> {
        var document = JSONObject()
        document["listeners"] = [Self.listener]
        if case .object(let members) = members {
            for (name, value) in members.members { document[name] = value }
        }
        return ServerConfiguration.read(
            .object(document),
            baseDirectory: "/etc/anynode",
            catalog: [StubDirectory.self, PeopleDirectory.self],
            environment: ["KEY": "k"]
        )
    }

    private func problems(_ members: JSONValue) -> [String] {
        switch self.read(members) {
        case .success: []
        case .failure(let problems): problems.list.map(\.description)
        }
    }

    @Test("One named listener is enough; the rest has the defaults of the security design")
    func defaults() throws {
        let configuration = try self.read([:]).get()
        #expect(
            configuration
                == ServerConfiguration(
                    listeners: [ListenerConfiguration(name: "public")],
                    baseDirectory: "/etc/anynode"
                )
        )
        #expect((1...64).contains(configuration.threads))
        #expect(configuration.listeners.first?.host == "127.0.0.1")
        #expect(configuration.listeners.first?.port == 8080)
        #expect(configuration.listeners.first?.paths == ["/"])
        #expect(configuration.listeners.first?.origins == [])
        #expect(configuration.listeners.first?.webRoot == nil)
        #expect(configuration.signaling.reconnectGrace == .seconds(60))
        #expect(configuration.signaling.ringTimeout == .seconds(60))
        #expect(configuration.signaling.wakeupTimeout == .seconds(30))
        #expect(configuration.signaling.notificationRetention == .seconds(30 * 24 * 3600))
        #expect(configuration.signaling.reloadWait == .seconds(5))
        #expect(configuration.signaling.devices == .fork)
        #expect(configuration.signaling.messageLimit == 262144)
        #expect(configuration.signaling.pingInterval == .seconds(25))
        #expect(configuration.signaling.registrationTimeout == .seconds(60))
        #expect(configuration.authentication.methods == [.basic])
        #expect(configuration.authentication.realm == "anynode")
        #expect(!configuration.authentication.anonymous)
        #expect(configuration.assignment.modes == [.username, .dialString])
        #expect(configuration.limits.connections == 10000)
        #expect(configuration.limits.connectionsPerAddress == 200)
        #expect(configuration.limits.messagesPerSecond == 100)
        #expect(configuration.limits.messageBurst == 200)
        #expect(configuration.limits.outboundBytes == 1_048_576)
        #expect(configuration.limits.outboundMessages == 1000)
        #expect(configuration.limits.callsPerRegistration == 64)
        #expect(configuration.limits.callStartsPerSecond == 5)
        #expect(configuration.limits.devicesPerNumber == 5)
        #expect(configuration.limits.handshakeTimeout == .seconds(10))
        #expect(configuration.drain.spread == .seconds(5))
        #expect(configuration.drain.deadline == .seconds(30))
        #expect(configuration.iceServers == nil)
        #expect(configuration.log.level == .info)
    }

    @Test("What is written is what is used")
    func written() throws {
        let configuration = try self.read([
            "$schema": "docs/plugins.schema.json",
            "threads": 3,
            "listeners": [
                [
                    "name": "a", "host": "::1", "port": 0, "paths": ["/", "/ws"], "web": true, "webRoot": "pages",
                    "origins": ["*", "HTTPS://Example.org:443", "http://[::1]:3000", "capacitor://localhost"],
                ],
                ["name": "b", "port": 65535, "web": true],
            ],
            "signaling": ["devices": "replace", "messageLimit": "64KiB", "reloadWait": "0s"],
            "authentication": ["anonymous": true],
            "assignment": ["modes": ["dialString"]],
            "iceServers": [
                ["urls": "stun:stun.example.org"],
                [
                    "urls": ["turn:t.example.org", "turns:t.example.org"], "username": "u",
                    "credential": ["$env": "KEY"],
                ],
            ],
            "log": ["level": "trace"],
        ]).get()
        #expect(configuration.threads == 3)
        let first = try #require(configuration.listeners.first)
        #expect(first.origins == ["*", "https://example.org", "http://[::1]:3000", "capacitor://localhost"])
        #expect(first.webRoot == "/etc/anynode/pages")
        #expect(configuration.listeners.last?.webRoot == "/etc/anynode/web")
        #expect(configuration.signaling.devices == .replace)
        #expect(configuration.signaling.messageLimit == 65536)
        #expect(configuration.signaling.reloadWait == .zero)
        #expect(configuration.authentication.methods == [])
        #expect(configuration.authentication.anonymous)
        #expect(configuration.assignment.modes == [.dialString])
        #expect(
            configuration.iceServers == [
                ["urls": "stun:stun.example.org"],
                ["urls": ["turn:t.example.org", "turns:t.example.org"], "username": "u", "credential": "k"],
            ]
        )
        #expect(configuration.log.level == .trace)
    }

    private static let cases: [Case] = [
        Case(["listeners": []], "/listeners: expected at least 1, found 0"),
        Case(["listeners": [["name": ""]]], "/listeners/0/name: expected a name, found an empty one"),
        Case(["listeners": [["name": "a"], ["name": "a", "port": 1]]], "/listeners/1: expected names that differ"),
        Case(["listeners": [["name": "a"], ["name": "b"]]], "/listeners/1: expected a port of its own"),
        Case(
            ["listeners": [["name": "a", "scheme": "wss"]]],
            "/listeners/0/tls: expected an object because the scheme is wss, found nothing"
        ),
        Case(
            ["listeners": [["name": "a", "tls": ["certificates": [["certificate": "c", "privateKey": "k"]]]]]],
            "/listeners/0/tls: expected the scheme wss beside it, found ws"
        ),
        Case(
            ["listeners": [["name": "a", "scheme": "wss", "tls": ["certificates": []]]]],
            "/listeners/0/tls/certificates: expected at least 1, found 0"
        ),
        Case(
            [
                "listeners": [
                    [
                        "name": "a", "scheme": "wss",
                        "tls": [
                            "certificates": [["certificate": "c", "privateKey": "k"]], "minimumVersion": "1.1",
                        ],
                    ]
                ]
            ],
            #"/listeners/0/tls/minimumVersion: expected one of "1.2", "1.3", found "1.1""#
        ),
        Case(
            [
                "listeners": [
                    [
                        "name": "a", "scheme": "wss",
                        "tls": ["certificates": [["certificate": "c", "privateKey": "k", "passphrase": "é"]]],
                    ]
                ]
            ],
            "/listeners/0/tls/certificates/0/passphrase: expected at most 1023 printable ASCII characters, found others"
        ),
        Case(
            ["listeners": [["name": "a", "port": 65536]]],
            "/listeners/0/port: expected a whole number from 0 to 65535"
        ),
        Case(["listeners": [["name": "a", "paths": []]]], "/listeners/0/paths: expected at least one path"),
        Case(["listeners": [["name": "a", "paths": ["/", "ws"]]]], "/listeners/0/paths/1: expected a path"),
        Case(["listeners": [["name": "a", "paths": ["/?a"]]]], "/listeners/0/paths/0: expected a path"),
        Case(["listeners": [["name": "a", "host": ""]]], "/listeners/0/host: expected a host name"),
        Case(
            ["listeners": [["name": "a", "origins": ["https://a/b"]]]],
            "/listeners/0/origins/0: expected * or an origin"
        ),
        Case(
            ["listeners": [["name": "a", "origins": ["https://u@a"]]]],
            "/listeners/0/origins/0: expected * or an origin"
        ),
        Case(
            ["listeners": [["name": "a", "origins": ["https://*.a"]]]],
            "/listeners/0/origins/0: expected * or an origin"
        ),
        Case(
            ["listeners": [["name": "a", "origins": ["https://a:0"]]]],
            "/listeners/0/origins/0: expected * or an origin"
        ),
        Case(["listeners": [["name": "a", "origins": ["null"]]]], "/listeners/0/origins/0: expected * or an origin"),
        Case(["listeners": [["name": "a", "ssl": [:]]]], "/listeners/0/ssl: unknown member"),
        Case(["threads": 0], "/threads: expected a whole number from 1 to 64, found the number 0"),
        Case(["signaling": ["ringTimeout": 60]], #"/signaling/ringTimeout: expected a duration such as "60s""#),
        Case(["signaling": ["ringTimeout": "0s"]], #"from 1s to 24h, found "0s""#),
        Case(["signaling": ["messageLimit": "1GiB"]], #"/signaling/messageLimit: expected a size such as "256KiB""#),
        Case(
            ["authentication": ["methods": ["basic", "token"]]],
            #"/authentication/methods: expected "token" when issuers are configured under token, found "token" without them"#
        ),
        Case(
            ["authentication": ["digest": ["algorithms": []]]],
            "/authentication/digest/algorithms: expected at least one algorithm, found none"
        ),
        Case(
            ["authentication": ["methods": ["magic"]]],
            #"/authentication/methods/0: expected one of "basic", "digest", "token", found "magic""#
        ),
        Case(["authentication": ["methods": []]], "/authentication: expected a way to log in"),
        Case(["authentication": ["realm": "a\"b"]], "/authentication/realm: expected ASCII without quotes"),
        Case(["assignment": ["modes": []]], "/assignment/modes: expected at least one mode"),
        Case(["limits": ["connection": 1]], "/limits/connection: unknown member, did you mean \"connections\"?"),
        Case(["iceServers": [[:]]], "/iceServers/0/urls: expected a string or an array of strings, found nothing"),
        Case(
            ["iceServers": [["urls": []]]],
            "/iceServers/0/urls: expected a string or an array of strings, found an array"
        ),
        Case(["iceServers": [["urls": ["stun:a", "http://a"]]]], "/iceServers/0/urls/1: expected a URL such as"),
        Case(["iceServers": [["urls": "stun:"]]], "/iceServers/0/urls: expected a URL such as"),
        Case(["iceServers": ["stun:a"]], "/iceServers/0: expected an object"),
        Case(["plugins": [["name": "a b", "kind": "Stub"]]], "/plugins/0/name: expected a name of A–Z a–z 0–9 - _"),
        Case(["plugins": [["name": "a"]]], #"/plugins/0/kind: expected one of "Stub", "People", found nothing"#),
        Case(
            ["plugins": [["name": "a", "kind": "Stab"]]],
            #"/plugins/0/kind: expected one of "Stub", "People", found "Stab" (did you mean "Stub"?)"#
        ),
        Case(
            ["plugins": [["name": "a", "kind": "Stub"], ["name": "a", "kind": "Stub"]]],
            #"/plugins/1: expected names that differ, found "a" here and at /plugins/0"#
        ),
        Case(
            ["plugins": [["name": "a", "kind": "Stub", "settings": ["replie": 1]]]],
            "/plugins/0/settings/replie: unknown member, did you mean \"replies\"?"
        ),
        Case(["plugins": [["name": "a", "kind": "Stub", "settings": []]]], "/plugins/0/settings: expected an object"),
        Case(["log": ["level": "loud"]], #"/log/level: expected one of "trace", "debug""#),
        Case(["storage": [:]], "/storage: unknown member"),
    ]

    @Test(
        "Every problem has its place and its words",
        arguments: Self.cases
    )
    func problem(wrong: Case) {
        let found = self.problems(wrong.json)
        #expect(found.count == 1)
        #expect(found.first?.contains(wrong.problem) == true, "\(found)")
    }

    @Test("All problems come at once, those of the plugins included")
    func allAtOnce() {
        let found = self.problems([
            "threads": "many",
            "signaling": ["devices": "all"],
            "plugins": [["name": "a", "kind": "Stub", "settings": ["key": ["$env": "NO"]]], ["kind": 1]],
            "colour": "red",
        ])
        #expect(
            found.map { $0.prefix { $0 != ":" } } == [
                "/threads", "/signaling/devices", "/plugins/0/settings/key", "/plugins/1/name", "/plugins/1/kind",
                "/colour",
            ]
        )
    }

    @Test("A plugin that is switched off may lack its secrets, but nothing else")
    func switchedOff() {
        let settings: JSONValue = ["key": ["$env": "NO"], "mistake": 1]
        let found = self.problems(["plugins": [["name": "a", "kind": "Stub", "enabled": false, "settings": settings]]])
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("/plugins/0/settings/mistake: unknown member") == true)
    }

    @Test("The place of a plugin's settings is known")
    func pointer() throws {
        let plugin: JSONValue = ["name": "a", "kind": "Stub", "settings": ["replies": false]]
        let configuration = try self.read(["plugins": [["name": "p", "kind": "People"], plugin]]).get()
        #expect(
            configuration.plugins == [
                PluginConfiguration(name: "p", kind: "People", pointer: "/plugins/0/settings"),
                PluginConfiguration(
                    name: "a",
                    kind: "Stub",
                    settings: ["replies": false],
                    pointer: "/plugins/1/settings"
                ),
            ]
        )
    }
}
