internal import PluginAPI
internal import StrictJSON

/// Where Firebase is to deliver a push.
enum FCMTarget: Sendable, Hashable {
    /// A registration token, which Google calls deprecated since June 2026.
    case token(String)
    /// A Firebase installation id, which takes its place.
    case installation(String)

    private static let longest = 4096

    /// What a client sent as `notificationToken`: a string, or an object with `token` or `fid`. `nil` when it is meant for another
    /// service, or can't be meant at all.
    init?(_ target: NotificationTarget) {
        switch target.token {
        case .string(let token):
            // Other services' addresses are URLs.
            guard Self.isAddress(token), !token.contains("://") else { return nil }
            self = .token(token)
        case .object(let object):
            if let service = object["service"], service != "fcm" { return nil }
            switch (object["token"], object["fid"]) {
            case (.string(let token)?, nil) where Self.isAddress(token): self = .token(token)
            case (nil, .string(let fid)?) where Self.isAddress(fid): self = .installation(fid)
            default: return nil
            }
        case .null, .bool, .number, .array:
            return nil
        }
    }

    private static func isAddress(_ text: String) -> Bool {
        (1...Self.longest).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}
