import Core
import PluginAPI
import StrictJSON
import Telephony

extension Administration {
    func addCalls(to table: inout MethodTable) {
        table.add(CallsList(house: self))
        table.add(CallsGet(house: self))
        table.add(CallsTerminate(house: self))
        table.add(CallsHistory(house: self))
        table.add(CallsTrace(house: self))
    }
}

extension RPCError {
    static func noCall(_ id: CallID) -> RPCError { .notFound("no call \(id)") }
}

struct CallsList: AdminMethod {
    static let name = "calls.list"
    static let summary = "The calls there are now."
    static let role = AdminRole.viewer
    static let result = Shape.page(Views.call)
    static let example: JSONValue = ["limit": 10]

    struct Params: AdminParams {
        let dialString: DialString?
        let page: PageParams

        init(from reader: SettingsReader) {
            self.dialString = reader.optionalDialString("Only those that this number takes part in.")
            self.page = PageParams(from: reader)
        }
    }

    let house: Administration

    func run(_ params: Params, in session: RPCSession) async throws(RPCError) -> JSONValue {
        let (page, next) = self.house.switchboard.calls(from: params.page.start, limit: params.page.limit) { call in
            guard let wanted = params.dialString else { return true }
            return call.caller.label.remote.dialString == wanted
                || ([call.caller] + call.callees).contains { $0.label.local.dialString == wanted }
        }
        let views = self.house.views
        return .facts(["items": .array(page.map(views.json)), "cursor": next.map { .string(String($0)) }])
    }
}

/// One call by its public name.
struct CallParams: AdminParams {
    let id: CallID

    init(from reader: SettingsReader) {
        self.id = reader.call() ?? CallID(index: .max, generation: .max)
    }
}

struct CallsGet: AdminMethod {
    static let name = "calls.get"
    static let summary = "One call that goes on now."
    static let role = AdminRole.viewer
    static let errors = [1001]
    static let result = Views.call
    static let example: JSONValue = ["call": "0.0"]

    let house: Administration

    func run(_ params: CallParams, in session: RPCSession) async throws(RPCError) -> JSONValue {
        guard let view = self.house.switchboard.call(params.id) else { throw .noCall(params.id) }
        return self.house.views.json(view)
    }
}

struct CallsTerminate: AdminMethod {
    static let name = "calls.terminate"
    static let summary = "Ends a call; both sides hear the reason `administrator`."
    static let role = AdminRole.operator
    static let errors = [1001]
    static let result = Shape.nothing
    static let example: JSONValue = ["call": "0.0"]

    let house: Administration

    func run(_ params: CallParams, in session: RPCSession) async throws(RPCError) -> JSONValue {
        guard self.house.switchboard.endCall(params.id) else { throw .noCall(params.id) }
        return [:]
    }
}

struct CallsHistory: AdminMethod {
    static let name = "calls.history"
    static let summary = "The last calls that have ended, the newest first (call detail records)."
    static let role = AdminRole.viewer
    static let result = Shape.page(Views.record)
    static let example: JSONValue = ["limit": 10]

    struct Params: AdminParams {
        let dialString: DialString?
        let limit: Int
        /// The last call of the page before.
        let cursor: CallID?

        init(from reader: SettingsReader) {
            self.dialString = reader.optionalDialString("Only those from or to this number.")
            self.limit = reader.integer("limit", default: 100, in: 1...PageParams.most, summary: "How many at most.")
            let cursor = reader.optionalString("cursor", summary: "The `cursor` of the page before.")
            self.cursor = cursor.flatMap { reader.handle($0, "cursor", of: Call.self) }
        }
    }

    let house: Administration

    func run(_ params: Params, in session: RPCSession) async throws(RPCError) -> JSONValue {
        var calls = self.house.switchboard.endedCalls[...]
        if let cursor = params.cursor {
            // Overwritten meanwhile: nothing older is left.
            guard let place = calls.firstIndex(where: { $0.call == cursor }) else { return ["items": []] }
            calls = calls[(place + 1)...]
        }
        let wanted = calls.filter { trace in params.dialString.map(trace.concerns) ?? true }
        let page = wanted.prefix(params.limit)
        return .facts([
            "items": .array(page.map(self.house.views.record)),
            "cursor": wanted.count > page.count ? page.last.map { .string("\($0.call)") } : nil,
        ])
    }
}

extension CallTrace {
    func concerns(_ dialString: DialString) -> Bool {
        self.caller.dialString == dialString || self.dialled.dialString == dialString
            || self.callee?.dialString == dialString
    }
}

struct CallsTrace: AdminMethod {
    static let name = "calls.trace"
    static let summary = "Why did it not ring? The story of a call step by step, live or ended."
    static let role = AdminRole.viewer
    static let errors = [1001]
    static let result = Shape.object(["items": .list(Views.trace)])
    static let example: JSONValue = ["dialString": "4953638195999", "limit": 1]

    struct Params: AdminParams {
        let call: CallID?
        let dialString: DialString?
        let limit: Int

        init(from reader: SettingsReader) {
            self.call = reader.optionalCall()
            self.dialString = reader.optionalDialString("The last calls from or to this number.")
            self.limit = reader.integer("limit", default: 1, in: 1...100, summary: "How many calls of a number.")
            guard reader.problems.isEmpty, (self.call == nil) == (self.dialString == nil) else { return }
            reader.problem("expected call or dialString, found \(self.call == nil ? "neither" : "both")")
        }
    }

    let house: Administration

    func run(_ params: Params, in session: RPCSession) async throws(RPCError) -> JSONValue {
        let (switchboard, views) = (self.house.switchboard, self.house.views)
        if let call = params.call {
            guard let trace = switchboard.trace(of: call) else { throw .noCall(call) }
            return ["items": [views.trace(trace)]]
        }
        guard let dialString = params.dialString else { throw .internalError("no number") }
        let live = switchboard.liveTraces.sorted { $0.started > $1.started }
        let all = (live + switchboard.endedCalls).lazy.filter { $0.concerns(dialString) }.prefix(params.limit)
        return ["items": .array(all.map(views.trace))]
    }
}
