package import StrictJSON

/// A request as it came in, and what became of it. It shows secrets: that is what a simulator is for.
package struct PushRequest: Sendable {
    /// The part of the simulator that was asked.
    package enum Endpoint: String, Sendable, Hashable, CaseIterable {
        /// Google's OAuth 2.0 token endpoint.
        case googleToken = "google-token"
        /// FCM HTTP v1, `messages:send`.
        case fcm
        /// Microsoft Entra ID's token endpoint.
        case entraToken = "entra-token"
        /// The older log-in of Microsoft accounts, for UWP applications.
        case liveToken = "live-token"
        /// A channel of WNS.
        case wns
        /// None of them.
        case unknown
    }

    /// Which request it is, counted from 1.
    package var number: Int
    /// Which connection it came on, counted from 1.
    package var connection: Int
    /// The version of HTTP: `HTTP/1.1` or `HTTP/2`.
    package var version: String
    package var method: String
    package var path: String
    /// Names in lower case, in the order they came. Over HTTP/2 `host` is made of `:authority`.
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]

    package var endpoint = Endpoint.unknown
    /// The token, installation, topic or channel it is for.
    package var target: String?
    /// The body, when it is JSON.
    package var json: JSONValue?
    /// The body's fields, when it is a form.
    package var form: [String: String] = [:]
    /// What the push says: FCM's `data`, or the members of WNS's raw notification that are strings.
    package var data: [String: String] = [:]
    /// What was wrong with it; `nil` when it was in order, even if a script said otherwise.
    package var complaint: String?
    /// The status it was answered with; `nil` when it got no answer.
    package var answered: Int?

    init(number: Int, connection: Int, version: String, method: String, path: String) {
        self.number = number
        self.connection = connection
        self.version = version
        self.method = method
        self.path = path
        self.headers = []
        self.body = []
    }

    /// The first header of that name, in lower case.
    package func header(_ name: String) -> String? {
        self.headers.first { $0.name == name }?.value
    }

    /// What stands behind `Bearer`.
    var bearer: String? {
        guard let value = self.header("authorization"), value.hasPrefix("Bearer ") else { return nil }
        return String(value.dropFirst("Bearer ".count))
    }

    /// Whether the content type is this one, whatever its parameters.
    func hasContentType(_ type: String) -> Bool {
        guard let value = self.header("content-type") else { return false }
        return value.prefix { $0 != ";" }.lowercased() == type
    }
}
