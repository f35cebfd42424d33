package import Core
import PluginAPI
package import StrictJSON
package import Telephony

/// How every part is, and since when: looked at now and then, so that a change is told when it happens.
package actor HealthMonitor {
    private struct Entry: Equatable {
        var status: String
        var problem: String?
        var since: CalendarTime
    }

    private var entries: [String: Entry] = [:]
    private let calendar: @Sendable () -> CalendarTime
    private var hub: EventHub?

    package init(calendar: @escaping @Sendable () -> CalendarTime = { .now }) {
        self.calendar = calendar
    }

    /// Tells changes there.
    package func tell(_ hub: EventHub) { self.hub = hub }

    /// Looks at everything, and says how it is.
    package func refresh(
        _ server: SignalingServer,
        _ host: PluginHost,
        _ keeper: RegistrationKeeper?,
        _ logs: any LogControl
    ) async -> JSONValue {
        var components: [(String, PluginHealth)] = []
        let problems = server.certificateProblems
        for (endpoint, _) in server.listeners {
            components.append(("listener:\(endpoint.name)", .ok))
        }
        if !problems.isEmpty { components.append(("certificates", .degraded(problems.joined(separator: "; ")))) }
        for status in await host.health() { components.append(("plugin:\(status.name)", status.health)) }
        if let keeper { components.append(("store", await keeper.health())) }
        let lost = logs.dropped
        components.append(
            ("log", lost == 0 ? .ok : .degraded("\(lost) lines were lost, since nobody read them"))
        )
        if server.isDraining { components.append(("server", .degraded("it drains: new work is refused"))) }
        var list: [JSONValue] = []
        var worst = 0
        for (name, health) in components {
            let entry = self.note(name, health)
            worst = max(worst, health.weight)
            list.append(
                .facts([
                    "name": .string(name), "status": .string(entry.status), "since": Timestamp.json(entry.since),
                    "problem": entry.problem.map { .string($0) },
                ])
            )
        }
        let names = Set(components.map(\.0))
        self.entries = self.entries.filter { names.contains($0.key) }
        return ["status": .string(["ok", "degraded", "failed"][worst]), "components": .array(list)]
    }

    /// One plugin's health as the API shows it.
    func json(_ component: String, _ health: PluginHealth) -> JSONValue {
        let entry = self.note(component, health)
        return .facts([
            "status": .string(entry.status), "problem": entry.problem.map { .string($0) },
            "since": Timestamp.json(entry.since),
        ])
    }

    private func note(_ name: String, _ health: PluginHealth) -> Entry {
        let (status, problem) = health.words
        // A part that is new is expected to be well.
        var entry = self.entries[name] ?? Entry(status: "ok", problem: nil, since: self.calendar())
        let isChange = entry.status != status
        if isChange { entry.since = self.calendar() }
        (entry.status, entry.problem) = (status, problem)
        self.entries[name] = entry
        if isChange, name.hasPrefix("plugin:") {
            let plugin = String(name.dropFirst("plugin:".count))
            self.hub?.publish(
                "plugin.health",
                .facts([
                    "plugin": .string(plugin), "status": .string(status), "problem": problem.map { .string($0) },
                ])
            )
        }
        return entry
    }
}

extension PluginHealth {
    fileprivate var words: (status: String, problem: String?) {
        switch self {
        case .ok: ("ok", nil)
        case .degraded(let problem): ("degraded", problem)
        case .failed(let problem): ("failed", problem)
        }
    }

    fileprivate var weight: Int {
        switch self {
        case .ok: 0
        case .degraded: 1
        case .failed: 2
        }
    }
}
