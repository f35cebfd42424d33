package import PluginAPI

/// What somebody may do who comes in at a listener of the admin API.
package enum AdminRole: String, Sendable, CaseIterable {
    /// Everything.
    case `operator`
    /// See, and change nothing.
    case viewer
}

/// Where operators come in.
package struct AdminConfiguration: Sendable, Equatable {
    package var enabled = true
    /// The path of the Unix socket; `nil`: `run/admin.sock` beside the configuration, or `admin.sock` in `$RUNTIME_DIRECTORY`.
    package var socket: String?
    package var socketRole = AdminRole.operator
    /// Users beside root and the server's own who may use the socket.
    package var allowedUIDs: [Int] = []
    package var listeners: [AdminListenerConfiguration] = []

    package init() {}

    init(from reader: SettingsReader) {
        let standard = AdminConfiguration()
        self.enabled = reader.bool("enabled", default: true, summary: "Whether there is an admin API.")
        self.socket = reader.optionalPath(
            "socket",
            summary: """
                The path of the Unix socket; unless given `admin.sock` in `$RUNTIME_DIRECTORY`, or `run/admin.sock` beside \
                this file.
                """
        )
        self.socketRole = reader.choice(
            "socketRole",
            default: standard.socketRole,
            summary: "What may be done through the socket: `operator` may do everything, `viewer` changes nothing."
        )
        self.allowedUIDs = reader.integers(
            "allowedUIDs",
            in: 0...Int(UInt32.max - 1),
            summary: "Numbers of users who may use the socket, beside root and the server's own."
        )
        let listeners = reader.optionalObjects(
            "listeners",
            summary: "Where the API, the dashboard and metrics are offered over HTTP, beside the socket.",
            AdminListenerConfiguration.init(from:)
        )
        self.listeners = listeners ?? []
        for (index, listener) in self.listeners.enumerated()
        where self.listeners[..<index].contains(where: { $0.name == listener.name }) {
            reader.problem(
                at: "listeners",
                index: index,
                "expected names that differ, found \"\(listener.name)\" twice"
            )
        }
    }
}

/// One place where the admin API is offered over HTTP and WebSocket.
package struct AdminListenerConfiguration: Sendable, Equatable {
    /// For logs and administrators.
    package var name: String
    package var host: String
    package var port: Int
    package var tls: TLSSettings?
    package var role: AdminRole
    /// Whoever knows it may come in.
    package var token: Secret
    /// Host names that may stand in a request, beside the address itself: who else is meant came by a name of somebody else's.
    package var hosts: [String]
    /// Whether `/metrics` asks for no token.
    package var publicMetrics: Bool
    /// The folder with the dashboard; `nil`: none is served.
    package var dashboardRoot: String?

    private static let shortestToken = 16

    init(from reader: SettingsReader) {
        self.name = reader.string("name", default: "admin", summary: "A name for logs and administrators.")
        self.host = reader.string("host", default: "127.0.0.1", summary: "The name or address to listen on.")
        self.port = reader.integer(
            "port",
            default: 8081,
            in: 0...65535,
            summary: "The port to listen on; 0 lets the system choose one."
        )
        self.tls = reader.optionalObject(
            "tls",
            summary: "Certificates; required for other machines than this one.",
            TLSSettings.init(from:)
        )
        self.role = reader.choice(
            "role",
            default: .operator,
            summary: "What may be done here: `operator` may do everything, `viewer` changes nothing."
        )
        self.token = reader.secret(
            "token",
            summary: "What whoever comes in has to know, of at least 16 characters: `Authorization: Bearer …`."
        )
        self.hosts = reader.strings(
            "hosts",
            summary: "Names by which this machine is called, beside its addresses and `localhost`; others are refused."
        )
        self.publicMetrics = reader.bool(
            "publicMetrics",
            default: false,
            summary: "Whether `/metrics` is shown without the token."
        )
        let dashboard = reader.bool("dashboard", default: true, summary: "Whether to serve the dashboard.")
        let root = reader.optionalPath(
            "dashboardRoot",
            summary: "The folder with the dashboard; `web/admin` beside this file unless given."
        )
        self.dashboardRoot = dashboard ? root ?? "\(reader.baseDirectory)/web/admin" : nil
        self.check(reader)
    }

    private func check(_ reader: SettingsReader) {
        if !reader.hasProblem(at: "token"), !reader.isDescribing,
            self.token.withText({
                $0.utf8.count < Self.shortestToken || !$0.utf8.allSatisfy { (0x21...0x7E).contains($0) }
            })
        {
            reader.problem(
                at: "token",
                "expected at least \(Self.shortestToken) ASCII characters without spaces, found fewer or others"
            )
        }
        let isLoopback = self.host == "localhost" || IPAddress(self.host)?.isLoopback == true
        if !isLoopback, self.tls == nil, !reader.hasProblem(at: "tls"), !reader.hasProblem(at: "host") {
            reader.problem(at: "tls", "expected certificates for other machines at \(self.host), found none")
        }
    }
}
