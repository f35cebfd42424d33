import Core
import PluginAPI
import Telephony

/// An `Authorization: Digest` header, as far as it can be judged without knowing anybody.
enum DigestTarget {
    private static let rules = DigestAuthorization.Rules(realm: "anynode", algorithms: [.sha256, .md5])

    @Sendable static func run(_ bytes: [UInt8]) throws(BrokenProperty) {
        // As a header reaches us: whatever the decoder let pass, repaired to UTF-8.
        let header = String(decoding: bytes, as: UTF8.self)
        guard let digest = DigestAuthorization(header: header, method: "GET", target: "/", rules: Self.rules) else {
            return
        }
        let question = digest.question
        try require(digest.count > 0 && UInt32(question.count, radix: 16) == digest.count, "a count counts")
        try require(question.count.utf8.count == 8, "a count has eight digits")
        try require((1...256).contains(question.clientNonce.utf8.count), "a client's nonce keeps to its limits")
        try require(
            question.uri == "/" && question.method == "GET" && digest.realm == "anynode",
            "it is of this request"
        )
        let texts = [digest.username.text, question.nonce, question.clientNonce]
        try require(
            texts.allSatisfy { $0.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } },
            "no control character comes through"
        )
        guard case .digest(let response) = digest.credential else { throw BrokenProperty("a digest is a digest") }
        try require(response.username == digest.username, "it names one user")
        for nobody in ["", "0", String(repeating: "f", count: 64)] {
            try require(!response.isProved(byHA1: Secret(nobody)), "nobody's HA1 proves nothing")
        }
    }
}
