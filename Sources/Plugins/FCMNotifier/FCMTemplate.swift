internal import PluginAPI
internal import StrictJSON
internal import Telephony

/// What a push looks like beside the technote's three strings: how urgent it is, how long it lives, and what Apple's devices and
/// browsers show, for which data alone does not ring.
struct FCMTemplate: Sendable, Equatable {
    private var android: JSONValue?
    private var apns: JSONValue?
    private var webpush: JSONValue?
    private let collapseKey: String

    /// The defaults.
    init(collapseKey: String = "call") {
        self.collapseKey = collapseKey
        self.android = ["priority": "HIGH", "ttl": "{ttl}s", "collapse_key": .string(collapseKey)]
        self.apns = [
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
        ]
        var headers = JSONObject()
        headers["TTL"] = "{ttl}"
        headers["Urgency"] = "high"
        if Self.isTopic(collapseKey) { headers["Topic"] = .string(collapseKey) }
        self.webpush = ["headers": .object(headers)]
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
        standard: JSONValue?
    ) -> JSONValue? {
        guard let written = reader.raw(name, summary: summary) else { return standard }
        switch written {
        case .object: return written
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
        var data = JSONObject()
        data["caller"] = .string(notice.caller.text)
        if let url = notice.url { data["url"] = .string(url) }
        data["wakeupToken"] = notice.wakeupToken.withText { .string($0) }
        return self.body(target, data, notice.caller, apns: self.apns, life: life, at: now)
    }

    /// The request that calls the other off. On Apple's devices it shows nothing, it only takes the place of what was shown.
    func cancel(_ target: FCMTarget, _ notice: CancelNotice, life: Int64, at now: Int64) -> [UInt8] {
        var data = JSONObject()
        data["caller"] = .string(notice.caller.text)
        if let url = notice.url { data["url"] = .string(url) }
        data["cancelled"] = "true"
        let silent: JSONValue = [
            "headers": [
                "apns-push-type": "background", "apns-priority": "5", "apns-expiration": "{expiration}",
                "apns-collapse-id": .string(self.collapseKey),
            ],
            "payload": ["aps": ["content-available": 1]],
        ]
        return self.body(target, data, notice.caller, apns: self.apns == nil ? nil : silent, life: life, at: now)
    }

    private func body(
        _ target: FCMTarget,
        _ data: JSONObject,
        _ caller: DialString,
        apns: JSONValue?,
        life: Int64,
        at now: Int64
    ) -> [UInt8] {
        let values = [
            "{caller}": caller.text, "{ttl}": String(max(life, 0)), "{expiration}": String(now + max(life, 0)),
        ]
        var message = JSONObject()
        switch target {
        case .token(let token): message["token"] = .string(token)
        case .installation(let fid): message["fid"] = .string(fid)
        }
        message["data"] = .object(data)
        message["android"] = self.android?.filled(with: values)
        message["apns"] = apns?.filled(with: values)
        message["webpush"] = self.webpush?.filled(with: values)
        var bytes: [UInt8] = []
        (["message": .object(message)] as JSONValue).write(into: &bytes)
        return bytes
    }
}

extension JSONValue {
    /// The same with placeholders filled in, in strings only: what is filled in can't become anything else.
    fileprivate func filled(with values: [String: String]) -> JSONValue {
        switch self {
        case .string(let text): return .string(text.filled(with: values))
        case .array(let elements): return .array(elements.map { $0.filled(with: values) })
        case .object(let object):
            var filled = JSONObject()
            for member in object.members { filled[member.name] = member.value.filled(with: values) }
            return .object(filled)
        case .null, .bool, .number: return self
        }
    }
}

extension String {
    /// One pass, so that what is filled in is not looked at again.
    fileprivate func filled(with values: [String: String]) -> String {
        var (filled, rest) = ("", Substring(self))
        while let start = rest.firstIndex(of: "{") {
            filled += rest[..<start]
            rest = rest[start...]
            if let (name, value) = values.first(where: { rest.hasPrefix($0.key) }) {
                filled += value
                rest = rest.dropFirst(name.count)
            } else {
                filled.append(rest.removeFirst())
            }
        }
        return filled + rest
    }
}
