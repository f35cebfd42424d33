import Core
import Logging
import NIOCore
import PluginAPI
import StrictJSON
import Telephony

/// Requests on one connection, one after the other, at a `HandshakeHandler` that lets nobody in.
///
/// Nobody, since who gets in may wait for a directory on other threads, and then no run is like the next.
enum FrontDoorTarget {
    @Sendable static func run(_ bytes: [UInt8]) throws(BrokenProperty) {
        let whole = RequestPipeline.answers(to: [bytes], at: Self.door)
        try Self.check(whole.bytes)
        if bytes.count <= 2048 {
            let slow = RequestPipeline.answers(to: bytes.map { [$0] }, at: Self.door)
            try require(slow.bytes == whole.bytes, "byte by byte is answered as in one piece")
            try require(slow.isClosed == whole.isClosed, "byte by byte closes as in one piece")
        }
    }

    /// Reads the answers as a client would: there is nothing in them but answers that we know.
    private static func check(_ bytes: [UInt8]) throws(BrokenProperty) {
        var rest = bytes[...]
        while !rest.isEmpty {
            guard rest.starts(with: Self.start), let end = Self.endOfHead(in: rest) else {
                throw BrokenProperty("an answer begins with a whole head")
            }
            let lines = rest[..<end].split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
            let status = lines.first.flatMap { Int($0.dropFirst(Self.start.count).prefix(3)) } ?? 0
            try require(Self.statuses.contains(status), "a status is one of those that are documented, found \(status)")
            try require(
                lines.allSatisfy { $0.utf8.dropLast().allSatisfy { (0x20...0x7E).contains($0) } },
                "a head has printable lines"
            )
            let lengths = lines.compactMap { line in
                line.lowercased().hasPrefix("content-length: ") ? Int(line.dropFirst(16).dropLast()) : nil
            }
            guard lengths.count == (status == 204 ? 0 : 1) else { throw BrokenProperty("an answer has one length") }
            let length = lengths.first ?? 0
            rest = rest[end...]
            // The answer to a HEAD has no body, and no body begins like an answer.
            guard !rest.isEmpty, !rest.starts(with: Self.start) else { continue }
            try require(rest.count >= length, "a body is as long as was said")
            rest = rest.dropFirst(length)
        }
    }

    private static let start = Array("HTTP/1.1 ".utf8)
    private static let statuses: Set<Int> = [200, 204, 400, 401, 403, 404, 405, 426, 431]

    /// Where the empty line ends.
    private static func endOfHead(in bytes: ArraySlice<UInt8>) -> Int? {
        bytes.indices.first { bytes[$0...].starts(with: [0x0D, 0x0A, 0x0D, 0x0A]) }.map { $0 + 4 }
    }

    private static let door: FrontDoor = {
        let nobody = Nobody()
        let logger = Logger(label: "fuzz") { _ in SwiftLogNoOpLogHandler() }
        let gateway = Gateway(
            settings: Gateway.Settings(),
            switchboard: Switchboard(policy: ExchangePolicy(), directory: nobody, logger: logger, seed: 1),
            desk: RegistrationDesk(directory: nobody, modes: [.username]),
            encoder: MessageEncoder(serverDescription: "fuzz", iceServers: nil, notificationConfiguration: nil),
            logger: logger
        )
        return FrontDoor(
            gateway: gateway,
            desk: LoginDesk(
                authentication: nobody,
                tokens: nil,
                switchboard: gateway.switchboard,
                nonces: DigestNonces(key: Array(repeating: 0, count: 32), lifetime: .seconds(1)),
                tickets: Tickets(lifetime: .seconds(1)),
                // Nobody is shut out: the next run must not depend on this one.
                throttle: LoginThrottle(limits: .init(logins: .max / 1_000_000, secrets: .max / 1_000_000)),
                logger: logger,
                now: { Moment(nanoseconds: 0) }
            ),
            rate: HandshakeRate(perSecond: 1_000_000_000, burst: .max),
            rules: Handshake.Rules(paths: ["/", "/ws"], origins: [], methods: [.token]),
            pages: WebPages(),
            draining: DrainFlag()
        )
    }()
}

/// A directory without people, which lets nobody in.
private struct Nobody: DirectoryService, AuthenticationService {
    func entry(forUsername username: Username) async -> DirectoryEntry? { nil }
    func entry(forDialString dialString: DialString) async -> DirectoryEntry? { nil }
    func authenticate(_ credential: Credential) async -> AuthenticationDecision { .refused }
}
