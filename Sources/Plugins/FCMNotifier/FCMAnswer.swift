internal import PluginAPI
internal import StrictJSON
internal import WebClient

/// What Firebase says to a push, and what to make of it (`google.firebase.fcm.v1.FcmError`).
enum FCMAnswer: Sendable, Hashable {
    case outcome(NotificationOutcome)
    /// Our access token is not good: with another one, once more.
    case unauthenticated

    /// - Parameter now: Seconds since 1970-01-01 UTC, for a `Retry-After` that is a date.
    init(_ response: WebResponse, at now: Int64) {
        guard response.status != 200 else {
            self = .outcome(.waiting)
            return
        }
        let error = FCMError(response.body)
        let wait = response.retryAfter(at: now)
        let words = "status \(response.status), \(error.code ?? "no error code")"
        switch (error.code, response.status) {
        case ("UNREGISTERED", _), ("NOT_FOUND", _):
            self = .outcome(.gone(words))
        case ("INVALID_ARGUMENT", _) where error.isAboutToken:
            self = .outcome(.gone(words))
        case ("SENDER_ID_MISMATCH", _):
            self = .outcome(.gone("\(words): the token is of another project", alarm: true))
        case ("THIRD_PARTY_AUTH_ERROR", _):
            self = .outcome(
                .misconfigured("\(words): the key for Apple's or the browsers' push service is missing or expired")
            )
        case ("UNAUTHENTICATED", _), (nil, 401):
            self = .unauthenticated
        case ("QUOTA_EXCEEDED", _), ("RESOURCE_EXHAUSTED", _), (nil, 429):
            self = .outcome(.throttled(error.isAboutDevice ? .client : .everybody, retryAfter: wait))
        case ("UNAVAILABLE", _), ("INTERNAL", _), ("UNSPECIFIED_ERROR", _), (nil, 500...599):
            self = .outcome(.failed(words, retryAfter: wait))
        case ("INVALID_ARGUMENT", _):
            self = .outcome(.misconfigured("\(words): the message is not as Firebase wants it\(error.fields)"))
        case (_, 500...599):
            self = .outcome(.failed(words, retryAfter: wait))
        case (_, 400...499), (_, 300...399):
            self = .outcome(.misconfigured(words))
        default:
            self = .outcome(.rejected(words))
        }
    }
}

/// The body of an answer that is no success.
private struct FCMError {
    /// The most exact code there is.
    let code: String?
    private let details: [JSONObject]

    init(_ body: [UInt8]) {
        guard case .object(let document)? = try? JSONValue(parsing: body, depthLimit: 16),
            case .object(let error)? = document["error"]
        else {
            self.code = nil
            self.details = []
            return
        }
        var details: [JSONObject] = []
        if case .array(let elements)? = error["details"] {
            for case .object(let detail) in elements { details.append(detail) }
        }
        self.details = details
        self.code = details.compactMap { Self.code($0["errorCode"]) }.first ?? Self.code(error["status"])
    }

    /// A code of Google's, which is a word in capitals: nothing else gets into a log.
    private static func code(_ value: JSONValue?) -> String? {
        guard case .string(let text)? = value, (1...64).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x41...0x5A).contains($0) || $0 == UInt8(ascii: "_") })
        else { return nil }
        return text
    }

    private func hasDetail(_ type: String) -> Bool {
        self.details.contains { detail in
            guard case .string(let text)? = detail["@type"] else { return false }
            return text.hasSuffix(type)
        }
    }

    /// The same code stands for a bad token and for a bad request: only the details tell.
    var isAboutToken: Bool {
        let fields = self.violations("fieldViolations", "field")
        if !fields.isEmpty { return fields.allSatisfy { $0 == "message.token" || $0 == "message.fid" } }
        return self.hasDetail("google.firebase.fcm.v1.FcmError")
    }

    /// Whether there were too many pushes to one device, not too many in all.
    var isAboutDevice: Bool {
        (self.violations("violations", "subject") + self.violations("violations", "description")).contains {
            $0.lowercased().contains("device")
        }
    }

    /// Which fields were wrong, for the log.
    var fields: String {
        let fields = self.violations("fieldViolations", "field").prefix(5).map { field in
            String(field.unicodeScalars.prefix(64).map { (0x20...0x7E).contains($0.value) ? Character($0) : "?" })
        }
        return fields.isEmpty ? "" : " (\(fields.joined(separator: ", ")))"
    }

    private func violations(_ list: String, _ member: String) -> [String] {
        self.details.flatMap { detail -> [String] in
            guard case .array(let elements)? = detail[list] else { return [] }
            return elements.compactMap { element in
                guard case .object(let violation) = element, case .string(let text)? = violation[member] else {
                    return nil
                }
                return text
            }
        }
    }
}
