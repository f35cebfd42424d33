package import StrictJSON

/// What FCM answers, in the form of Google's errors: `google.rpc.Status` with details.
extension SimulatedAnswer {
    /// The token is no longer registered, or the installation is gone.
    package static let unregistered = Self.fcm(404, "NOT_FOUND", "Requested entity was not found.", "UNREGISTERED")
    /// The token belongs to another project.
    package static let senderIDMismatch = Self.fcm(
        403,
        "PERMISSION_DENIED",
        "SenderId mismatch",
        "SENDER_ID_MISMATCH"
    )
    /// Apple's or the browser's service refuses the key that the project has for it.
    package static let thirdPartyAuthError = Self.fcm(
        401,
        "UNAUTHENTICATED",
        "Auth error from APNS or Web Push Service",
        "THIRD_PARTY_AUTH_ERROR"
    )
    /// The token was never one.
    package static let invalidToken = Self.fcm(
        400,
        "INVALID_ARGUMENT",
        "The registration token is not a valid FCM registration token",
        "INVALID_ARGUMENT"
    )
    /// As before, in the form that names the field as well.
    package static let invalidTokenByField = Self.google(
        400,
        "INVALID_ARGUMENT",
        "The registration token is not a valid FCM registration token",
        details: [Self.fcmError("INVALID_ARGUMENT"), Self.badRequest("message.token", "Invalid registration token")]
    )
    /// Something else in the request is wrong.
    package static let badRequest = Self.badRequest(
        at: "message.android.ttl",
        "Invalid value at 'message.android.ttl' (type.googleapis.com/google.protobuf.Duration)"
    )
    /// The access token is none, or its time is over.
    package static let unauthenticated = Self.google(
        401,
        "UNAUTHENTICATED",
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
            + "authentication credential.",
        details: [
            [
                "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "ACCESS_TOKEN_EXPIRED",
                "domain": "googleapis.com",
            ]
        ]
    ).with("www-authenticate", #"Bearer realm="https://accounts.google.com/", error="invalid_token""#)
    /// The service account may not send for this project.
    package static let permissionDenied = Self.google(
        403,
        "PERMISSION_DENIED",
        "Permission 'cloudmessaging.messages.create' denied on the resource",
        details: [
            [
                "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "IAM_PERMISSION_DENIED",
                "domain": "fcm.googleapis.com",
            ]
        ]
    )
    /// Something is wrong inside Google.
    package static let `internal` = Self.fcm(500, "INTERNAL", "Internal error encountered.", "INTERNAL")

    /// Too many messages.
    ///
    /// - Parameter retryAfter: Seconds or a date; `nil` when the service does not say.
    package static func quotaExceeded(retryAfter: String? = nil) -> SimulatedAnswer {
        let message = "Quota exceeded for quota metric 'Send requests' and limit 'Send requests per minute'"
        let answer = Self.fcm(429, "RESOURCE_EXHAUSTED", message, "QUOTA_EXCEEDED")
        return retryAfter.map { answer.with("retry-after", $0) } ?? answer
    }

    /// FCM is overloaded.
    ///
    /// - Parameter retryAfter: Seconds or a date; `nil` when the service does not say.
    package static func unavailable(retryAfter: String? = nil) -> SimulatedAnswer {
        let answer = Self.fcm(503, "UNAVAILABLE", "The service is currently unavailable.", "UNAVAILABLE")
        return retryAfter.map { answer.with("retry-after", $0) } ?? answer
    }

    /// A refusal that names a field of the request.
    package static func badRequest(at field: String, _ description: String) -> SimulatedAnswer {
        Self.google(400, "INVALID_ARGUMENT", description, details: [Self.badRequest(field, description)])
    }

    /// An error with FCM's own code in the details.
    package static func fcm(
        _ code: Int,
        _ status: String,
        _ message: String,
        _ errorCode: String
    ) -> SimulatedAnswer {
        Self.google(code, status, message, details: [Self.fcmError(errorCode)])
    }

    /// An error of Google's, whatever its details.
    package static func google(
        _ code: Int,
        _ status: String,
        _ message: String,
        details: [JSONValue] = []
    ) -> SimulatedAnswer {
        var error: JSONObject = JSONObject()
        error["code"] = .number(String(code))
        error["message"] = .string(message)
        error["status"] = .string(status)
        if !details.isEmpty { error["details"] = .array(details) }
        return SimulatedAnswer(status: code, json: ["error": .object(error)])
    }

    private static func fcmError(_ code: String) -> JSONValue {
        ["@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": .string(code)]
    }

    private static func badRequest(_ field: String, _ description: String) -> JSONValue {
        [
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": [["field": .string(field), "description": .string(description)]],
        ]
    }
}

/// What an OAuth 2.0 token endpoint answers.
extension SimulatedAnswer {
    /// An error of OAuth 2.0 (RFC 6749 §5.2).
    package static func oauth(_ status: Int, _ error: String, _ description: String) -> SimulatedAnswer {
        SimulatedAnswer(
            status: status,
            json: ["error": .string(error), "error_description": .string(description)]
        )
    }
}
