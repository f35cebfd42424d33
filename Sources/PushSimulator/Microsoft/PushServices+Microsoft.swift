internal import StrictJSON

extension PushServices {
    /// `POST /{tenant}/oauth2/v2.0/token`: the log-in of applications registered with Microsoft Entra ID.
    func entraToken(_ request: inout PushRequest) -> Judgement {
        guard self.form(of: &request) else {
            return Self.refusal("invalid_request", "AADSTS900144: expected a form, found another body.")
        }
        guard request.path.hasPrefix("/\(self.microsoft.tenant)/") else {
            return Self.refusal("invalid_request", "AADSTS90002: no such tenant.")
        }
        guard request.form["grant_type"] == "client_credentials" else {
            return Self.refusal("unsupported_grant_type", "AADSTS70003: expected client_credentials.")
        }
        guard request.form["client_id"] == self.microsoft.client else {
            return Self.refusal("unauthorized_client", "AADSTS700016: no such application.")
        }
        guard request.form["client_secret"] == self.microsoft.secret else {
            return Self.refusal("invalid_client", "AADSTS7000215: invalid client secret.", status: 401)
        }
        guard request.form["scope"] == "https://wns.windows.com/.default" else {
            return Self.refusal("invalid_scope", "AADSTS1002012: expected the scope https://wns.windows.com/.default.")
        }
        let (token, life) = self.tokens.issue(.wns, now: self.now())
        return .accepted(
            SimulatedAnswer(
                status: 200,
                json: [
                    "token_type": "Bearer", "expires_in": .number(String(life)),
                    "ext_expires_in": .number(String(life)),
                    "access_token": .string(token),
                ]
            )
        )
    }

    /// `POST /accesstoken.srf`: the log-in of applications of the Store.
    func liveToken(_ request: inout PushRequest) -> Judgement {
        guard self.form(of: &request) else {
            return Self.refusal("invalid_request", "expected a form, found another body")
        }
        guard request.form["grant_type"] == "client_credentials" else {
            return Self.refusal("unsupported_grant_type", "expected client_credentials")
        }
        guard request.form["client_id"] == self.microsoft.packageSID,
            request.form["client_secret"] == self.microsoft.packageSecret
        else { return Self.refusal("invalid_client", "invalid client id or secret") }
        guard request.form["scope"] == "notify.windows.com" else {
            return Self.refusal("invalid_scope", "expected the scope notify.windows.com")
        }
        let (token, life) = self.tokens.issue(.uwp, now: self.now())
        return .accepted(
            SimulatedAnswer(
                status: 200,
                json: ["token_type": "bearer", "access_token": .string(token), "expires_in": .number(String(life))]
            )
        )
    }

    /// `POST` to a channel: a raw notification.
    func wns(_ request: inout PushRequest) -> Judgement {
        request.target = request.path
        guard request.version == "HTTP/1.1" else {
            return .refused("expected HTTP/1.1", .wnsError(505, "HTTP version not supported"))
        }
        guard let bearer = request.bearer, let audience = self.tokens.audience(of: bearer, now: self.now()) else {
            return .refused("expected an access token of Microsoft's", .wnsUnauthorized)
        }
        guard audience == (request.path.hasPrefix("/channels/uwp/") ? .uwp : .wns) else {
            return .refused("the access token is for another application", .wnsForbidden)
        }
        guard request.header("expect") == nil else {
            return .refused("Expect is not understood", .wnsError(417, "Expectation failed"))
        }
        guard request.header("transfer-encoding") == nil, let length = request.header("content-length"),
            length == String(request.body.count)
        else { return .refused("expected Content-Length", .wnsError(411, "Content-Length is required")) }
        guard request.header("x-wns-type") == "wns/raw", request.header("content-type") == "application/octet-stream"
        else {
            return .refused("expected a raw notification as application/octet-stream", .wnsBadRequest)
        }
        if let policy = request.header("x-wns-cache-policy") {
            guard policy == "cache" || policy == "no-cache" else {
                return .refused("X-WNS-Cache-Policy is unknown", .wnsBadRequest)
            }
        }
        if let ttl = request.header("x-wns-ttl") {
            guard let seconds = Int(ttl), seconds > 0 else {
                return .refused("expected X-WNS-TTL as seconds", .wnsBadRequest)
            }
        }
        guard request.body.count <= 5000 else { return .refused("more than 5000 bytes", .wnsTooLarge) }
        if case .object(let object) = try? JSONValue(parsing: request.body) {
            request.json = .object(object)
            for case (let name, .string(let text)) in object.members { request.data[name] = text }
        }
        let asksForStatus = request.header("x-wns-requestforstatus") == "true"
        return .accepted(.wns("received", device: asksForStatus ? "connected" : nil))
    }
}
