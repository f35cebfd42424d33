import Core
import NIOCore
import NIOHTTP1

/// An answer over HTTP.
struct HTTPAnswer: Sendable {
    var status: HTTPResponseStatus
    var headers: [(String, String)] = []
    var contentType: String?
    var body: [UInt8] = []

    static func text(_ status: HTTPResponseStatus, _ text: String, _ headers: [(String, String)] = []) -> HTTPAnswer {
        HTTPAnswer(
            status: status,
            headers: headers,
            contentType: "text/plain; charset=utf-8",
            body: Array("\(text)\n".utf8)
        )
    }

    /// What browsers are told about everything here: nothing from elsewhere, and nowhere else.
    private static let security = [
        ("Content-Security-Policy", AdminPages.contentSecurityPolicy), ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"), ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"), ("Cache-Control", "no-store"),
    ]

    func head(version: HTTPVersion, keepsAlive: Bool) -> HTTPResponseHead {
        var headers = HTTPHeaders(self.headers)
        for (name, value) in Self.security { headers.replaceOrAdd(name: name, value: value) }
        if let contentType { headers.add(name: "Content-Type", value: contentType) }
        if self.status != .noContent { headers.add(name: "Content-Length", value: String(self.body.count)) }
        if !keepsAlive { headers.add(name: "Connection", value: "close") }
        return HTTPResponseHead(version: version, status: self.status, headers: headers)
    }
}

/// The dashboard.
package enum AdminPages {
    package static let contentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

/// Judges requests over HTTP, in this order: meant for us, from a page of ours, who, what, and then the answer.
struct HTTPDesk: Sendable {
    let desk: RPCDesk
    let door: AdminDoor
    let metrics: @Sendable () async -> String

    func answer(_ request: NIOHTTPServerRequestFull) async -> HTTPAnswer {
        let (head, headers) = (request.head, request.head.headers)
        guard headers["host"].count <= 1, self.door.isMeant(host: headers.first(name: "host")) else {
            return .text(
                .forbidden,
                "expected a Host that is a name of this server (admin.listeners[].hosts), found another"
            )
        }
        guard self.door.isOurs(origin: headers.first(name: "origin"), host: headers.first(name: "host")) else {
            return .text(.forbidden, "expected no Origin, or the one of the dashboard, found another")
        }
        let path = String(head.uri.prefix { $0 != "?" })
        let isKnown = self.door.admits(authorization: headers.first(name: "authorization"))
        switch path {
        case "/rpc":
            guard isKnown else { return Self.unauthorized }
            guard head.method == .POST else { return .text(.methodNotAllowed, "expected POST", [("Allow", "POST")]) }
            guard Self.isJSON(headers.first(name: "content-type")) else {
                return .text(.unsupportedMediaType, "expected Content-Type: application/json")
            }
            return await self.call(request)
        case "/metrics":
            guard isKnown || self.door.publicMetrics else { return Self.unauthorized }
            guard head.method == .GET else { return .text(.methodNotAllowed, "expected GET", [("Allow", "GET")]) }
            let text = await self.metrics()
            return HTTPAnswer(
                status: .ok,
                contentType: "text/plain; version=0.0.4; charset=utf-8",
                body: Array(text.utf8)
            )
        default:
            guard let page = self.door.pages?[path] else { return .text(.notFound, "nothing here: the API is at /rpc") }
            guard head.method == .GET || head.method == .HEAD else {
                return .text(.methodNotAllowed, "expected GET", [("Allow", "GET, HEAD")])
            }
            return HTTPAnswer(status: .ok, contentType: page.contentType, body: page.body)
        }
    }

    private func call(_ request: NIOHTTPServerRequestFull) async -> HTTPAnswer {
        let session = RPCSession(role: self.door.role)
        let text = request.body?.readableBytesView ?? ByteBufferView()
        guard let answer = await self.desk.answer(to: text, in: session) else { return HTTPAnswer(status: .noContent) }
        return HTTPAnswer(status: .ok, contentType: "application/json", body: answer + [UInt8(ascii: "\n")])
    }

    private static let unauthorized = HTTPAnswer.text(
        .unauthorized,
        "expected Authorization: Bearer, and the token of this listener",
        [("WWW-Authenticate", "Bearer realm=\"anynode admin\"")]
    )

    private static func isJSON(_ type: String?) -> Bool {
        guard let type else { return false }
        let essence = type.prefix { $0 != ";" }
        return essence.lowercased().filter { $0 != " " && $0 != "\t" } == "application/json"
    }
}
