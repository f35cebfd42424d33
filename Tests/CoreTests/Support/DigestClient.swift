import Core
import PluginAPI
import Telephony
import Testing

/// The client's side of HTTP Digest (RFC 7616), with every part open to tampering.
struct DigestClient {
    var username = "alice"
    var password = "demo"
    var realm = "anynode"
    var algorithm = DigestAlgorithm.sha256
    var nonce: String
    var method = "GET"
    var uri = "/"
    var count = "00000001"
    var clientNonce = "0a4f113b"

    /// The `nonce` of the first challenge of a reply that names the algorithm.
    static func nonce(in reply: HTTPReply, _ algorithm: DigestAlgorithm = .sha256) throws -> String {
        let challenge = try #require(reply.challenges.first { $0.contains("algorithm=\(algorithm.rawValue)") })
        let rest = try #require(challenge.split(separator: "nonce=\"").last)
        return String(rest.prefix { $0 != "\"" })
    }

    var response: String {
        get throws {
            let ha1 = DigestCalculation.ha1(
                self.algorithm,
                username: try #require(Username(self.username)),
                realm: self.realm,
                password: self.password
            )
            return DigestCalculation.response(
                self.algorithm,
                ha1: ha1,
                .init(
                    method: self.method,
                    uri: self.uri,
                    nonce: self.nonce,
                    count: self.count,
                    clientNonce: self.clientNonce
                )
            )
        }
    }

    /// The parameters in order; leave some out or replace them before ``header(_:)``.
    var parameters: [(name: String, value: String)] {
        get throws {
            [
                ("username", "\"\(self.username)\""), ("realm", "\"\(self.realm)\""), ("nonce", "\"\(self.nonce)\""),
                ("uri", "\"\(self.uri)\""), ("algorithm", self.algorithm.rawValue), ("qop", "auth"),
                ("nc", self.count), ("cnonce", "\"\(self.clientNonce)\""), ("response", "\"\(try self.response)\""),
            ]
        }
    }

    static func header(_ parameters: [(name: String, value: String)]) -> String {
        "Authorization: Digest " + parameters.map { "\($0.name)=\($0.value)" }.joined(separator: ", ")
    }

    var header: String { get throws { Self.header(try self.parameters) } }
}
