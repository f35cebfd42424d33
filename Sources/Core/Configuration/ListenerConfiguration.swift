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
    /// Proxies whose word on their clients' addresses counts.
    package var trustedProxies: [AddressBlock] = []
    /// Whether these proxies say so by the PROXY protocol, instead of `X-Forwarded-For`.
    package var proxyProtocol = false
    /// Whether passwords and tokens may come in unencrypted from other machines.
    package var allowUnencrypted = false
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
        let proxies = reader.strings(
            "trustedProxies",
            summary: """
                Addresses of proxies, or blocks of them such as `10.0.0.0/8`, that say for whom they speak: by \
                `X-Forwarded-For`, or as `proxyProtocol` says. Limits and logs then go by the client's address.
                """
        )
        self.proxyProtocol = reader.bool(
            "proxyProtocol",
            default: false,
            summary: """
                Whether each connection begins with a header of the PROXY protocol, version 1 or 2. Whoever is not among \
                `trustedProxies` then can't connect at all.
                """
        )
        self.allowUnencrypted = reader.bool(
            "allowUnencrypted",
            default: false,
            summary: """
                Whether `ws` may be spoken with other machines than this one though no proxy is named that encrypts. \
                Whoever listens on the way then has every password.
                """
        )
        self.readProxies(proxies, reader)
        self.check(reader)
    }

    private mutating func readProxies(_ texts: [String], _ reader: SettingsReader) {
        for (index, text) in texts.enumerated() {
            if let block = AddressBlock(text) {
                self.trustedProxies.append(block)
            } else {
                reader.problem(
                    at: "trustedProxies",
                    index: index,
                    "expected an address, or a block such as \"10.0.0.0/8\" with zeros behind its length, found \"\(text)\""
                )
            }
        }
        if self.proxyProtocol, texts.isEmpty, !reader.hasProblem(at: "trustedProxies") {
            reader.problem(at: "proxyProtocol", "expected trustedProxies beside it, found none")
        }
    }

    /// Whether what clients send to prove themselves could be read by others on its way.
    private var isOverheard: Bool {
        self.host != "localhost" && self.isOverheard(at: IPAddress(self.host))
    }

    /// The same, where it listens at an address that is not ``host``.
    func isOverheard(at address: IPAddress?) -> Bool {
        self.scheme == .ws && address?.isLoopback != true && self.trustedProxies.isEmpty && !self.allowUnencrypted
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
        if self.isOverheard, !reader.hasProblem(at: "host"), !reader.hasProblem(at: "scheme") {
            reader.problem(
                at: "scheme",
                """
                expected wss, or a proxy that encrypts among trustedProxies, for other machines at \(self.host), found ws \
                (allowUnencrypted allows it)
                """
            )
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
