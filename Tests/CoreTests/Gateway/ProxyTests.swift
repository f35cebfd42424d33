import Core
import Testing

@Suite("Addresses and blocks of them")
struct AddressTests {
    @Test(
        "What is in a block",
        arguments: [
            ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false), ("10.1.2.3", "10.1.2.3", true),
            ("10.1.2.3", "10.1.2.4", false), ("10.128.0.0/9", "10.127.255.255", false),
            ("10.128.0.0/9", "10.200.0.1", true),
            ("0.0.0.0/0", "192.0.2.1", true), ("0.0.0.0/0", "::1", false), ("::/0", "192.0.2.1", false),
            ("2001:db8::/33", "2001:db8:7fff::1", true), ("2001:db8::/33", "2001:db8:8000::1", false),
            ("::1/128", "::1", true), ("10.0.0.0/8", "::ffff:10.1.1.1", true), ("192.0.2.0/31", "192.0.2.1", true),
            ("::ffff:10.0.0.0/104", "10.1.1.1", true), ("::ffff:10.0.0.0/104", "11.1.1.1", false),
        ]
    )
    func blocks(block: String, address: String, isIn: Bool) throws {
        let block = try #require(AddressBlock(block))
        #expect(block.contains(try #require(IPAddress(address))) == isIn)
    }

    @Test(
        "What is no block",
        arguments: [
            "", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0/8", "::/129", "10.0.0.0/ 8",
            "localhost", "*", "10.0.0.0/٨", "010.0.0.1", "[::1]", "::1%lo", "1.2.3.4:80",
            // For C the NUL is the end.
            "10.0.0.1\0x", "10.0.0.1\0", "::1\0/128", "10.0.0.0/8\0",
            // One machine, or sixteen million?
            "10.0.0.1/8", "192.0.2.1/31", "2001:db8::1/64", "10.0.0.0/08", "10.0.0.0/+8",
            // All of IPv6 that begins with zeros is not one IPv4 network.
            "::ffff:10.0.0.0/24", "::ffff:10.0.0.0/95",
        ]
    )
    func noBlocks(text: String) {
        #expect(AddressBlock(text) == nil)
    }

    @Test(
        "What only this machine has",
        arguments: [
            ("127.0.0.1", true), ("127.9.8.7", true), ("::1", true), ("::ffff:127.0.0.1", true), ("128.0.0.1", false),
            ("0.0.0.0", false), ("::", false), ("::2", false), ("1::1", false),
        ]
    )
    func loopback(text: String, isLoopback: Bool) throws {
        #expect(try #require(IPAddress(text)).isLoopback == isLoopback)
    }

    @Test("Limits count IPv4 addresses whole, IPv6 addresses by /64")
    func limitKeys() throws {
        func key(_ text: String) throws -> String { try #require(IPAddress(text)).limitKey }
        #expect(try key("192.0.2.7") == "192.0.2.7")
        #expect(try key("::ffff:192.0.2.7") == "192.0.2.7")
        #expect(try key("2001:db8:0:1::1") == key("2001:db8:0:1:ffff::2"))
        #expect(try key("2001:db8:0:1::1") != key("2001:db8:0:2::1"))
        #expect("\(try #require(IPAddress("2001:db8:0:1::1")))" == "2001:db8:0:1::1")
    }
}

@Suite("X-Forwarded-For")
struct ForwardedForTests {
    private func client(_ peer: String, _ headers: [String]) throws -> String {
        let proxies = try ["10.0.0.0/8", "::1"].map { try #require(AddressBlock($0)) }
        return "\(ForwardedFor.client(peer: try #require(IPAddress(peer)), headers: headers, trusting: proxies))"
    }

    @Test(
        "The last that is none of our proxies",
        arguments: [
            ("10.0.0.1", ["192.0.2.7"], "192.0.2.7"), ("10.0.0.1", ["203.0.113.9, 192.0.2.7"], "192.0.2.7"),
            ("10.0.0.1", ["203.0.113.9, 192.0.2.7, 10.0.0.2"], "192.0.2.7"),
            ("10.0.0.1", ["203.0.113.9", "192.0.2.7"], "192.0.2.7"), ("::1", ["2001:db8::1"], "2001:db8::1"),
            ("10.0.0.1", ["10.0.0.9, 10.0.0.8"], "10.0.0.9"),
            // Nobody else's word counts.
            ("192.0.2.1", ["203.0.113.9"], "192.0.2.1"), ("10.0.0.1", [], "10.0.0.1"), ("10.0.0.1", [""], "10.0.0.1"),
            // Behind what makes no sense, nothing can be believed.
            ("10.0.0.1", ["unknown"], "10.0.0.1"), ("10.0.0.1", ["192.0.2.7:4711"], "10.0.0.1"),
            ("10.0.0.1", ["192.0.2.7, x, 10.0.0.2"], "10.0.0.2"), ("10.0.0.1", ["192.0.2.7,,"], "10.0.0.1"),
            ("10.0.0.1", ["\"192.0.2.7\""], "10.0.0.1"), ("10.0.0.1", ["192.0.2.7 x"], "10.0.0.1"),
            ("10.0.0.1", ["192.0.2.7\0"], "10.0.0.1"), ("10.0.0.1", ["203.0.113.9,\u{301} 192.0.2.7"], "10.0.0.1"),
        ]
    )
    func clients(peer: String, headers: [String], client: String) throws {
        #expect(try self.client(peer, headers) == client)
    }

    @Test("Too long a story is no story")
    func tooLong() throws {
        let hops = Array(repeating: "10.0.0.2", count: 40).joined(separator: ",")
        #expect(try self.client("10.0.0.1", ["192.0.2.7," + hops]) == "10.0.0.1")
        #expect(try self.client("10.0.0.1", [String(repeating: " ", count: 3000) + "192.0.2.7"]) == "10.0.0.1")
    }
}

@Suite("PROXY protocol, versions 1 and 2")
struct ProxyHeaderTests {
    static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]
    static let four: [UInt8] = Self.signature + [0x21, 0x11, 0, 12, 192, 0, 2, 7, 10, 0, 0, 1, 0x12, 0x34, 0, 80]
    static let six: [UInt8] =
        Self.signature + [0x21, 0x21, 0, 36, 0x20, 1, 0x0D, 0xB8] + Array(repeating: 0, count: 11) + [1]
        + Array(repeating: 0, count: 20)

    private func source(_ bytes: [UInt8]) -> String? {
        guard case .complete(let source?, _) = ProxyHeader(bytes) else { return nil }
        return "\(source)"
    }

    @Test("Good headers, at every cut: incomplete until the last byte, and what follows is left alone")
    func good() {
        let headers: [([UInt8], String?)] = [
            (Array("PROXY TCP4 192.0.2.7 10.0.0.1 4711 80\r\n".utf8), "192.0.2.7"),
            (Array("PROXY TCP6 2001:db8::1 ::1 4711 443\r\n".utf8), "2001:db8::1"),
            (Array("PROXY UNKNOWN\r\n".utf8), nil), (Array("PROXY UNKNOWN ff:: whatever 1 2\r\n".utf8), nil),
            (Self.four, "192.0.2.7"), (Self.six, "2001:db8::1"), (Self.signature + [0x20, 0x00, 0, 0], nil),
            // With more behind the addresses, which is skipped.
            (Self.signature + [0x21, 0x11, 0, 15] + Self.four.dropFirst(16) + [4, 0, 0], "192.0.2.7"),
            (Self.signature + [0x21, 0x31, 0, 216] + Array(repeating: 0, count: 216), nil),
        ]
        for (header, source) in headers {
            for length in 0..<header.count {
                #expect(ProxyHeader(Array(header.prefix(length))) == .incomplete)
            }
            guard case .complete(_, let length) = ProxyHeader(header + Array("GET /".utf8)) else {
                Issue.record("\(header) is complete")
                continue
            }
            #expect(length == header.count)
            #expect(self.source(header) == source)
        }
    }

    @Test(
        "Bad lines",
        arguments: [
            "GET / HTTP/1.1\r\n", "PROXY\r\n", "PROXY \r\n", "PROXY TCP4 192.0.2.7 10.0.0.1 4711\r\n",
            "PROXY TCP4 192.0.2.7 10.0.0.1 4711 80 \r\n", "PROXY TCP4  192.0.2.7 10.0.0.1 4711 80\r\n",
            "PROXY TCP4 192.0.2.7 10.0.0.1 4711 65536\r\n", "PROXY TCP4 192.0.2.7 10.0.0.1 04711 80\r\n",
            "PROXY TCP4 2001:db8::1 ::1 4711 80\r\n", "PROXY TCP6 192.0.2.7 10.0.0.1 4711 80\r\n",
            "PROXY TCP4 192.0.2.7 10.0.0.1 -1 80\r\n", "PROXY TCP4 192.0.02.7 10.0.0.1 4711 80\r\n",
            "PROXY UDP4 192.0.2.7 10.0.0.1 4711 80\r\n", "proxy TCP4 192.0.2.7 10.0.0.1 4711 80\r\n",
            "PROXY TCP4 192.0.2.7\0x 10.0.0.1 4711 80\r\n", "PROXY TCP4 192.0.2.7 10.0.0.1\0 4711 80\r\n",
            "PROXY TCP4 192.0.2.7 10.0.0.1 4711 80\r \n", "PROXY UNKNOWN \(String(repeating: "x", count: 100))\r\n",
        ]
    )
    func badLines(line: String) {
        #expect(ProxyHeader(Array(line.utf8)) == .malformed)
    }

    @Test("Bad bytes")
    func badBytes() {
        for bad: [UInt8] in [
            Self.signature + [0x11, 0x11, 0, 12], Self.signature + [0x22, 0x11, 0, 12],
            Self.signature + [0x21, 0x11, 0xFF, 0xFF],
            Self.signature + [0x21, 0x11, 0, 11] + Array(repeating: 0, count: 11),
            Self.signature + [0x21, 0x21, 0, 12] + Array(repeating: 0, count: 12), Self.signature + [0x21, 0x41, 0, 0],
            [0x16, 0x03, 0x01], Array(Self.signature.dropLast()) + [0x0B], [0],
        ] {
            #expect(ProxyHeader(bad) == .malformed)
        }
    }
}
