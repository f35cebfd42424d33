import Core
import PluginAPI
import StrictJSON

extension Administration {
    func addEvents(to table: inout MethodTable) {
        table.add(EventsSubscribe(house: self))
        table.add(EventsUnsubscribe(house: self))
    }
}

struct EventsSubscribe: AdminMethod {
    static let name = "events.subscribe"
    static let summary =
        "Sends what happens from now on as notifications `event`; who reads too slowly is told how many he lost."
    static let role = AdminRole.viewer
    static let errors = [-32600]
    static let result = Shape.object(["subscription": .text("1")])
    static let example: JSONValue = ["topics": ["call.*", "registration.*"]]

    struct Params: AdminParams {
        let topics: [String]

        init(from reader: SettingsReader) {
            self.topics = reader.strings(
                "topics",
                atLeast: 1,
                summary: "Names such as `call.ended`, whole topics such as `call.*`, or `*`."
            )
            for (index, topic) in self.topics.enumerated() where !Topics.isKnown(topic) {
                reader.problem(
                    at: "topics",
                    index: index,
                    "expected * or one of \(Topics.families.map { "\($0).*" }.joined(separator: ", ")), found another"
                )
            }
        }
    }

    let house: Administration

    func run(_ params: Params, in session: RPCSession) async throws(RPCError) -> JSONValue {
        guard let queue = session.events else {
            throw .invalidRequest(
                "events can't be sent over this kind of connection: use lines on the socket, or WebSocket"
            )
        }
        let subscription = self.house.hub.subscribe(queue, to: Topics(params.topics))
        session.note(subscription: subscription)
        return ["subscription": .string(subscription)]
    }
}

struct EventsUnsubscribe: AdminMethod {
    static let name = "events.unsubscribe"
    static let summary = "Ends a subscription."
    static let role = AdminRole.viewer
    static let errors = [1001]
    static let result = Shape.nothing
    static let example: JSONValue = ["subscription": "1"]

    struct Params: AdminParams {
        let subscription: String

        init(from reader: SettingsReader) {
            self.subscription = reader.string(
                "subscription",
                summary: "From `events.subscribe`, on the same connection."
            )
        }
    }

    let house: Administration

    func run(_ params: Params, in session: RPCSession) async throws(RPCError) -> JSONValue {
        guard session.forget(subscription: params.subscription) else {
            throw .notFound("no subscription of this connection has that name")
        }
        self.house.hub.unsubscribe(params.subscription)
        return [:]
    }
}
