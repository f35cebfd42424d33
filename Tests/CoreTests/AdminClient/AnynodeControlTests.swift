import AdminClient
import ArgumentParser
import StrictJSON
import Testing

@testable import anynodectl

/// What is asked when somebody types a command, and how the process ends.
@Suite struct AnynodeControlTests {
    /// Command lines and the method and parameters they come to.
    static let requests: [(String, String)] = [
        ("registrations", "registrations.list {}"),
        ("registrations --away --number 30", #"registrations.list {"dialString":"30","connected":false}"#),
        (
            "registrations list --connected --plugin p --since T --username u",
            #"registrations.list {"username":"u","connected":true,"plugin":"p","since":"T"}"#
        ),
        ("registrations show 1.2", #"registrations.get {"registration":"1.2"}"#),
        ("registrations wake 1.2 --wait 5", #"registrations.wake {"registration":"1.2","waitSeconds":5}"#),
        ("registrations terminate 1.2", #"registrations.terminate {"registration":"1.2"}"#),
        ("registrations disconnect 1.2", #"registrations.disconnect {"registration":"1.2"}"#),
        ("calls", "calls.list {}"),
        ("calls show 8.1", #"calls.get {"call":"8.1"}"#),
        ("calls terminate 8.1", #"calls.terminate {"call":"8.1"}"#),
        ("calls history --number 30", #"calls.history {"dialString":"30"}"#),
        ("calls trace 8.1", #"calls.trace {"call":"8.1"}"#),
        ("calls trace 30 --limit 2", #"calls.trace {"dialString":"30","limit":2}"#),
        ("plugins", "plugins.list {}"),
        ("plugins show p", #"plugins.get {"name":"p"}"#),
        ("plugins enable p --persist", #"plugins.enable {"name":"p","persist":true}"#),
        ("plugins disable p", #"plugins.disable {"name":"p"}"#),
        ("config", "config.get {}"), ("config schema", "config.schema {}"), ("config reload", "config.reload {}"),
        ("directory resolve alice", #"directory.resolve {"username":"alice"}"#),
        ("directory resolve +4930 --fresh", #"directory.resolve {"dialString":"+4930","fresh":true}"#),
        ("directory resolve 30 --username", #"directory.resolve {"username":"30"}"#),
        ("directory list --plugin p", #"directory.list {"plugin":"p"}"#),
        ("directory put u 30 --display-name U", #"directory.put {"username":"u","dialString":"30","displayName":"U"}"#),
        ("directory delete u --persist", #"directory.delete {"username":"u","persist":true}"#),
        ("notifications --number 30", #"notifications.history {"dialString":"30"}"#),
        ("log level debug --label l", #"system.setLogLevel {"level":"debug","label":"l"}"#),
        ("drain --deadline 2.5", #"system.drain {"deadlineSeconds":2.5}"#),
        ("resume", "system.resume {}"), ("shutdown", "system.shutdown {}"),
        (#"rpc a.b {"c":null}"#, #"a.b {"c":null}"#), ("rpc a.b", "a.b {}"),
    ]

    @Test("A command line comes to a request", arguments: requests)
    func request(_ line: String, _ expected: String) throws {
        let parsed = try AnynodeControl.parseAsRoot(line.split(separator: " ").map(String.init))
        let command = try #require(parsed as? any AdminCommand)
        let request = try command.request()
        #expect("\(request.method) \(JSONValue.object(request.params).text)" == expected)
    }

    @Test("Events: all topics or those named, and how long")
    func events() throws {
        let all = try #require(try AnynodeControl.parseAsRoot(["events"]) as? Events)
        #expect(all.request().params == JSONObject("topics", ["*"]))
        #expect(all.period == 10)
        let some = try #require(try AnynodeControl.parseAsRoot(["events", "-f", "call.*"]) as? Events)
        #expect(some.request().params == JSONObject("topics", ["call.*"]))
        #expect(some.period == .none)
        let counted = try #require(try AnynodeControl.parseAsRoot(["events", "--count", "1"]) as? Events)
        #expect(counted.period == .none)
    }

    @Test("Configurations are sent as documents or as patches")
    func configuration() throws {
        let line = ["config", "apply", "f", "--patch", "--revision", "7", "--dry-run", "--persist"]
        let apply = try #require(try AnynodeControl.parseAsRoot(line) as? Config.Apply)
        let params = JSONValue.object(apply.request(with: ["a": 1]).params)
        #expect(params.text == #"{"patch":{"a":1},"revision":"7","dryRun":true,"persist":true}"#)
        let validate = try #require(try AnynodeControl.parseAsRoot(["config", "validate", "f"]) as? Config.Validate)
        #expect(validate.request(with: ["a": 1]).params == JSONObject("document", ["a": 1]))
        let configure = try #require(
            try AnynodeControl.parseAsRoot(["plugins", "configure", "p", "f"]) as? Plugins.Configure
        )
        #expect(
            JSONValue.object(configure.request(settings: ["a": 1]).params).text == #"{"name":"p","settings":{"a":1}}"#
        )
    }

    @Test("Secrets go into the request, from standard input only")
    func secrets() throws {
        let user = try #require(try AnynodeControl.parseAsRoot(["auth", "check", "u"]) as? Auth.Check)
        #expect(JSONValue.object(user.request(secret: "s").params).text == #"{"username":"u","password":"s"}"#)
        let token = try #require(try AnynodeControl.parseAsRoot(["auth", "check", "--token"]) as? Auth.Check)
        #expect(token.request(secret: "s").params == JSONObject("token", "s"))
    }

    @Test("Waiting for a device is no reason to give up on the server")
    func patience() throws {
        let wake = try #require(
            try AnynodeControl.parseAsRoot(["registrations", "wake", "1.2"]) as? Registrations.Wake
        )
        #expect(wake.request().patience == 30)
    }

    @Test(
        "Pages are as large as the server allows and as what is left of the limit",
        arguments: [(nil, 0, "1000"), (nil, 3000, "1000"), (10, 0, "10"), (1200, 1000, "200")] as [(Int?, Int, String)]
    )
    func pages(_ limit: Int?, _ have: Int, _ expected: String) throws {
        let limits = limit.map { ["--limit", String($0)] } ?? []
        let list = try #require(try AnynodeControl.parseAsRoot(["calls", "list"] + limits) as? Calls.List)
        let request = try list.request(have: have, cursor: "c")
        #expect(request.params["limit"] == .number(expected))
        #expect(request.params["cursor"] == "c")
    }

    @Test(
        "An unusable command line ends with 2",
        arguments: [
            "nonsense", "calls show", "calls --limit 0", "calls trace 30 --limit 1001", "events --follow --count 1",
            "auth check", "auth check u --token", "registrations --connected --away", "log level loud",
            "status --timeout never", "status --timeout -1", "drain --deadline nan", "rpc",
        ]
    )
    func usage(_ line: String) {
        do {
            _ = try AnynodeControl.parseAsRoot(line.split(separator: " ").map(String.init))
            Issue.record("it was understood")
        } catch {
            let ending = Ending(error)
            #expect(ending.status == 2)
            #expect(ending.isError)
            #expect(!ending.text.isEmpty)
        }
    }

    @Test(
        "Help and completion scripts go to standard output and end with 0",
        arguments: [
            ["--help"], ["calls", "trace", "--help"], ["--generate-completion-script", "bash"],
            ["--generate-completion-script", "zsh"], ["--generate-completion-script", "fish"],
        ]
    )
    func help(_ arguments: [String]) {
        do {
            var command = try AnynodeControl.parseAsRoot(arguments)
            try command.run()
            Issue.record("it ran")
        } catch {
            let ending = Ending(error)
            #expect(ending.status == 0)
            #expect(!ending.isError)
            #expect(ending.text.contains("anynodectl"))
        }
    }

    @Test("The ends of commands that ran")
    func endings() {
        let location = SocketLocation(option: "s", environment: .none) { _ in false }
        let refused = AdminFailure.refused(Refusal(code: 1001, message: "no registration 12.3"))
        #expect(
            Ending(LocatedFailure(failure: refused, location: location)).text == "error 1001: no registration 12.3"
        )
        #expect(Ending(LocatedFailure(failure: refused, location: location)).status == 1)
        #expect(Ending(LocatedFailure(failure: .broken(.lineTooLong), location: location)).status == 3)
        #expect(Ending(LocalFailure(message: "x")).status == 2)
        #expect(Ending(ExitCode(1)).status == 1)
        #expect(Ending(ExitCode(1)).text.isEmpty)
    }

    @Test(
        "Options may stand before the command too",
        arguments: [
            ("--json calls trace 30", "calls trace 30 --json"),
            ("--socket s --timeout=3 status", "status --socket s --timeout=3"),
            ("--json rpc a -- {}", "rpc a --json -- {}"), ("--json", "--json"), ("calls --json", "calls --json"),
            ("--help", "--help"),
        ]
    )
    func order(_ line: String, _ expected: String) {
        let moved = GlobalOptions.movedBehindTheCommand(line.split(separator: " ").map(String.init))
        #expect(moved.joined(separator: " ") == expected)
    }

    @Test("A trace is a timeline")
    func trace() throws {
        let trace = try #require(try AnynodeControl.parseAsRoot(["calls", "trace", "31"]) as? Calls.Trace)
        let steps: JSONValue = [
            ["afterMilliseconds": 0, "step": "started", "text": "30 dials 31"],
            ["afterMilliseconds": .number("1203.4"), "step": "pushFailed", "text": "\u{1B}x", "reason": "busy"],
        ]
        let result: JSONValue = [
            "items": [
                [
                    "call": "8.1", "dialled": "31", "caller": ["dialString": "30", "displayName": "Ann"],
                    "startedAt": "2026-11-23T15:04:05.123Z", "reason": "noAnswer", "steps": steps, "omitted": 2,
                ]
            ]
        ]
        #expect(
            trace.lines(for: result, on: .plain) == [
                "Call 8.1 from 30 Ann to 31, 2026-11-23 15:04:05Z, ended: noAnswer",
                "     0 ms  started     30 dials 31",
                "  1203 ms  pushFailed  \\u{1b}x (busy)",
                "  (2 steps left out)",
            ]
        )
    }

    @Test("The status shows what is wrong first")
    func status() {
        let info: JSONValue = [
            "name": "anynode-server", "version": "1", "host": "h", "pid": 7, "uptimeSeconds": 61, "state": "serving",
            "configuration": ["path": "p", "revision": "r", "changedSinceFile": true],
        ]
        let health: JSONValue = [
            "status": "failed",
            "components": [
                ["name": "store", "status": "ok", "since": "2026-11-23T15:04:05.123Z"],
                [
                    "name": "plugin:ldap", "status": "failed", "since": "2026-11-23T15:04:05.123Z",
                    "problem": "can't\nconnect",
                ],
            ],
        ]
        #expect(
            Status.lines(info: info, health: health, on: .plain) == [
                "anynode-server 1 on h, pid 7, up 1 min 1 s: serving", "Health: failed",
                "  plugin:ldap failed since 2026-11-23 15:04:05Z: can't\\nconnect",
                "Configuration: p, revision r, changed at run time and not saved (lost with a restart)",
            ]
        )
    }

    @Test("An event is a line, whatever is in it")
    func eventLine() {
        let event: JSONValue = [
            "event": "call.started", "at": "T",
            "data": ["call": "8.1", "name": "a\" b", "empty": "", "evil": "\u{202E}"],
        ]
        #expect(
            Events.line(event, on: .plain) == #"T call.started call=8.1 name="a\" b" empty="" evil=\u{202e}"#
        )
    }
}

extension JSONObject {
    /// An object of one member.
    fileprivate init(_ name: String, _ value: JSONValue) {
        self.init()
        self[name] = value
    }
}
