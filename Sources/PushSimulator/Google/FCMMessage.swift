internal import StrictJSON

/// A message as FCM HTTP v1 reads it: no unknown member, every value of its kind, nothing too long.
struct FCMMessage {
    /// What is wrong, and where.
    struct Violation: Error {
        let field: String
        let description: String

        init(_ field: String, _ description: String) {
            self.field = field
            self.description = description
        }
    }

    /// Token, installation, topic or condition.
    let target: String
    let data: [String: String]
    /// Whether it is only checked.
    let isDryRun: Bool

    /// - Parameter body: Of the request.
    init(_ body: JSONValue) throws(Violation) {
        let request = try Self.object(body, "", ["message", "validate_only", "validateOnly"])
        guard let message = request["message"] else { throw Violation("message", "Message is not set.") }
        let object = try Self.object(
            message,
            "message",
            [
                "name", "data", "notification", "android", "webpush", "apns", "fcm_options", "fcmOptions", "token",
                "fid",
                "topic", "condition",
            ]
        )
        let targets = ["token", "fid", "topic", "condition"].filter { object[$0] != nil }
        guard targets.count == 1, let kind = targets.first, case .string(let target) = object[kind], !target.isEmpty
        else {
            throw Violation("message", "Exactly one of 'token', 'fid', 'topic' or 'condition' is required")
        }
        self.target = target
        self.isDryRun = (request["validate_only"] ?? request["validateOnly"]) == .bool(true)
        self.data = try object["data"].map { value throws(Violation) in try Self.data(value, "message.data") } ?? [:]
        try object["notification"].map { value throws(Violation) in
            _ = try Self.object(value, "message.notification", nil)
        }
        try object["android"].map { value throws(Violation) in try Self.checkAndroid(value, self.data) }
        try object["webpush"].map { value throws(Violation) in try Self.checkWebPush(value, self.data) }
        try object["apns"].map { value throws(Violation) in try Self.checkAPNs(value, self.data) }
        try Self.checkSize(Self.size(self.data), "message.data", "Message is too big")
    }

    private static func checkAndroid(_ value: JSONValue, _ data: [String: String]) throws(Violation) {
        let path = "message.android"
        let object = try self.object(
            value,
            path,
            [
                "collapse_key", "collapseKey", "priority", "ttl", "restricted_package_name", "restrictedPackageName",
                "data", "notification", "fcm_options", "fcmOptions", "direct_boot_ok", "directBootOk",
                "bandwidth_constrained_ok", "bandwidthConstrainedOk", "restricted_satellite_ok",
                "restrictedSatelliteOk",
            ]
        )
        if let priority = object["priority"] {
            guard ["NORMAL", "HIGH", "normal", "high"].contains(priority) else {
                throw Violation("\(path).priority", "Invalid value at 'message.android.priority'")
            }
        }
        if let ttl = object["ttl"] {
            guard case .string(let text) = ttl, self.isDuration(text) else {
                throw Violation("\(path).ttl", "Illegal duration format; duration must end with 's'")
            }
        }
        for name in ["collapse_key", "collapseKey", "restricted_package_name", "restrictedPackageName"] {
            try self.expectString(object[name], "\(path).\(name)")
        }
        if let own = object["data"] {
            try self.checkSize(self.size(self.data(own, "\(path).data")), "\(path).data", "Android message is too big")
        } else {
            try self.checkSize(self.size(data), "message.data", "Android message is too big")
        }
    }

    private static func checkWebPush(_ value: JSONValue, _ data: [String: String]) throws(Violation) {
        let path = "message.webpush"
        let object = try self.object(value, path, ["headers", "data", "notification", "fcm_options", "fcmOptions"])
        let headers =
            try object["headers"].map { value throws(Violation) in try self.strings(value, "\(path).headers") } ?? [:]
        if let ttl = headers["TTL"] {
            guard self.isNumber(ttl) else { throw Violation("\(path).headers", "TTL must be a number of seconds") }
        }
        if let urgency = headers["Urgency"] {
            guard ["very-low", "low", "normal", "high"].contains(urgency) else {
                throw Violation("\(path).headers", "Urgency is unknown")
            }
        }
        if let topic = headers["Topic"] {
            // RFC 8030 §5.4.
            guard (1...32).contains(topic.utf8.count), topic.utf8.allSatisfy(Base64URL.isDigit) else {
                throw Violation("\(path).headers", "Topic must be 1 to 32 characters of base64url")
            }
        }
        let own = try object["data"].map { value throws(Violation) in try self.data(value, "\(path).data") }
        try self.checkSize(self.size(own ?? data), "\(path).data", "Web push message is too big")
        let options = object["fcm_options"] ?? object["fcmOptions"]
        if let options {
            let link = try self.object(options, "\(path).fcm_options", ["link", "analytics_label", "analyticsLabel"])[
                "link"
            ]
            if let link {
                guard case .string(let text) = link, text.hasPrefix("https://") else {
                    throw Violation("\(path).fcm_options.link", "Link must be an HTTPS URL")
                }
            }
        }
    }

    private static func checkAPNs(_ value: JSONValue, _ data: [String: String]) throws(Violation) {
        let path = "message.apns"
        let known: Set = [
            "headers", "payload", "fcm_options", "fcmOptions", "live_activity_token", "liveActivityToken",
        ]
        let object = try self.object(value, path, known)
        let headers =
            try object["headers"].map { value throws(Violation) in try self.strings(value, "\(path).headers") } ?? [:]
        let payload = try object["payload"].map { value throws(Violation) in
            try self.object(value, "\(path).payload", nil)
        }
        let priority = headers["apns-priority"]
        guard priority == nil || ["1", "5", "10"].contains(priority) else {
            throw Violation("\(path).headers", "apns-priority must be 1, 5 or 10")
        }
        if let expiration = headers["apns-expiration"] {
            guard self.isNumber(expiration) else {
                throw Violation("\(path).headers", "apns-expiration must be a number of seconds")
            }
        }
        if let identifier = headers["apns-collapse-id"] {
            guard identifier.utf8.count <= 64 else {
                throw Violation("\(path).headers", "apns-collapse-id is longer than 64 bytes")
            }
        }
        if let type = headers["apns-push-type"] {
            guard ["alert", "background"].contains(type) else {
                throw Violation("\(path).headers", "apns-push-type is not one that goes through FCM")
            }
        }
        var size = self.size(data)
        var isShown = false
        if let payload {
            guard let aps = payload["aps"] else { throw Violation("\(path).payload", "aps is missing") }
            let dictionary = try self.object(aps, "\(path).payload.aps", nil)
            isShown = ["alert", "badge", "sound"].contains { dictionary[$0] != nil }
            size += JSONValue.object(payload).text.utf8.count
        }
        // Apple: a notification that shows nothing must have priority 5.
        guard isShown || priority != "10" else {
            throw Violation("\(path).headers", "apns-priority must be 5 for a background notification")
        }
        guard isShown || headers["apns-push-type"] != "alert" else {
            throw Violation("\(path).headers", "apns-push-type is alert, but nothing is shown")
        }
        guard headers["apns-push-type"] != "background" || priority != "10" else {
            throw Violation("\(path).headers", "apns-priority must be 5 for a background notification")
        }
        try self.checkSize(size, "\(path).payload", "APNs payload is too big")
    }

    // MARK: Kinds of values

    /// An object, with no member but these; `nil` for any.
    private static func object(
        _ value: JSONValue,
        _ path: String,
        _ known: Set<String>?
    ) throws(Violation) -> JSONObject {
        guard case .object(let object) = value else { throw Violation(path, "Expected an object at '\(path)'") }
        if let known, let member = object.members.first(where: { !known.contains($0.name) }) {
            throw Violation(
                path,
                "Invalid JSON payload received. Unknown name \"\(member.name)\" at '\(path)': Cannot find field."
            )
        }
        return object
    }

    private static func strings(_ value: JSONValue, _ path: String) throws(Violation) -> [String: String] {
        var strings: [String: String] = [:]
        for (index, member) in try self.object(value, path, nil).members.enumerated() {
            guard case .string(let text) = member.value else {
                let field = "\(path)[\(index)].value"
                throw Violation(field, "Invalid value at '\(field)' (TYPE_STRING), \(member.value.text)")
            }
            strings[member.name] = text
        }
        return strings
    }

    private static func data(_ value: JSONValue, _ path: String) throws(Violation) -> [String: String] {
        let data = try self.strings(value, path)
        let isReserved = { (name: String) in
            name == "from" || name == "message_type" || name.hasPrefix("google.") || name.hasPrefix("gcm.notification.")
        }
        if let name = data.keys.first(where: isReserved) {
            throw Violation("\(path)[\(name)]", "Invalid data payload key: \(name)")
        }
        return data
    }

    private static func expectString(_ value: JSONValue?, _ path: String) throws(Violation) {
        guard let value else { return }
        guard case .string = value else { throw Violation(path, "Invalid value at '\(path)' (TYPE_STRING)") }
    }

    /// `google.protobuf.Duration` in JSON, from nothing to four weeks.
    private static func isDuration(_ text: String) -> Bool {
        guard text.utf8.last == UInt8(ascii: "s") else { return false }
        let parts = text.dropLast().split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts.allSatisfy({ self.isNumber(String($0)) }),
            let seconds = Int(parts[0]),
            parts.count == 1 || parts[1].count <= 9
        else { return false }
        return seconds <= 28 * 24 * 60 * 60
    }

    private static func isNumber(_ text: String) -> Bool {
        (1...12).contains(text.utf8.count)
            && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    private static func size(_ data: [String: String]) -> Int {
        data.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
    }

    private static func checkSize(_ size: Int, _ path: String, _ description: String) throws(Violation) {
        guard size <= 4096 else { throw Violation(path, description) }
    }
}
