internal import StrictJSON

extension PushServices {
    /// `POST /token`: a signed assertion for an access token (RFC 7523 §2.1).
    func googleToken(_ request: inout PushRequest) -> Judgement {
        guard self.form(of: &request) else {
            return Self.refusal("invalid_request", "Expected a form, found another body.")
        }
        guard request.form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer" else {
            return Self.refusal("unsupported_grant_type", "Invalid grant_type: \(request.form["grant_type"] ?? "")")
        }
        guard let assertion = request.form["assertion"] else {
            return Self.refusal("invalid_request", "Missing parameter: assertion")
        }
        let now = self.now()
        do throws(Assertion.Refusal) {
            try Assertion.check(assertion, by: self.account, now: now)
        } catch {
            return Self.refusal("invalid_grant", error.description)
        }
        let (token, life) = self.tokens.issue(.fcm, now: now)
        return .accepted(
            SimulatedAnswer(
                status: 200,
                json: [
                    "access_token": .string(token), "expires_in": .number(String(life)), "token_type": "Bearer",
                ]
            )
        )
    }

    /// `POST /v1/projects/{project}/messages:send`.
    func fcm(_ request: inout PushRequest) -> Judgement {
        guard let bearer = request.bearer, self.tokens.audience(of: bearer, now: self.now()) == .fcm else {
            return .refused("expected an access token of Google's", .unauthenticated)
        }
        let project = request.path.split(separator: "/").dropFirst(2).first.map(String.init)
        guard project == self.account.project else {
            return .refused("another project", .permissionDenied)
        }
        guard request.hasContentType("application/json"), let json = try? JSONValue(parsing: request.body) else {
            return Self.violation("message", "Invalid JSON payload received.")
        }
        request.json = json
        let message: FCMMessage
        do throws(FCMMessage.Violation) {
            message = try FCMMessage(json)
        } catch {
            return Self.violation(error.field, error.description)
        }
        request.target = message.target
        request.data = message.data
        let name = message.isDryRun ? "fake_message_id" : "0:\(self.now())000000%\(String(request.number, radix: 16))"
        return .accepted(
            SimulatedAnswer(status: 200, json: ["name": .string("projects/\(self.account.project)/messages/\(name)")])
        )
    }

    private static func violation(_ field: String, _ description: String) -> Judgement {
        .refused("\(field): \(description)", .badRequest(at: field, description))
    }
}
