package import PluginAPI
internal import StrictJSON

/// What stands under `settings` of a ``WNSNotifierPlugin``.
package struct WNSNotifierSettings: PluginSettings {
    var login: Login
    var clientConfiguration: JSONValue?
    var authorities: String?
    var proxy: String?
    var connectTimeout: Duration
    /// A service on this machine that takes the place of Microsoft's, `host:port`; `nil` but for trying out.
    var simulator: String?

    /// As what the server logs in. The two are not interchangeable, and each is for one app.
    enum Login: Sendable, Equatable {
        /// Apps of the Windows App SDK, registered in Microsoft Entra ID.
        case entra(tenant: String, client: String, secret: Secret, endpoint: String)
        /// Apps of the Universal Windows Platform, registered in the Partner Center.
        case legacy(packageSID: String, secret: Secret, endpoint: String)
    }

    /// Reads the settings.
    package init(from reader: SettingsReader) {
        let entra = reader.optionalObject(
            "entra",
            summary:
                "The log-in of an app of the Windows App SDK, registered in Microsoft Entra ID. Either this or `legacy`."
        ) { reader in
            Login.entra(
                tenant: Self.identifier("tenant", reader, summary: "The tenant's id."),
                client: Self.identifier("client", reader, summary: "The application's (client) id."),
                secret: reader.secret("secret", summary: "The client secret."),
                endpoint: reader.webAddress(
                    "endpoint",
                    default: "https://login.microsoftonline.com",
                    summary: "Where access tokens come from."
                )
            )
        }
        let legacy = reader.optionalObject(
            "legacy",
            summary: "The log-in of an app of the Universal Windows Platform, registered in the Partner Center."
        ) { reader in
            Login.legacy(
                packageSID: reader.string(
                    "packageSID",
                    summary: "The package security identifier, `ms-app://S-1-15-2-…`."
                ),
                secret: reader.secret("secret", summary: "The secret key."),
                endpoint: reader.webAddress(
                    "endpoint",
                    default: "https://login.live.com",
                    summary: "Where access tokens come from."
                )
            )
        }
        switch (entra, legacy) {
        case (let login?, nil), (nil, let login?):
            self.login = login
        case (nil, nil):
            self.login = .legacy(packageSID: "", secret: Secret(""), endpoint: "")
            reader.problem("expected a log-in, either \"entra\" or \"legacy\", found none")
        case (let login?, _?):
            self.login = login
            reader.problem(at: "legacy", "expected either \"entra\" or \"legacy\", found both")
        }
        self.clientConfiguration = reader.raw(
            "clientConfiguration",
            summary: "What clients need to register, passed to them as it stands."
        )
        self.authorities = reader.optionalPath(
            "authorities",
            summary: "A PEM file of certificate authorities to trust instead of the system's."
        )
        self.proxy = reader.optionalString(
            "proxy",
            summary:
                "A proxy's URL, or an empty string for none; what `HTTPS_PROXY` in the environment says unless given."
        )
        self.connectTimeout = reader.duration(
            "connectTimeout",
            default: .seconds(3),
            in: .milliseconds(100) ... .seconds(30),
            summary: "How long a connection may take to come about: its name, TCP, the proxy and TLS together."
        )
        self.simulator = reader.optionalString(
            "simulator",
            summary: "For trying out: the `host:port` on this machine whose channels are accepted beside Microsoft's."
        )
        if let simulator = self.simulator, SettingsReader.problem(withAddress: "http://\(simulator)") != nil {
            reader.problem(
                at: "simulator",
                "expected host:port on this machine, found \(JSONValue.string(simulator).found)"
            )
        }
    }

    /// Becomes part of a URL.
    private static func identifier(_ name: String, _ reader: SettingsReader, summary: String) -> String {
        let text = reader.string(name, summary: summary)
        let isWell =
            (1...128).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "."):
                    true
                default:
                    false
                }
            }
        if !isWell, !reader.hasProblem(at: name) {
            reader.problem(at: name, "expected letters, digits, - and ., found \(JSONValue.string(text).found)")
        }
        return text
    }
}
