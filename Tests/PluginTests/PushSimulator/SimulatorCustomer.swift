import Foundation
import PushSimulator
import StrictJSON

/// Asks a push simulator by the curl command: another's HTTP, so that the simulator's and ours can't err together.
struct SimulatorCustomer: Sendable {
    /// What came of a request.
    struct Answer: Sendable {
        /// curl's exit status; 0 for an answer of whatever HTTP status.
        var exit: Int32
        var status: Int
        /// As curl calls it: `1.1` or `2`.
        var version: String
        /// With names in lower case.
        var headers: [String: String]
        var body: String

        /// A member of the JSON body, one level after the other.
        func member(_ path: String...) -> JSONValue? {
            var value = try? JSONValue(parsing: self.body.utf8)
            for name in path {
                switch value {
                case .object(let object): value = object[name]
                case .array(let elements):
                    value = Int(name).flatMap { elements.indices.contains($0) ? elements[$0] : nil }
                default: return nil
                }
            }
            return value
        }
    }

    let simulator: PushSimulator
    private let folder = TemporaryFolder()

    init(_ simulator: PushSimulator) throws {
        self.simulator = simulator
        try self.folder.write(simulator.authorityPEM, to: "authority.pem")
        if case .object(let account) = simulator.serviceAccount, case .string(let key) = account["private_key"] {
            try self.folder.write(key, to: "key.pem")
        }
    }

    /// Sends a request.
    func ask(
        _ path: String,
        _ headers: [String] = [],
        body: String = "",
        method: String = "POST",
        options: [String] = ["--http2"]
    ) async throws -> Answer {
        let name = UUID().uuidString
        let head = "\(self.folder.path)/\(name).head"
        let content = "\(self.folder.path)/\(name).body"
        let input = try self.folder.write(body, to: "\(name).data")
        let report = "\(self.folder.path)/\(name).report"
        let child = try await ChildProcess.start(
            ["curl", "--silent", "--noproxy", "*", "--cacert", "\(self.folder.path)/authority.pem", "--max-time", "20"]
                + ["--request", method, "--dump-header", head, "--output", content]
                + ["--write-out", "%{http_code} %{http_version}", "--data-binary", "@\(input)"]
                + options + headers.flatMap { ["--header", $0] } + ["\(self.simulator.origin)\(path)"],
            output: report
        )
        let exit = await child.ended()
        let words = Self.text(report).split(separator: " ")
        var fields: [String: String] = [:]
        for line in Self.text(head).split(whereSeparator: \.isNewline) {
            let halves = line.split(separator: ":", maxSplits: 1)
            guard halves.count == 2 else { continue }
            fields[halves[0].lowercased()] = halves[1].trimmingCharacters(in: .whitespaces)
        }
        return Answer(
            // As waitpid(2) has it.
            exit: exit >> 8 & 0xFF | exit & 0x7F,
            status: words.first.flatMap { Int($0) } ?? 0,
            version: words.last.map(String.init) ?? "",
            headers: fields,
            body: Self.text(content)
        )
    }

    /// Sends a form.
    func submit(_ path: String, _ fields: [String: String]) async throws -> Answer {
        let allowed = CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
        let parts = fields.map { "\($0)=\($1.addingPercentEncoding(withAllowedCharacters: allowed) ?? "")" }
        let header = "Content-Type: application/x-www-form-urlencoded"
        return try await self.ask(path, [header], body: parts.joined(separator: "&"))
    }

    /// The claims of an assertion that is in order, at this time.
    func claims(at now: Int) -> JSONObject {
        var claims = JSONObject()
        claims["iss"] = "push@anynode-test.iam.gserviceaccount.com"
        claims["scope"] = "https://www.googleapis.com/auth/firebase.messaging"
        claims["aud"] = "https://oauth2.googleapis.com/token"
        claims["iat"] = .number(String(now))
        claims["exp"] = .number(String(now + 3600))
        return claims
    }

    /// Signs an assertion by the openssl command.
    func assertion(_ claims: JSONObject, algorithm: JSONValue = "RS256") async throws -> String {
        let head: JSONValue = ["alg": algorithm, "typ": "JWT"]
        let text = [head, .object(claims)].map { Self.base64URL(Data($0.text.utf8).base64EncodedString()) }
        let signed = text.joined(separator: ".")
        let command = "openssl dgst -sha256 -sign '\(self.folder.path)/key.pem' | openssl base64 -A"
        let signature = try await ChildProcess.run(["sh", "-c", command], input: signed)
        return "\(signed).\(Self.base64URL(signature))"
    }

    /// Asks Google's endpoint for an access token.
    func logIn(_ claims: JSONObject) async throws -> Answer {
        try await self.submit(
            "/token",
            [
                "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
                "assertion": try await self.assertion(claims),
            ]
        )
    }

    /// An access token for FCM.
    func accessToken(at now: Int) async throws -> String {
        guard case .string(let token) = try await self.logIn(self.claims(at: now)).member("access_token") else {
            throw NoToken()
        }
        return token
    }

    /// Sends a message.
    func send(
        _ body: String,
        bearer: String,
        project: String = "anynode-test",
        options: [String] = ["--http2"]
    ) async throws -> Answer {
        try await self.ask(
            "/v1/projects/\(project)/messages:send",
            ["Authorization: Bearer \(bearer)", "Content-Type: application/json"],
            body: body,
            options: options
        )
    }

    struct NoToken: Error {}

    private static func text(_ path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }

    private static func base64URL(_ text: String) -> String {
        String(text.filter { $0 != "=" }.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
    }
}
