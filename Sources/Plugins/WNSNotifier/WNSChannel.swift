internal import PluginAPI
internal import StrictJSON

/// The channel URI of a client: where Microsoft takes a push for it.
///
/// - Important: A client chooses it, and our access token goes there: nothing but Microsoft's own hosts is ever asked.
struct WNSChannel: Sendable, Hashable {
    let url: String

    private static let domain = ".notify.windows.com"
    private static let longest = 2048

    /// What a client sent as `notificationToken`: the URI, or an object with `channelUri`. `nil` when it is no channel.
    ///
    /// - Parameter simulator: A `host:port` on this machine that counts as Microsoft's.
    init?(_ target: NotificationTarget, simulator: String? = nil) {
        let url: String
        switch target.token {
        case .string(let text):
            url = text
        case .object(let object):
            if let service = object["service"], service != "wns" { return nil }
            guard case .string(let text)? = object["channelUri"] else { return nil }
            url = text
        case .null, .bool, .number, .array:
            return nil
        }
        guard Self.isWellFormed(url), Self.isMicrosofts(url) || Self.isSimulated(url, simulator) else { return nil }
        self.url = url
    }

    /// No control character, space, backslash, quote or user: nothing that one reader of URLs takes for something else than
    /// another.
    private static func isWellFormed(_ url: String) -> Bool {
        url.utf8.count <= self.longest
            && url.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "\\"), UInt8(ascii: "@"), UInt8(ascii: "#"), UInt8(ascii: "\""), UInt8(ascii: "<"),
                    UInt8(ascii: ">"), UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "{"), UInt8(ascii: "|"),
                    UInt8(ascii: "}"):
                    false
                default:
                    (0x21...0x7E).contains(byte)
                }
            }
    }

    private static func isMicrosofts(_ url: String) -> Bool {
        guard let authority = self.authority(of: url, scheme: "https://") else { return false }
        let host = authority.hasSuffix(":443") ? authority.dropLast(4) : authority[...]
        guard host.hasSuffix(self.domain), host.utf8.count <= 253 else { return false }
        return host.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.utf8.count)
                && label.utf8.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                        UInt8(ascii: "-"):
                        true
                    default:
                        false
                    }
                }
        }
    }

    private static func isSimulated(_ url: String, _ simulator: String?) -> Bool {
        guard let simulator else { return false }
        return ["https://", "http://"].contains { self.authority(of: url, scheme: $0) == simulator }
    }

    /// What stands between the scheme and the path, in lower case.
    private static func authority(of url: String, scheme: String) -> String? {
        guard url.prefix(scheme.count).lowercased() == scheme else { return nil }
        return url.dropFirst(scheme.count).prefix { $0 != "/" && $0 != "?" }.lowercased()
    }
}
