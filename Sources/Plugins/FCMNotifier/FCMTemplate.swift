internal import PluginAPI
internal import StrictJSON
internal import Telephony

/// What a push looks like beside the technote's three strings: how urgent it is, how long it lives, and what Apple's devices and
/// browsers show, for which data alone does not ring.
struct FCMTemplate: Sendable, Equatable {
    private var android: FCMBlock?
    private var apns: FCMBlock?
    private var webpush: FCMBlock?
    /// What a push that calls another off has for Apple's devices.
    private let silent: FCMBlock

    /// The defaults.
    init(collapseKey: String = "call") {
        self.android = FCMBlock(["priority": "HIGH", "ttl": "{ttl}s", "collapse_key": .string(collapseKey)])
        self.apns = FCMBlock([
            "headers": [
                "apns-push-type": "alert", "apns-priority": "10", "apns-expiration": "{expiration}",
                "apns-collapse-id": .string(collapseKey),
            ],
            "payload": [
                "aps": [
                    "alert": ["title": "Incoming call", "body": "{caller}"], "sound": "default",
                    "mutable-content": 1,
                ]
            ],
        ])
        self.silent = FCMBlock([
            "headers": [
                "apns-push-type": "background", "apns-priority": "5", "apns-expiration": "{expiration}",
                "apns-collapse-id": .string(collapseKey),
            ],
            "payload": ["aps": ["content-available": 1]],
        ])
        var headers = JSONObject()
        headers["TTL"] = "{ttl}"
        headers["Urgency"] = "high"
        if Self.isTopic(collapseKey) { headers["Topic"] = .string(collapseKey) }
        self.webpush = FCMBlock(["headers": .object(headers)])
    }

    /// Browsers' push services take no other (RFC 8030, section 5.4).
    private static func isTopic(_ text: String) -> Bool {
        (1...32).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default:
                    false
                }
            }
    }

    init(from reader: SettingsReader, collapseKey: String) {
        self.init(collapseKey: collapseKey)
        let summary = { (name: String) in
            """
            The message's `\(name)` instead of the standard one, or `false` for none. In its strings `{caller}`, `{ttl}` \
            (seconds) and `{expiration}` (seconds since 1970) are filled in.
            """
        }
        self.android = Self.block("android", reader, summary("android"), standard: self.android)
        self.apns = Self.block("apns", reader, summary("apns"), standard: self.apns)
        self.webpush = Self.block("webpush", reader, summary("webpush"), standard: self.webpush)
    }

    private static func block(
        _ name: String,
        _ reader: SettingsReader,
        _ summary: String,
        standard: FCMBlock?
    ) -> FCMBlock? {
        guard let written = reader.raw(name, summary: summary) else { return standard }
        switch written {
        case .object: return FCMBlock(written)
        case .bool(false): return nil
        default:
            reader.problem(at: name, "expected an object or false, found \(written.found)")
            return nil
        }
    }

    // MARK: Messages

    /// The request that wakes a client (§9.5.2).
    ///
    /// - Parameters:
    ///   - life: Whole seconds; nothing: now or never.
    ///   - now: Seconds since 1970-01-01 UTC.
    func wakeup(_ target: FCMTarget, _ notice: WakeupNotice, life: Int64, at now: Int64) -> [UInt8] {
        var message = FCMMessage(to: target, from: notice.caller, url: notice.url)
        notice.wakeupToken.withText { message.add("wakeupToken", $0) }
        return message.finish(self.blocks(apns: self.apns), life: life, at: now)
    }

    /// The request that calls the other off. On Apple's devices it shows nothing, it only takes the place of what was shown.
    func cancel(_ target: FCMTarget, _ notice: CancelNotice, life: Int64, at now: Int64) -> [UInt8] {
        var message = FCMMessage(to: target, from: notice.caller, url: notice.url)
        message.add("cancelled", "true")
        return message.finish(self.blocks(apns: self.apns == nil ? nil : self.silent), life: life, at: now)
    }

    private func blocks(apns: FCMBlock?) -> [(name: StaticString, block: FCMBlock?)] {
        [("android", self.android), ("apns", apns), ("webpush", self.webpush)]
    }
}

/// A part of a message with placeholders: its JSON text, cut into pieces once, since it is written with every push.
struct FCMBlock: Sendable, Equatable {
    fileprivate enum Piece: Sendable, Equatable {
        case text([UInt8])
        case caller, life, expiration
    }

    fileprivate let pieces: [Piece]

    init(_ value: JSONValue) {
        var rest: [UInt8] = []
        value.write(into: &rest)
        // In JSON a brace of the text's own is followed by a quotation mark or another brace: these stand in strings only.
        let placeholders: [(name: [UInt8], piece: Piece)] = [
            (Array("{caller}".utf8), .caller), (Array("{ttl}".utf8), .life), (Array("{expiration}".utf8), .expiration),
        ]
        var pieces: [Piece] = []
        var text: [UInt8] = []
        var index = 0
        while index < rest.count {
            if rest[index] == UInt8(ascii: "{"),
                let found = placeholders.first(where: { rest[index...].starts(with: $0.name) })
            {
                pieces += [.text(text), found.piece]
                text = []
                index += found.name.count
            } else {
                text.append(rest[index])
                index += 1
            }
        }
        self.pieces = pieces + [.text(text)]
    }
}

/// One request, written straight into its bytes.
private struct FCMMessage {
    private var bytes: [UInt8] = []
    private let caller: DialString

    init(to target: FCMTarget, from caller: DialString, url: String?) {
        self.caller = caller
        self.bytes.reserveCapacity(1024)
        switch target {
        case .token(let token): self.write("{\"message\":{\"token\":\"", token)
        case .installation(let fid): self.write("{\"message\":{\"fid\":\"", fid)
        }
        self.write("\",\"data\":{\"caller\":\"", caller.text)
        self.write("\"")
        if let url { self.add("url", url) }
    }

    /// One more string of what the app gets.
    mutating func add(_ name: StaticString, _ text: String) {
        self.write(",\"")
        self.write(name)
        self.write("\":\"", text)
        self.write("\"")
    }

    mutating func finish(
        _ blocks: [(name: StaticString, block: FCMBlock?)],
        life: Int64,
        at now: Int64
    ) -> [UInt8] {
        self.write("}")
        for case (let name, let block?) in blocks {
            self.write(",\"")
            self.write(name)
            self.write("\":")
            for piece in block.pieces {
                switch piece {
                case .text(let text): self.bytes += text
                case .caller: self.write("", self.caller.text)
                case .life: self.bytes += String(max(life, 0)).utf8
                case .expiration: self.bytes += String(now + max(life, 0)).utf8
                }
            }
        }
        self.write("}}")
        return self.bytes
    }

    private mutating func write(_ literal: StaticString, _ text: String? = nil) {
        literal.withUTF8Buffer { self.bytes.append(contentsOf: $0) }
        if let text { JSONText.escape(text.utf8) { self.bytes.append($0) } }
    }
}
