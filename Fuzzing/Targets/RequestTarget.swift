import Core
import NIOCore
import NIOHTTP1
import PluginAPI
import Telephony

/// An HTTP request as far as its head: NIO's decoder within our limits, then `Handshake.judge`.
enum RequestTarget {
    /// Everybody may come in, in every way: the more is judged.
    private static let rules = Handshake.Rules(
        paths: ["/", "/ws"],
        origins: ["https://a.example"],
        methods: [.basic, .digest, .token],
        digestAlgorithms: [.sha256, .md5],
        acceptsAnonymous: true
    )
    private static let handshake = Handshake(rules: Self.rules)
    /// The decoder's limit for all fields together, and what a request line may have besides.
    private static let headLimit = 64 * 1024

    @Sendable static func run(_ bytes: [UInt8]) throws(BrokenProperty) {
        let outcome = RequestPipeline.decode([bytes])
        // Byte by byte is slow, and no more telling for long requests.
        if bytes.count <= 2048 {
            let slow = RequestPipeline.decode(bytes.map { [$0] })
            try require(slow == outcome, "byte by byte comes out as in one piece")
        }
        for head in outcome.heads {
            let size = head.headers.reduce(head.uri.utf8.count) { $0 + $1.name.utf8.count + $1.value.utf8.count }
            try require(size <= Self.headLimit && head.headers.count <= 100, "a head keeps to its limits")
            try Self.check(Self.handshake.judge(head), of: head)
        }
    }

    private static func check(_ verdict: Handshake.Verdict, of head: HTTPRequestHead) throws(BrokenProperty) {
        switch verdict {
        case .page(let path, let isHead):
            try require(
                path.hasPrefix("/") && !path.utf8.contains(UInt8(ascii: "?")),
                "a page is asked for by its path"
            )
            try require(head.method == (isHead ? .HEAD : .GET), "pages are only read")
        case .refuse(let refusal):
            try refusal.check()
        case .unauthorized:
            break
        case .preflight:
            try require(
                head.method == .OPTIONS && head.uri.contains("ticket"),
                "only for a ticket a browser asks first"
            )
        case .ticket(let proof):
            try require(head.method == .POST && !head.uri.contains("?"), "a ticket is asked for by POST")
            if case .anonymous = proof { throw BrokenProperty("nobody gets a ticket for nothing") }
            try Self.check(proof, of: head)
        case .upgrade(let key, let proof):
            try Self.checkUpgrade(head, key: key)
            try Self.check(proof, of: head)
        }
    }

    /// RFC 6455 §4.2.1, once more and by other means.
    private static func checkUpgrade(_ head: HTTPRequestHead, key: String) throws(BrokenProperty) {
        let path = head.uri.prefix { $0 != "?" }
        try require(Self.rules.paths.contains(String(path)), "only a listener's paths lead to a socket")
        try require(head.method == .GET && head.version == .http1_1, "a handshake is a GET of HTTP/1.1")
        try require(head.headers["host"].count == 1, "a handshake names one host")
        try require(head.headers["sec-websocket-version"] == ["13"], "a handshake asks for version 13")
        try require(head.headers["sec-websocket-key"] == [key], "there is one key, and it is the client's")
        try require(
            key.utf8.count == 24 && key.hasSuffix("==") && key.utf8.dropLast(2).allSatisfy { $0 > 0x2A && $0 < 0x7B },
            "a key is 16 bytes in base64"
        )
        let origins = head.headers["origin"]
        try require(
            origins.isEmpty || origins.map { $0.lowercased() } == Self.rules.origins,
            "a page of another origin gets no socket"
        )
    }

    /// One proof of a kind, or none.
    private static func check(_ proof: Handshake.Proof, of head: HTTPRequestHead) throws(BrokenProperty) {
        let query = head.uri.split(separator: "?", maxSplits: 1).dropFirst().first.map(String.init) ?? ""
        guard let items = try? QueryItem.parse(query) else { throw BrokenProperty("a query that leads in is readable") }
        let shown = items.filter { ["access_token", "identifier", "wakeupToken", "ticket"].contains($0.name) }
        let headers = head.headers["authorization"]
        try require(shown.count <= 1 && headers.count <= 1, "nobody comes in with two proofs")
        switch proof {
        case .anonymous:
            try require(shown.isEmpty && headers.isEmpty, "who shows a proof is judged by it")
        case .registration(let identifier):
            try require(shown.map(\.name) == ["identifier"], "a registration is named in the query")
            try require(shown.first?.value == identifier.secretText, "a registration has one spelling")
        case .wakeup(let token):
            try require(shown.map(\.name) == ["wakeupToken"], "a wakeup is named in the query")
            try require(shown.first?.value == token.secretText, "a wakeup token has one spelling")
        case .ticket(let ticket):
            try require(shown.map(\.name) == ["ticket"], "a ticket is named in the query")
            try require(shown.first?.value == ticket.secretText, "a ticket has one spelling")
        case .token(let token):
            try require(
                shown.first?.value == token || headers.first?.hasSuffix(token) == true,
                "a token comes in the query or in the one header"
            )
        case .digest(let digest):
            try require(shown.isEmpty && headers.count == 1, "a digest comes in the one header")
            try require(digest.question.uri == head.uri && digest.count > 0, "a digest is of this request")
        case .password(.digest):
            throw BrokenProperty("a digest is no password")
        case .password(.password(let username, let password)):
            try require(shown.isEmpty && headers.count == 1, "a password comes in the one header")
            try require(!username.text.isEmpty, "a user has a name")
            try require(
                password.withText { !$0.isEmpty && !$0.utf8.contains(0) },
                "a password is not empty and has no NUL"
            )
        }
    }
}

extension HTTPRefusal {
    /// What any refusal must be, whatever it was that is refused.
    func check() throws(BrokenProperty) {
        try require((400..<500).contains(self.status.code), "a bad request is the client's fault")
        let texts = [self.reason] + self.headers.flatMap { [$0.key, $0.value] }
        try require(
            texts.allSatisfy { $0.utf8.allSatisfy { (0x20...0x7E).contains($0) } },
            "what is answered is printable"
        )
    }
}
