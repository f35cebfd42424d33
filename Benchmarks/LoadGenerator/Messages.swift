/// Bytes as a client sends them: masked.
///
/// The mask is real, and the server has to undo it, but it is one byte four times over: so it does not matter where in a
/// frame a piece ends up, and templates are masked once instead of each time they are sent.
struct MaskedText {
    static let mask: UInt8 = 0x5A
    let bytes: [UInt8]

    init(_ text: String) {
        self.bytes = text.utf8.map { $0 ^ Self.mask }
    }

    /// As it was before it was masked.
    var unmasked: String { String(decoding: self.bytes.map { $0 ^ Self.mask }, as: UTF8.self) }

    init(masking bytes: some Collection<UInt8>) {
        self.bytes = bytes.map { $0 ^ Self.mask }
    }
}

/// The messages of the benchmarks, cut where an identifier goes.
enum Messages {
    static func dialString(of index: Int) -> Int { 100_000 + index }

    static func register(_ index: Int) -> MaskedText {
        MaskedText(
            #"{"version":1,"operation":"register","action":"start","assignment":{"username":"user\#(index)"}}"#
        )
    }

    static let unregister = MaskedText(#"{"version":1,"operation":"register","action":"terminate","identifier":""#)

    // What comes before the identifier of a call.
    static let start = Self.head(of: "signaling", "start")
    static let accept = Self.head(of: "signaling", "accept")
    static let answer = Self.head(of: "signaling", "answer")
    static let terminate = Self.head(of: "signaling", "terminate")
    static let mediaOffer = Self.head(of: "media", "offer")
    static let mediaAnswer = Self.head(of: "media", "answer")

    // What comes after it.
    static let end = MaskedText(#""}"#)

    static func remoteAddress(_ index: Int) -> MaskedText {
        MaskedText(#"","remoteAddress":{"dialString":"\#(Self.dialString(of: index))"}}"#)
    }

    /// A session description of so many bytes with all that is around it, escaped as browsers write it.
    static func description(_ type: String, bytes: Int) -> MaskedText {
        var text =
            #"","sdp":{"type":"\#(type)","sdp":""#
            + #"v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"#
        var line = 0
        while text.utf8.count < bytes - 100 {
            text += #"a=candidate:\#(line) 1 udp 2122260223 192.168.1.\#(line % 250) 5\#(line % 10)321 typ host\r\n"#
            line += 1
        }
        let padding = max(0, bytes - text.utf8.count - 3)
        return MaskedText(text + String(repeating: "x", count: padding) + #""}}"#)
    }

    private static func head(of operation: String, _ action: String) -> MaskedText {
        MaskedText(#"{"version":1,"operation":"\#(operation)","action":"\#(action)","identifier":""#)
    }
}
