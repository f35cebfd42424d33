import Core
import PluginAPI
import StrictJSON
import Telephony

extension Administration {
    func addRegistrations(to table: inout MethodTable) {
        table.add(RegistrationsList(house: self))
        table.add(RegistrationsGet(house: self))
        table.add(RegistrationsTerminate(house: self))
        table.add(RegistrationsDisconnect(house: self))
        table.add(RegistrationsWake(house: self))
        table.add(NotificationsHistory(house: self))
    }
}

extension RPCError {
    static func noRegistration(_ id: RegistrationID) -> RPCError { .notFound("no registration \(id)") }
}

struct RegistrationsList: AdminMethod {
    static let name = "registrations.list"
    static let summary = "Who is registered; without filters page by page through all."
    static let role = AdminRole.viewer
    static let result = Shape.page(Views.registration)
    static let example: JSONValue = ["connected": true, "limit": 10]

    struct Params: AdminParams {
        let dialString: DialString?
        let username: Username?
        let connected: Bool?
        let plugin: String?
        let since: CalendarTime?
        let page: PageParams

        init(from reader: SettingsReader) {
            self.dialString = reader.optionalDialString("Only those for this number.")
            self.username = reader.optionalUsername("Only those of this user.")
            self.connected = reader.optionalFlag("connected", summary: "Only those with a socket, or without one.")
            self.plugin = reader.optionalString("plugin", summary: "Only those whose number this directory gave.")
            let since = reader.optionalString("since", summary: "Only those since that time (RFC 3339, UTC).")
            self.since = since.flatMap(Timestamp.time)
            if since != nil, self.since == nil {
                reader.problem(at: "since", "expected a time such as \"2026-11-23T15:04:05Z\", found another text")
            }
            self.page = PageParams(from: reader)
        }
    }

    let house: Administration

    func run(_ params: Params, in session: RPCSession) async throws(RPCError) -> JSONValue {
        let (switchboard, views) = (self.house.switchboard, self.house.views)
        let isWanted = { (registration: Registration) -> Bool in
            if let username = params.username, registration.username != username { return false }
            if let connected = params.connected, (registration.port != nil) != connected { return false }
            if let plugin = params.plugin, registration.directory != plugin { return false }
            if let since = params.since {
                guard let begin = registration.begin, switchboard.time(of: begin) >= since else { return false }
            }
            return true
        }
        if let dialString = params.dialString {
            let all = switchboard.registrations(of: dialString).filter { isWanted($0.registration) }
            let page = all.dropFirst(params.page.start).prefix(params.page.limit)
            let end = params.page.start + page.count
            return .facts([
                "items": .array(page.map(views.json)),
                "cursor": end < all.count ? .string(String(end)) : nil,
            ])
        }
        let (page, next) = switchboard.registrations(
            from: params.page.start,
            limit: params.page.limit,
            where: isWanted
        )
        return .facts(["items": .array(page.map(views.json)), "cursor": next.map { .string(String($0)) }])
    }
}

extension SettingsReader {
    func optionalFlag(_ name: String, summary: String) -> Bool? {
        guard self.raw(name, ofType: "boolean", summary: summary) != nil else { return nil }
        return self.bool(name, default: false, summary: summary)
    }
}

/// One registration by its public name.
struct RegistrationParams: AdminParams {
    let id: RegistrationID

    init(from reader: SettingsReader) {
        self.id = reader.registration() ?? RegistrationID(index: .max, generation: .max)
    }
}

struct RegistrationsGet: AdminMethod {
    static let name = "registrations.get"
    static let summary = "One registration."
    static let role = AdminRole.viewer
    static let errors = [1001]
    static let result = Views.registration
    static let example: JSONValue = ["registration": "0.0"]

    let house: Administration

    func run(_ params: RegistrationParams, in session: RPCSession) async throws(RPCError) -> JSONValue {
        guard let view = self.house.switchboard.registration(params.id), !view.registration.isGuest else {
            throw .noRegistration(params.id)
        }
        return self.house.views.json(view)
    }
}

struct RegistrationsTerminate: AdminMethod {
    static let name = "registrations.terminate"
    static let summary = "Ends a registration with its calls, and closes its socket with 4003."
    static let role = AdminRole.operator
    static let errors = [1001]
    static let result = Shape.nothing
    static let example: JSONValue = ["registration": "1.0"]

    let house: Administration

    func run(_ params: RegistrationParams, in session: RPCSession) async throws(RPCError) -> JSONValue {
        guard self.house.switchboard.endRegistration(params.id) else { throw .noRegistration(params.id) }
        return [:]
    }
}

struct RegistrationsDisconnect: AdminMethod {
    static let name = "registrations.disconnect"
    static let summary = "Closes only the socket of a registration: its client comes back, its calls go on."
    static let role = AdminRole.operator
    static let errors = [1001]
    static let result = Shape.nothing
    static let example: JSONValue = ["registration": "0.0"]

    let house: Administration

    func run(_ params: RegistrationParams, in session: RPCSession) async throws(RPCError) -> JSONValue {
        switch self.house.switchboard.disconnect(params.id) {
        case true?: return [:]
        case false?: throw .notFound("registration \(params.id) has no socket")
        case nil: throw .noRegistration(params.id)
        }
    }
}

struct RegistrationsWake: AdminMethod {
    static let name = "registrations.wake"
    static let summary = "Sends a push to a sleeping client now, waits for it, and says how long each step took."
    static let role = AdminRole.operator
    static let errors = [1001, 1003, 1007]
    static let result = Shape.object([
        "outcome": .word(["connected"] + PushRecord.Outcome.allCases.map(\.rawValue)), "plugin?": .text("firebase"),
        "returned": .flag(true), "problem?": .text("the token is not registered"),
        "steps": .list(
            .object([
                "at": .time, "afterMilliseconds": .decimal("84.3"),
                "text": .text("the messaging service took the push"),
            ])
        ),
    ])
    static let example: JSONValue = ["registration": "0.0", "waitSeconds": 5]

    struct Params: AdminParams {
        let id: RegistrationID
        let wait: Duration

        init(from reader: SettingsReader) {
            self.id = reader.registration() ?? RegistrationID(index: .max, generation: .max)
            let seconds = reader.integer(
                "waitSeconds",
                default: 30,
                in: 0...300,
                summary: "How long to wait for the client."
            )
            self.wait = .seconds(seconds)
        }
    }

    let house: Administration

    /// How often it is looked whether the client is back: it has a socket to open and a handshake to make.
    private static let look = Duration.milliseconds(20)

    func run(_ params: Params, in session: RPCSession) async throws(RPCError) -> JSONValue {
        guard !self.house.server.isDraining else { throw .draining }
        let switchboard = self.house.switchboard
        let begun = self.house.stopwatch()
        var steps: [JSONValue] = []
        func note(_ text: String) {
            let after = self.house.stopwatch() - begun
            steps.append([
                "at": Timestamp.json(.now), "afterMilliseconds": .decimal(after.milliseconds), "text": .string(text),
            ])
        }
        note("a push is sent")
        let record: PushRecord
        switch await switchboard.wake(params.id, within: max(params.wait, .seconds(5))) {
        case .noRegistration: throw .noRegistration(params.id)
        case .noToken:
            throw .pluginUnavailable(
                "registration \(params.id) can't be woken: it left no token that a notifier serves"
            )
        case .connected: return ["outcome": "connected", "returned": true, "steps": []]
        case .sent(let sent): record = sent
        }
        note(record.problem ?? "the messaging service took the push")
        var isBack = false
        if record.outcome == .accepted {
            isBack = await self.isBack(params.id, within: params.wait, since: begun)
            note(isBack ? "the client is back" : "the client did not come within \(params.wait)")
        }
        return .facts([
            "outcome": .string(record.outcome.rawValue),
            "plugin": record.plugin.map { .string($0) },
            "returned": .bool(isBack),
            "problem": record.problem.map { .string($0) },
            "steps": .array(steps),
        ])
    }

    private func isBack(_ id: RegistrationID, within time: Duration, since begun: Duration) async -> Bool {
        while true {
            if self.house.switchboard.registration(id)?.registration.port != nil { return true }
            guard self.house.stopwatch() - begun < time, !Task.isCancelled else { return false }
            try? await Task.sleep(for: Self.look)
        }
    }
}

struct NotificationsHistory: AdminMethod {
    static let name = "notifications.history"
    static let summary = "The last pushes, the newest first, and what became of them."
    static let role = AdminRole.viewer
    static let result = Shape.page(Views.push)
    static let example: JSONValue = ["limit": 10]

    struct Params: AdminParams {
        let id: RegistrationID?
        let dialString: DialString?
        let page: PageParams

        init(from reader: SettingsReader) {
            let text = reader.optionalString("registration", summary: "Only those of this registration.")
            self.id = text.flatMap { reader.handle($0, "registration", of: Registration.self) }
            self.dialString = reader.optionalDialString("Only those for this number.")
            self.page = PageParams(from: reader)
        }
    }

    let house: Administration

    func run(_ params: Params, in session: RPCSession) async throws(RPCError) -> JSONValue {
        let before = params.page.start == 0 ? Int.max : params.page.start
        let all = self.house.switchboard.pushHistory.records(before: before).filter { record in
            (params.id.map { $0 == record.registration } ?? true)
                && (params.dialString.map { $0 == record.dialString } ?? true)
        }
        let page = all.prefix(params.page.limit)
        return .facts([
            "items": .array(page.map(self.house.views.json)),
            "cursor": all.count > page.count ? page.last.map { .string(String($0.number)) } : nil,
        ])
    }
}
