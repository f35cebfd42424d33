import Core

/// What a proxy says about its client: a PROXY header, or, after a first line `forwarded`, an `X-Forwarded-For`.
enum ProxyTarget {
    private static let proxies = ["10.0.0.0/8", "2001:db8::/33", "::1"].compactMap { AddressBlock($0) }

    @Sendable static func run(_ bytes: [UInt8]) throws(BrokenProperty) {
        let mark = Array("forwarded\n".utf8)
        if bytes.starts(with: mark) {
            try Self.runForwarded(String(decoding: bytes.dropFirst(mark.count), as: UTF8.self))
        } else {
            try Self.runHeader(bytes)
        }
    }

    private static func runHeader(_ bytes: [UInt8]) throws(BrokenProperty) {
        let header = ProxyHeader(bytes)
        switch header {
        case .incomplete:
            try require(bytes.count < ProxyHeader.longest, "no header is longer than the longest")
        case .malformed:
            try require(ProxyHeader(bytes + [0]) == .malformed, "what is malformed stays so")
        case .complete(_, let length):
            try require((1...bytes.count).contains(length), "a header ends within the bytes")
            try require(ProxyHeader(Array(bytes.prefix(length))) == header, "what follows does not matter")
            for shorter in [0, 1, length / 2, length - 1] where shorter < length {
                try require(ProxyHeader(Array(bytes.prefix(shorter))) == .incomplete, "a part is incomplete")
            }
        }
    }

    private static func runForwarded(_ text: String) throws(BrokenProperty) {
        guard let proxy = IPAddress("10.0.0.1"), let stranger = IPAddress("192.0.2.1") else {
            throw BrokenProperty("an address is an address")
        }
        let headers = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        try require(
            ForwardedFor.client(peer: stranger, headers: headers, trusting: Self.proxies) == stranger,
            "a stranger speaks for himself"
        )
        let client = ForwardedFor.client(peer: proxy, headers: headers, trusting: Self.proxies)
        try require(IPAddress("\(client)") == client, "an address that is written can be read")
        try require(
            ForwardedFor.client(peer: proxy, headers: [headers.joined(separator: ",")], trusting: Self.proxies)
                == client,
            "several headers are one with commas"
        )
    }
}
