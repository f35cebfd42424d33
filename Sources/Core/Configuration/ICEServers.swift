internal import PluginAPI
internal import StrictJSON

/// The STUN and TURN servers that clients are told about, in the form of WebRTC's `RTCIceServer`.
enum ICEServers {
    /// The array as clients get it, credentials resolved; `nil` when there is none.
    static func read(from reader: SettingsReader) -> JSONValue? {
        reader.optionalObjects(
            "iceServers",
            summary: "STUN and TURN servers for the clients, in the form of WebRTC's RTCConfiguration."
        ) { reader -> JSONValue in
            var server = JSONObject()
            if let urls = self.urls(from: reader) { server["urls"] = urls }
            let username = reader.optionalString("username", summary: "The user name at a TURN server.")
            if let username { server["username"] = .string(username) }
            let credential = reader.optionalSecret(
                "credential",
                summary: "The password at a TURN server; clients see it."
            )
            if let credential { server["credential"] = credential.withText { .string($0) } }
            return .object(server)
        }.map { .array($0) }
    }

    private static func urls(from reader: SettingsReader) -> JSONValue? {
        let isURL = { (text: String) in
            ["stun:", "stuns:", "turn:", "turns:"].contains { text.hasPrefix($0) && text.utf8.count > $0.utf8.count }
        }
        return reader.stringOrStrings("urls", summary: "One URL, or several of one server: `stun:`, `turn:`, `turns:`.")
        {
            isURL($0) ? nil : "expected a URL such as \"stun:stun.example.org\", found another"
        }
    }
}
