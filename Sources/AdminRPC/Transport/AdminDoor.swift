import Core
import PluginAPI

/// Who may come in at a listener of the admin API, and as what.
struct AdminDoor: Sendable {
    /// What is checked of everybody who comes in.
    enum Check: Sendable {
        /// The user at the other end of a Unix socket.
        case user(allowed: Set<UInt32>)
        /// A token, and that a browser was not sent here under somebody else's name.
        case token(Secret, hosts: Set<String>)
    }

    let name: String
    let role: AdminRole
    let check: Check
    let publicMetrics: Bool
    let pages: WebPages?

    /// Whether the token of `Authorization` is the right one.
    func admits(authorization: String?) -> Bool {
        guard case .token(let token, _) = self.check else { return true }
        guard let authorization, authorization.lowercased().hasPrefix("bearer ") else { return false }
        return token == Secret(String(authorization.dropFirst("bearer ".count)))
    }

    /// Whether one of the subprotocols that a browser offers holds the token: it can't send it otherwise.
    func admits(subprotocols: [String]) -> Bool {
        guard case .token(let token, _) = self.check else { return true }
        return subprotocols.contains { text in
            guard text.hasPrefix("bearer."),
                let bytes = Base64.decodeURL(Array(text.utf8.dropFirst("bearer.".utf8.count)))
            else {
                return false
            }
            return token == Secret(String(decoding: bytes, as: UTF8.self))
        }
    }

    /// Whether it was us whom a request meant: otherwise a page of somebody else's had its own name lead here (DNS
    /// rebinding).
    func isMeant(host: String?) -> Bool {
        guard case .token(_, let hosts) = self.check else { return true }
        guard let host else { return false }
        let name = Self.name(of: host).lowercased()
        return name == "localhost" || IPAddress(name) != nil || hosts.contains(name)
    }

    /// Whether a page that sent a request is one of ours. Programs send no Origin.
    func isOurs(origin: String?, host: String?) -> Bool {
        guard case .token = self.check, let origin else { return true }
        guard let host, let slashes = origin.range(of: "://") else { return false }
        return origin[slashes.upperBound...].lowercased() == host.lowercased()
    }

    private static func name(of host: String) -> String {
        if host.hasPrefix("[") { return String(host.dropFirst().prefix { $0 != "]" }) }
        return String(host.prefix { $0 != ":" })
    }
}

extension String {
    /// Where a text begins in this one.
    fileprivate func range(of other: String) -> Range<String.Index>? {
        let (bytes, wanted) = (Array(self.utf8), Array(other.utf8))
        guard bytes.count >= wanted.count else { return nil }
        for start in 0...(bytes.count - wanted.count) where bytes[start..<start + wanted.count].elementsEqual(wanted) {
            let lower = self.utf8.index(self.utf8.startIndex, offsetBy: start)
            return lower..<self.utf8.index(lower, offsetBy: wanted.count)
        }
        return nil
    }
}
