import Core
import StrictJSON
import Telephony
import Testing

/// What a hostile or broken client sends after the handshake: each gets its close code, and the bystander notices nothing.
@Suite("Frames and messages of a hostile client")
struct WebSocketAttackTests {
    struct Attack: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let code: Int
        let bytes: [UInt8]

        init(_ description: String, _ code: Int, _ bytes: [UInt8]) {
            self.testDescription = description
            self.code = code
            self.bytes = bytes
        }
    }

    static func text(_ description: String, _ code: Int, _ message: String) -> Attack {
        Attack(description, code, ClientFrame.text(Array(message.utf8)))
    }

    static let frames: [Attack] = [
        Attack("unmasked", 1002, ClientFrame.make(opcode: 1, Array("{}".utf8), mask: nil)),
        Attack("RSV1", 1002, ClientFrame.make(opcode: 1, Array("{}".utf8), reserved: 4)),
        Attack("RSV3", 1002, ClientFrame.make(opcode: 1, Array("{}".utf8), reserved: 1)),
        Attack("reserved opcode 3", 1002, ClientFrame.make(opcode: 3, [])),
        Attack("reserved opcode 11", 1002, ClientFrame.make(opcode: 11, [])),
        Attack("fragmented ping", 1002, ClientFrame.make(opcode: 9, [], isFinal: false)),
        Attack("long ping", 1002, ClientFrame.make(opcode: 9, Array(repeating: 0, count: 126))),
        Attack("stray continuation", 1002, ClientFrame.make(opcode: 0, [])),
        Attack(
            "a message inside a message",
            1002,
            ClientFrame.make(opcode: 1, [0x7B], isFinal: false) + ClientFrame.make(opcode: 1, [0x7D])
        ),
        Attack("length that is longer than need be", 1002, [0x81, 0xFE, 0, 1, 0, 0, 0, 0, 0x7B]),
        Attack("length 2^63", 1002, [0x81, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        Attack("length 2^62", 1009, [0x81, 0xFF, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        Attack("over the limit", 1009, [0x81, 0xFF, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0, 0]),
        Attack(
            "too many fragments",
            1008,
            ClientFrame.make(opcode: 1, [], isFinal: false)
                + Array(repeatElement(ClientFrame.make(opcode: 0, [], isFinal: false), count: 1024).joined())
        ),
        Attack("binary", 1003, ClientFrame.make(opcode: 2, [1, 2, 3])),
        Attack("close with one byte", 1002, ClientFrame.make(opcode: 8, [3])),
        Attack("close 999", 1002, ClientFrame.make(opcode: 8, [3, 0xE7])),
        Attack("close 1005", 1002, ClientFrame.make(opcode: 8, [3, 0xED])),
        Attack("close 5000", 1002, ClientFrame.make(opcode: 8, [0x13, 0x88])),
        Attack("close reason that is not UTF-8", 1007, ClientFrame.make(opcode: 8, [3, 0xE8, 0xFF])),
        Attack("empty text", 1007, ClientFrame.text([])),
        Attack(
            "not UTF-8",
            1007,
            ClientFrame.text(Array(#"{"version":1,"x":""#.utf8) + [0xC0, 0xAF] + Array(#""}"#.utf8))
        ),
        Attack("UTF-16", 1007, ClientFrame.text([0xFF, 0xFE, 0x7B, 0, 0x7D, 0])),
        Attack("byte-order mark", 1007, ClientFrame.text([0xEF, 0xBB, 0xBF] + Array(#"{"version":1}"#.utf8))),
        text("not JSON", 1007, "hello"),
        text("not an object", 1007, "[]"),
        text("text after the object", 1007, #"{"version":1} x"#),
        text("trailing comma", 1007, #"{"version":1,}"#),
        text("two messages", 1007, #"{"version":1}{"version":1}"#),
        text("comment", 1007, #"{"version":1/**/}"#),
        text("lone surrogate", 1007, #"{"version":1,"x":"\ud800"}"#),
        text(
            "too deep",
            1007,
            #"{"version":1,"sdp":"# + String(repeating: "[", count: 5000) + String(repeating: "]", count: 5000) + "}"
        ),
        text("no version", 1002, "{}"),
        text("version 2", 1002, #"{"version":2}"#),
        text("version text", 1002, #"{"version":"1"}"#),
        text("version true", 1002, #"{"version":true}"#),
        text("version 1.5", 1002, #"{"version":1.5}"#),
        text("version huge", 1002, #"{"version":1e400}"#),
    ]

    @Test("is closed with its code", arguments: frames)
    func attack(_ attack: Attack) async throws {
        try await withServer { server in
            let bystander = try await server.bob()
            let attacker = try await SignalingClient.connect(to: server.address, login: "alice:demo")
            try await attacker.send(frame: attack.bytes)
            let closed = try await attacker.closed()
            #expect(closed.code == attack.code, "\(closed)")
            #expect(!closed.reason.isEmpty)
            try await attacker.send(
                frame: ClientFrame.make(opcode: 8, [UInt8(closed.code >> 8), UInt8(closed.code & 0xFF)])
            )
            _ = try await attacker.socket.readToEnd()
            try await bystander.client.expectNothing()
        }
    }

    @Test("A good close is echoed, and nothing comes after it")
    func goodClose() async throws {
        try await withServer { server in
            for payload: [UInt8] in [[], [3, 0xE8], [3, 0xE9, 0x62, 0x79, 0x65], [0x0F, 0xA0]] {
                let client = try await SignalingClient.connect(to: server.address, login: "alice:demo")
                try await client.send(frame: ClientFrame.make(opcode: 8, payload))
                var frame = try await client.nextFrame()
                while frame.opcode == 9 {
                    frame = try await client.nextFrame()
                }
                #expect(frame.opcode == 8)
                #expect(frame.payload.prefix(2) == payload.prefix(2))
                #expect(try await client.socket.readToEnd().isEmpty)
            }
        }
    }

    @Test("A ping is answered with its payload, between the fragments of a message too")
    func pingBetweenFragments() async throws {
        try await withServer { server in
            let client = try await SignalingClient.connect(to: server.address, login: "alice:demo")
            let message = Array(
                #"{"version":1,"operation":"register","action":"start","assignment":{"username":"alice"}}"#.utf8
            )
            try await client.send(frame: ClientFrame.make(opcode: 1, Array(message[..<20]), isFinal: false))
            try await client.send(frame: ClientFrame.make(opcode: 9, [1, 2, 3]))
            try await client.send(frame: ClientFrame.make(opcode: 0, Array(message[20...])))
            var pong = try await client.nextFrame()
            while pong.opcode == 9 {
                pong = try await client.nextFrame()
            }
            #expect(pong.opcode == 10)
            #expect(pong.payload == [1, 2, 3])
            try await client.expect(["state": "registered"])
        }
    }

    @Test("A flood of messages is closed with 1008, and the bystander is answered")
    func flood() async throws {
        try await withServer { server in
            let bystander = try await server.bob()
            let attacker = try await SignalingClient.connect(to: server.address, login: "alice:demo")
            let message = ClientFrame.text(Array(#"{"version":1,"operation":"x","action":"y"}"#.utf8))
            try await attacker.send(frame: Array(repeatElement(message, count: 5000).joined()))
            #expect(try await attacker.closed().code == 1008)
            try await bystander.client.expectNothing()
        }
    }

    @Test(
        "What the version does not know is discarded: no answer, the socket lives",
        arguments: [
            #"{"version":1,"operation":"signaling"}"#,
            #"{"version":1,"operation":"signaling","action":"dance","identifier":"c-1"}"#,
            #"{"version":1,"operation":"signaling","action":17,"identifier":"c-1"}"#,
            #"{"version":1,"operation":"signaling","action":"status","state":"active","identifier":"c-1"}"#,
            #"{"version":1,"operation":"music","action":"start"}"#,
            #"{"version":1}"#,
        ]
    )
    func discarded(message: String) async throws {
        try await withServer { server in
            let alice = try await server.alice()
            try await alice.client.send(message)
            try await alice.client.expectNothing()
        }
    }

    @Test("A client that never reads is closed, and the sender is not held up")
    func slowReader() async throws {
        try await withServer([
            "limits": ["outboundBytes": "64KiB", "messagesPerSecond": 100_000, "messageBurst": 100_000]
        ]) {
            server in
            let (alice, bob) = try await (server.alice(), server.bob())
            let call = try await establishCall(from: alice, to: bob)
            try await bob.client.socket.stopReading()
            let offer = media("offer", call.caller, "\"\(String(repeating: "x", count: 60_000))\"")
            var terminated = false
            for _ in 0..<400 where !terminated {
                try await alice.client.send(offer)
                terminated = server.census.ports < 2
            }
            // Its socket is gone; its registration has the grace to come back.
            try await server.waitUntil { $0.ports == 1 }
            try await alice.client.expectNothing()
        }
    }

    @Test("The registration grace over real time: a party that does not come back ends the call")
    func graceEnds() async throws {
        try await withServer(["signaling": ["reconnectGrace": "200ms"]]) { server in
            let (alice, bob) = try await (server.alice(), server.bob())
            let call = try await establishCall(from: alice, to: bob)
            await bob.client.vanish()
            try await alice.client.expect(status("terminated", call.caller, reason: "connectionLost"))
            await #expect(throws: SignalingClient.HandshakeRefused.self) {
                try await SignalingClient.connect(to: server.address, query: "?identifier=\(bob.identifier)")
            }
        }
    }

    @Test("Silence is broken by pings, and two without an answer close with 4004")
    func keepAlive() async throws {
        try await withServer(adjusting: { $0.signaling.pingInterval = .milliseconds(50) }) { server in
            let client = try await SignalingClient.connect(to: server, login: "alice:demo")
            var pings = 0
            while true {
                let frame = try await client.nextFrame()
                if frame.opcode == 9 {
                    pings += 1
                } else if frame.opcode == 8 {
                    #expect(frame.payload.prefix(2) == [0x0F, 0xA4])
                    break
                }
            }
            #expect(pings >= KeepAlive.patience)
        }
    }

    @Test("Without a registration a socket may not stay: 1008")
    func registrationTimeout() async throws {
        try await withServer(adjusting: {
            $0.signaling.pingInterval = .milliseconds(50)
            $0.signaling.registrationTimeout = .milliseconds(1)
        }) { server in
            let client = try await SignalingClient.connect(to: server.address, login: "alice:demo")
            #expect(try await client.closed().code == 1008)
        }
    }
}
