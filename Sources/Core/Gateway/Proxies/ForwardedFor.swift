/// Who stands behind proxies, as `X-Forwarded-For` tells it. Each proxy adds, at the end, from whom it got the request; so
/// only what our own proxies added can be believed.
package enum ForwardedFor {
    /// More hops than this, or a longer header, is nobody's path to us.
    private static let mostHops = 32
    private static let longest = 2048

    /// The last address that is none of our proxies; the peer itself when the header is missing or makes no sense.
    package static func client(peer: IPAddress, headers: [String], trusting proxies: [AddressBlock]) -> IPAddress {
        let text = headers.joined(separator: ",")
        guard !text.isEmpty, text.utf8.count <= Self.longest, proxies.contains(where: { $0.contains(peer) }) else {
            return peer
        }
        let hops = text.split(separator: ",", omittingEmptySubsequences: false)
        guard hops.count <= Self.mostHops else { return peer }
        var client = peer
        for hop in hops.reversed() {
            let trimmed = hop.drop { $0 == " " }
            let name = trimmed.prefix { $0 != " " }
            guard trimmed.dropFirst(name.count).allSatisfy({ $0 == " " }), let address = IPAddress(name) else {
                return client
            }
            client = address
            if !proxies.contains(where: { $0.contains(address) }) { return client }
        }
        return client
    }
}
