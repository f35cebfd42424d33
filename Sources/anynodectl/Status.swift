internal import AdminClient
internal import ArgumentParser
internal import StrictJSON

/// `system.info` and `system.health` on one page.
struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows how the server is: what is wrong first.",
        discussion: """
            Examples:
              anynodectl status
              anynodectl status --json | jq -r .health.status
            """
    )

    @OptionGroup var options: GlobalOptions

    static let questions = [AdminRequest("system.info"), AdminRequest("system.health")]

    func run() throws {
        var session = try Session(self.options)
        let info = try session.ask(Self.questions[0])
        let health = try session.ask(Self.questions[1])
        let screen = Screen.current
        guard !self.options.json else {
            return Screen.write(screen.json(["info": info, "health": health]), to: 1)
        }
        Screen.say(Self.lines(info: info, health: health, on: screen))
    }

    static func lines(info: JSONValue, health: JSONValue, on screen: Screen) -> [String] {
        var lines = [Self.headline(info, screen.paint)]
        let components = health["components"]?.elements ?? []
        let status = health["status"]?.string ?? "unknown"
        lines.append("Health: \(screen.paint(status.shown))")
        let troubles = components.filter { $0["status"]?.string.map { !["ok", "disabled"].contains($0) } ?? true }
        for trouble in troubles {
            let name = trouble["name"]?.string ?? "?"
            let word = trouble["status"]?.string ?? "unknown"
            let since = trouble["since"]?.string.map { " since \($0.timeText.shown)" } ?? ""
            let problem = trouble["problem"]?.string.map { ": \($0.shown)" } ?? ""
            lines.append("  \(name.shown) \(screen.paint(word.shown))\(since)\(problem)")
        }
        if let counts = info["counts"] { lines.append(Self.countsLine(counts)) }
        if let configuration = info["configuration"] { lines.append(Self.configurationLine(configuration)) }
        return lines + Self.listeners(info, on: screen) + Self.plugins(info, components, on: screen)
    }

    private static func headline(_ info: JSONValue, _ paint: Paint) -> String {
        let name = [info["name"], info["version"]].compactMap { $0?.words.shown }.joined(separator: " ")
        let host = info["host"]?.string.map { " on \($0.shown)" } ?? ""
        let pid = info["pid"].map { ", pid \($0.words.shown)" } ?? ""
        let up = info["uptimeSeconds"]?.double.map { ", up \($0.duration)" } ?? ""
        let state = info["state"]?.string.map { ": \(paint($0.shown))" } ?? ""
        return name + host + pid + up + state
    }

    private static func countsLine(_ counts: JSONValue) -> String {
        func count(_ name: String) -> String { counts[name]?.words.shown ?? "?" }
        return "Registrations: \(count("registrations")) (\(count("connected")) connected), calls: \(count("calls")), "
            + "sockets: \(count("sockets")), awaited after a push: \(count("waitingPushes"))"
    }

    private static func configurationLine(_ configuration: JSONValue) -> String {
        let path = configuration["path"]?.words.shown ?? "?"
        let revision = configuration["revision"]?.words.shown ?? "?"
        let isUnsaved = configuration["changedSinceFile"]?.bool ?? false
        return "Configuration: \(path), revision \(revision)"
            + (isUnsaved ? ", changed at run time and not saved (lost with a restart)" : "")
    }

    private static func listeners(_ info: JSONValue, on screen: Screen) -> [String] {
        var table = Table([.init("LISTENER"), .init("URL"), .init("CONNECTIONS", isNumeric: true)])
        for listener in info["listeners"]?.elements ?? [] {
            table.append([listener["name"]?.words, listener["url"]?.words, listener["connections"]?.words])
        }
        return table.isEmpty ? [] : [""] + table.lines(width: screen.width, paint: screen.paint)
    }

    private static func plugins(_ info: JSONValue, _ components: [JSONValue], on screen: Screen) -> [String] {
        var table = Table([.init("PLUGIN"), .init("KIND"), .init("STATUS", isStatus: true), .init("PROBLEM")])
        for plugin in info["plugins"]?.elements ?? [] {
            let name = plugin["name"]?.string
            let component = components.first { $0["name"]?.string == "plugin:\(name ?? "")" }
            let isDisabled = plugin["enabled"]?.bool == false
            let status = isDisabled ? "disabled" : component?["status"]?.words
            table.append([name, plugin["kind"]?.words, status, component?["problem"]?.words])
        }
        return table.isEmpty ? [] : [""] + table.lines(width: screen.width, paint: screen.paint)
    }
}
