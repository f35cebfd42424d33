internal import PluginAPI

/// How a listener talks to its clients.
package enum ListenerScheme: String, Sendable, CaseIterable {
    /// WebSocket without encryption: for the loopback interface, or behind a proxy that encrypts.
    case ws
    /// WebSocket over TLS.
    case wss
}

/// One place where clients come in.
package struct ListenerConfiguration: Sendable, Equatable {
    /// For logs and administrators.
    package var name: String
    package var scheme = ListenerScheme.ws
    /// With `wss`, and only then.
    package var tls: TLSSettings?
    /// A name or address of this machine.
    package var host = "127.0.0.1"
    /// 0 lets the system choose one.
    package var port = 8080
    /// The paths at which signaling is spoken.
    package var paths = ["/"]
    /// Which web pages may connect; see ``WebOrigin``. None means those of the same host.
    package var origins: [String] = []
    /// Whether the files of ``webRoot`` are served too.
    package var web = false
    /// Absolute, or `nil` where nothing is served.
    package var webRoot: String?

    package init(name: String) {
        self.name = name
    }

    static func list(from reader: SettingsReader) -> [ListenerConfiguration] {
        let listeners = reader.objects(
            "listeners",
            atLeast: 1,
            summary: "Where clients come in.",
            ListenerConfiguration.init(from:)
        )
        for (index, listener) in listeners.enumerated() {
            let earlier = listeners[..<index]
            if let other = earlier.firstIndex(where: { $0.name == listener.name }) {
                reader.problem(
                    at: "listeners",
                    index: index,
                    "expected names that differ, found \"\(listener.name)\" here and at /listeners/\(other)"
                )
            }
            let isTaken = { (other: ListenerConfiguration) in other.host == listener.host && other.port == listener.port
            }
            if listener.port != 0, let other = earlier.firstIndex(where: isTaken) {
                reader.problem(
                    at: "listeners",
                    index: index,
                    "expected a port of its own, found \(listener.host):\(listener.port) as at /listeners/\(other)"
                )
            }
        }
        return listeners
    }

    private init(from reader: SettingsReader) {
        self.name = reader.string("name", summary: "A name for logs and administrators; no two listeners share one.")
        self.scheme = reader.choice(
            "scheme",
            default: .ws,
            summary: """
                `wss` is WebSocket over TLS, see `tls`; `ws` is without encryption: for the loopback interface, or behind \
                a proxy.
                """
        )
        self.tls = reader.optionalObject(
            "tls",
            summary: "Certificates and what else TLS needs; required with `wss`.",
            TLSSettings.init(from:)
        )
        self.host = reader.string("host", default: "127.0.0.1", summary: "The name or address to listen on.")
        self.port = reader.integer(
            "port",
            default: 8080,
            in: 0...65535,
            summary: "The port to listen on; 0 lets the system choose one."
        )
        self.paths = reader.strings("paths", default: ["/"], summary: "The paths at which signaling is spoken.")
        self.origins = reader.strings(
            "origins",
            summary: """
                Which web pages may connect: `scheme://host[:port]` each, or `*` for all. With none, those that come \
                from the host they connect to. Programs that send no Origin may always connect.
                """
        )
        self.web = reader.bool("web", default: false, summary: "Whether to serve the files of `webRoot` as well.")
        let webRoot = reader.optionalPath(
            "webRoot",
            summary: "The folder to serve when `web` is true; `web` beside this file unless given."
        )
        self.webRoot = self.web ? webRoot ?? "\(reader.baseDirectory)/web" : nil
        self.check(reader)
    }

    private mutating func check(_ reader: SettingsReader) {
        if self.name.isEmpty, !reader.hasProblem(at: "name") {
            reader.problem(at: "name", "expected a name, found an empty one")
        }
        if !reader.hasProblem(at: "scheme"), !reader.hasProblem(at: "tls") {
            switch (self.scheme, self.tls) {
            case (.wss, nil): reader.problem(at: "tls", "expected an object because the scheme is wss, found nothing")
            case (.ws, .some): reader.problem(at: "tls", "expected the scheme wss beside it, found ws")
            case (.ws, nil), (.wss, .some): break
            }
        }
        if self.host.isEmpty
            || self.host.unicodeScalars.contains(where: { !$0.isASCII || $0.value <= 0x20 || $0 == "/" })
        {
            reader.problem(at: "host", "expected a host name or an address, found \"\(self.host)\"")
        }
        if self.paths.isEmpty {
            reader.problem(at: "paths", "expected at least one path, found none")
        }
        for (index, path) in self.paths.enumerated() where !Self.isPath(path) {
            reader.problem(
                at: "paths",
                index: index,
                "expected a path that begins with / and has neither query nor fragment, found \"\(path)\""
            )
        }
        for (index, origin) in self.origins.enumerated() {
            if let normal = WebOrigin.normalized(origin) {
                self.origins[index] = normal
            } else {
                reader.problem(
                    at: "origins",
                    index: index,
                    "expected * or an origin such as \"https://example.org\", found \"\(origin)\""
                )
            }
        }
    }

    private static func isPath(_ text: String) -> Bool {
        text.utf8.first == UInt8(ascii: "/")
            && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
    }
}
