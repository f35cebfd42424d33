import AdminClient
import Glibc
import StrictJSON
import Testing

/// The client against a scripted peer on a socket pair: what the peer says is written beforehand.
@Suite struct AdminConnectionTests {
    /// A connection whose peer has said `script`, and hung up if told so.
    private final class Peer {
        let descriptor: Int32
        let client: Int32

        init(says script: String, andCloses closes: Bool = false) throws {
            var pair: [Int32] = [0, 0]
            try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0)
            (self.client, self.descriptor) = (pair[0], pair[1])
            let bytes = Array(script.utf8)
            try #require(write(self.descriptor, bytes, bytes.count) == bytes.count)
            if closes { shutdown(self.descriptor, Int32(SHUT_WR)) }
        }

        deinit { close(self.descriptor) }

        /// What the client sent.
        func heard() -> String {
            let bytes = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
                count = max(0, recv(self.descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT)))
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    private func connection(_ peer: Peer) -> AdminConnection {
        AdminConnection(UnixSocket(descriptor: peer.client))
    }

    @Test("A question is one line of JSON-RPC, and its answer is the result")
    func answer() throws {
        let peer = try Peer(says: #"{"jsonrpc":"2.0","id":1,"result":{"x":1}}"# + "\n")
        var connection = self.connection(peer)
        let result = try connection.ask(AdminRequest("a.b", params: ["p": "q", "absent": .none]), within: 5)
        #expect(result == ["x": 1])
        #expect(peer.heard() == #"{"jsonrpc":"2.0","id":1,"method":"a.b","params":{"p":"q"}}"# + "\n")
    }

    @Test("A refusal has its code, message and problems")
    func refusal() throws {
        let peer = try Peer(
            says:
                #"{"jsonrpc":"2.0","id":1,"error":{"code":1002,"message":"bad","data":[{"pointer":"/a","problem":"no"}]}}"#
                + "\n"
        )
        var connection = self.connection(peer)
        do throws(AdminFailure) {
            _ = try connection.ask(AdminRequest("a"), within: 5)
            Issue.record("no failure")
        } catch {
            guard case .refused(let refusal) = error else { throw error }
            #expect(refusal.code == 1002)
            #expect(refusal.message == "bad")
            #expect(refusal.problems == [Problem(pointer: "/a", text: "no")])
        }
    }

    @Test("An event before the answer is kept, one behind it is read later")
    func events() throws {
        let peer = try Peer(
            says: #"{"jsonrpc":"2.0","method":"event","params":{"event":"one"}}"# + "\n"
                + #"{"jsonrpc":"2.0","id":1,"result":{}}"# + "\n"
                + #"{"jsonrpc":"2.0","method":"event","params":{"event":"two"}}"# + "\n"
        )
        var connection = self.connection(peer)
        let result = try connection.ask(AdminRequest("events.subscribe"), within: 5)
        #expect(result == .object(JSONObject()))
        let first = try connection.nextEvent(before: .none)
        let second = try connection.nextEvent(before: .none)
        let third = try connection.nextEvent(before: .now)
        #expect(first?["event"]?.string == "one")
        #expect(second?["event"]?.string == "two")
        #expect(third?.kind == String?.none)
    }

    @Test("The answer to another question is passed over")
    func otherID() throws {
        let peer = try Peer(
            says: #"{"jsonrpc":"2.0","id":7,"result":"old"}"# + "\n" + #"{"jsonrpc":"2.0","id":1,"result":"new"}"#
                + "\n"
        )
        var connection = self.connection(peer)
        let result = try connection.ask(AdminRequest("a"), within: 5)
        #expect(result == "new")
    }

    @Test(
        "A peer that hangs up or talks nonsense is a broken connection",
        arguments: [
            ("", Break.closed(insideLine: false)),
            (#"{"jsonrpc":"2.0","id":1,"res"#, .closed(insideLine: true)),
            ("[]\n", .garbage("an array where an object belongs")),
            (#"{"jsonrpc":"2.0","id":1}"# + "\n", .garbage("an answer without result or error")),
            ("HTTP/1.1 400\n", .garbage("unexpected character at byte 0")),
        ]
    )
    func broken(_ script: String, _ expected: Break) throws {
        let peer = try Peer(says: script, andCloses: true)
        var connection = self.connection(peer)
        do throws(AdminFailure) {
            _ = try connection.ask(AdminRequest("a"), within: 5)
            Issue.record("no failure")
        } catch {
            #expect(error == .broken(expected))
        }
    }

    @Test("No answer is a timeout, after the request's own patience too")
    func timeout() throws {
        let peer = try Peer(says: "")
        var connection = self.connection(peer)
        var request = AdminRequest("a")
        request.patience = 0.01
        do throws(AdminFailure) {
            _ = try connection.ask(request, within: 0)
            Issue.record("no failure")
        } catch {
            #expect(error == .broken(.timeout(seconds: 0.01)))
        }
    }

    @Test(
        "Where nobody listens, and a path no socket can have",
        arguments: ["/nonexistent/a.sock", "", String(repeating: "a", count: 108)]
    )
    func nobody(_ path: String) {
        do throws(AdminFailure) {
            _ = try AdminConnection(path: path)
            Issue.record("no failure")
        } catch {
            #expect(error == .noServer(path: path, code: path.hasPrefix("/") ? ENOENT : ENAMETOOLONG))
            #expect(error.exitStatus == 3)
        }
    }

    @Test(
        "The socket's place: option, variable, the system's, the directory's",
        arguments: [
            ("/o", "/e", true, "/o", 1), (nil, "/e", true, "/e", 1), (nil, "", true, "/run/anynode/admin.sock", 1),
            (nil, nil, false, "run/admin.sock", 3),
        ] as [(String?, String?, Bool, String, Int)]
    )
    func location(_ option: String?, _ environment: String?, _ exists: Bool, _ path: String, _ lines: Int) {
        let location = SocketLocation(option: option, environment: environment) { _ in exists }
        #expect(location.path == path)
        #expect(location.trail.count == lines)
        let report = AdminFailure.noServer(path: path, code: ECONNREFUSED).report(location)
        #expect(report.first == "error: no server answers at \(path): Connection refused")
        #expect(report.count == lines + 2)
    }

    @Test("A refusal is reported with its problems, and harmless on a terminal")
    func report() {
        let location = SocketLocation(option: "s", environment: .none) { _ in false }
        let refusal = Refusal(
            code: 1002,
            message: "no \u{1B}[2J",
            data: [["pointer": "/a", "problem": "b\nc"], ["pointer": "", "problem": "d"]]
        )
        #expect(
            AdminFailure.refused(refusal).report(location) == [
                "error 1002: no \\u{1b}[2J", "  /a: b\\nc", "  (whole document): d",
            ]
        )
        #expect(AdminFailure.refused(refusal).exitStatus == 1)
        let conflict = Refusal(code: 1005, message: "overtaken", data: ["revision": "r9"])
        let advice = AdminFailure.refused(conflict).report(location).last ?? ""
        #expect(advice.contains("the revision is r9 now"))
        #expect(AdminFailure.broken(.closed(insideLine: true)).exitStatus == 3)
    }
}
