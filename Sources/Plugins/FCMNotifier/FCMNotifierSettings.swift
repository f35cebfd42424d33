package import PluginAPI
internal import StrictJSON

/// What stands under `settings` of an ``FCMNotifierPlugin``.
package struct FCMNotifierSettings: PluginSettings {
    /// Google's JSON file with the service account's key.
    var serviceAccount: String
    var endpoint: String
    /// Instead of what the file says.
    var tokenEndpoint: String?
    var authorities: String?
    var proxy: String?
    var connectTimeout: Duration
    /// Passed to clients unchanged (§8.1.8).
    var clientConfiguration: JSONValue?
    var template: FCMTemplate

    /// Reads the settings.
    package init(from reader: SettingsReader) {
        self.serviceAccount = reader.path(
            "serviceAccount",
            summary: "The JSON file with the service account's private key, from the Firebase console. Kept secret."
        )
        self.clientConfiguration = reader.raw(
            "clientConfiguration",
            summary:
                "What clients need to register with Firebase, such as `apiKey`, `projectId`, `appId` and `vapidKey`; passed to them as it stands."
        )
        let key = reader.string(
            "collapseKey",
            default: "call",
            summary:
                "Pushes with the same key replace each other on their way; a device keeps at most four different ones."
        )
        self.template = FCMTemplate(from: reader, collapseKey: key)
        self.endpoint = reader.webAddress(
            "endpoint",
            default: "https://fcm.googleapis.com",
            summary: "Where pushes go."
        )
        self.tokenEndpoint = reader.optionalWebAddress(
            "tokenEndpoint",
            summary: "Where access tokens come from; what the service account's file says unless given."
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
        if key.isEmpty || key.utf8.count > 64 || !key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) {
            reader.problem(
                at: "collapseKey",
                "expected 1 to 64 printable ASCII characters, found \(JSONValue.string(key).found)"
            )
        }
    }
}
