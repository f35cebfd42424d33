/// The messages of the benchmarks, cut where an identifier goes.
enum Messages {
    static func register(_ index: Int) -> [UInt8] {
        Array(
            #"{"version":1,"operation":"register","action":"start","assignment":{"username":"user\#(index)"}}"#.utf8
        )
    }

    static func start(to index: Int) -> [UInt8] {
        Array(#"","remoteAddress":{"dialString":"\#(100_000 + index)"}}"#.utf8)
    }

    static let startHead = Self.signaling("start")
    static let accept = Self.signaling("accept")
    static let answer = Self.signaling("answer")
    static let terminate = Self.signaling("terminate")
    static let end = Array(#""}"#.utf8)
    static let unregister = Array(#"{"version":1,"operation":"register","action":"terminate"}"#.utf8)

    static func media(_ action: String) -> [UInt8] {
        Array(#"{"version":1,"operation":"media","action":"\#(action)","identifier":""#.utf8)
    }

    /// `","sdp":"…"}` with a session description of about that many bytes, escaped as browsers write it.
    static func description(bytes: Int) -> [UInt8] {
        var text =
            #"","sdp":{"type":"offer","sdp":"v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"#
        var line = 0
        while text.utf8.count < bytes - 60 {
            text += #"a=candidate:\#(line) 1 udp 2122260223 192.168.1.\#(line % 250) 5\#(line % 10)321 typ host\r\n"#
            line += 1
        }
        let padding = max(0, bytes - text.utf8.count - 3)
        return Array((text + String(repeating: "x", count: padding) + #""}}"#).utf8)
    }

    private static func signaling(_ action: String) -> [UInt8] {
        Array(#"{"version":1,"operation":"signaling","action":"\#(action)","identifier":""#.utf8)
    }
}
