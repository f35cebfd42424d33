internal import StrictJSON

/// Addresses of web services.
extension SettingsReader {
    /// The URL of a service: `https:`, or `http:` for one on this machine. Without user, query or fragment, and without a slash at
    /// the end.
    package func webAddress(_ name: String, default standard: String, summary: String) -> String {
        let written = self.string(name, default: standard, summary: "\(summary) `http:` only on this machine.")
        if let problem = Self.problem(withAddress: written) { self.problem(at: name, problem) }
        return written.last == "/" ? String(written.dropLast()) : written
    }

    /// The same, or `nil` when the member is missing.
    package func optionalWebAddress(_ name: String, summary: String) -> String? {
        guard let written = self.optionalString(name, summary: "\(summary) `http:` only on this machine.") else {
            return nil
        }
        if let problem = Self.problem(withAddress: written) { self.problem(at: name, problem) }
        return written.last == "/" ? String(written.dropLast()) : written
    }

    /// What is wrong with the address of a service, in words that do not repeat it whole.
    package static func problem(withAddress text: String) -> String? {
        let expected = "expected an https: URL of a service, or an http: URL of one on this machine"
        guard let scheme = ["https://", "http://"].first(where: text.hasPrefix),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") })
        else { return "\(expected), found \(JSONValue.string(text).found)" }
        let rest = text.dropFirst(scheme.count)
        let authority = rest.prefix { $0 != "/" }
        guard !authority.isEmpty, !rest.contains("@"), !rest.contains("?"), !rest.contains("#") else {
            return "\(expected), found one with user, query or fragment, or without a host"
        }
        guard scheme == "http://" else { return nil }
        let own = ["127.0.0.1", "localhost", "[::1]"]
        let isOwn = own.contains { name in
            guard authority.hasPrefix(name) else { return false }
            let port = authority.dropFirst(name.count)
            return port.isEmpty || port.first == ":" && port.dropFirst().utf8.allSatisfy { (0x30...0x39).contains($0) }
        }
        return isOwn ? nil : "\(expected), found http: to another machine"
    }
}
