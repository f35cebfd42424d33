import Core
import NIOCore
import StrictJSON
import Telephony

/// One message of a client (§8.1), read by `MessageDecoder`; what it leads to is written by `MessageEncoder`.
enum EnvelopeTarget {
    /// A message is an object whose members may be nested 60 deep.
    private static let depthLimit = 61

    @Sendable static func run(_ bytes: [UInt8]) throws(BrokenProperty) {
        let tree = Self.tree(of: bytes)
        let message: ClientMessage
        do throws(DecodeFailure) {
            message = try MessageDecoder().decode(ByteBuffer(bytes: bytes))
        } catch {
            return try Self.check(error, tree)
        }
        // Two readers of one text: what the decoder takes, the tree reader takes, but for names that nobody asks for twice.
        switch tree {
        case .success(let value):
            guard case .object(let object) = value else { throw BrokenProperty("a message is an object") }
            try require(object["version"] == .number("1"), "a message has version 1")
            try Self.check(message, written: object)
        case .failure(let error):
            try require(error.problem == .duplicateName, "what is decoded is JSON, found: \(error)")
            try Self.check(message, written: nil)
        }
    }

    private static func tree(of bytes: [UInt8]) -> Result<JSONValue, JSONSyntaxError> {
        do throws(JSONSyntaxError) {
            return .success(try JSONValue(parsing: bytes, depthLimit: Self.depthLimit))
        } catch {
            return .failure(error)
        }
    }

    // MARK: What is refused

    private static func check(
        _ failure: DecodeFailure,
        _ tree: Result<JSONValue, JSONSyntaxError>
    ) throws(BrokenProperty) {
        switch failure {
        case .notAnObject(let reason):
            if case .success(.object) = tree { throw BrokenProperty("an object is not refused as none: \(reason)") }
            try Self.checkCloseReason(reason)
        case .version(let reason):
            if case .success(.object(let object)) = tree {
                try require(object["version"] != .number("1"), "version 1 is not refused")
            }
            try Self.checkCloseReason(reason)
        }
    }

    private static func checkCloseReason(_ reason: String) throws(BrokenProperty) {
        try require(
            reason.utf8.count <= 123 && reason.utf8.allSatisfy { (0x20...0x7E).contains($0) },
            "the reason fits a close frame and is printable"
        )
    }

    // MARK: What is accepted

    private static func check(_ message: ClientMessage, written: JSONObject?) throws(BrokenProperty) {
        switch message {
        case .discarded:
            break
        case .invalidCallIdentifier(let echo):
            try require((echo?.utf8.count ?? 0) <= 128, "only a short identifier is echoed")
            let sent = try Self.encoded(.callRefused(identifier: echo, .invalidIdentifier))
            try require(sent?["identifier"] == echo.map { .string($0) }, "the identifier is echoed as it came")
        case .call(let identifier, let request):
            if let written {
                try require(written["identifier"] == .string(identifier.text), "the call is the one that was named")
            }
            try Self.check(request, about: identifier, written: written)
        case .register(let request):
            try Self.check(request, written: written)
        }
    }

    private static func check(
        _ request: CallRequest,
        about identifier: CallIdentifier,
        written: JSONObject?
    ) throws(BrokenProperty) {
        switch request {
        case .media(let description):
            // Members that nobody here looks at are relayed as they are, with any name twice that the sender gave them.
            guard let sent = try Self.encoded(.call(Self.label(identifier), .media(description)), mayRepeat: true)
            else { return try require(written == nil, "no name is written twice that was not") }
            try require(sent["action"] == .string(description.kind.rawValue), "an offer stays one, an answer too")
            for name in ["sdp", "ice"] {
                let member = written?[name] == .null ? nil : written?[name]
                try require(written == nil || sent[name] == member, "\(name) is relayed as it came")
            }
            try require(description.hasSDP == (sent["sdp"] != nil), "a description is noticed")
        case .start(let number, let description):
            try Self.checkPresentable(description)
            let sent = try Self.encoded(.call(Self.label(identifier, description), .start))
            try require(sent?["localSideDescription"] == description.map { .string($0) }, "a description is relayed")
            try Self.check(number)
        case .redirect(let number):
            try Self.check(number)
        case .terminate(let reason):
            let sent = try Self.encoded(.call(Self.label(identifier), .status(.terminated, reason)))
            try require(sent?["reason"] == reason.map { .string($0.rawValue) }, "a reason is relayed")
        case .transfer(let other):
            try require(
                written.map { $0["transferIdentifier"] == .string(other.text) } ?? true,
                "the other call is named"
            )
        case .accept, .answer, .hold, .retrieve, .malformed:
            _ = try Self.encoded(.call(Self.label(identifier), .status(.active, .invalidMessage)))
        }
    }

    private static func check(_ request: RegisterRequest, written: JSONObject?) throws(BrokenProperty) {
        switch request {
        case .start(let assignment, let description):
            try Self.checkPresentable(description)
            try require(assignment.username != nil || assignment.dialString != nil, "an assignment asks for something")
            _ = try Self.encoded(.registerFailed(.notFound))
        case .status(_, let notification, _):
            guard let notification else { return }
            try require(notification.token.count <= 4096, "a notification token keeps to its limit")
            try require((notification.url?.utf8.count ?? 0) <= 2048, "a notification URL keeps to its limit")
            try require(
                notification.url?.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F } ?? true,
                "a notification URL has no control characters"
            )
            switch Self.tree(of: notification.token) {
            case .success(let token):
                try require(
                    written.map { $0["notificationToken"] == token } ?? true,
                    "a notification token is kept as it came"
                )
            case .failure(let error):
                // Whose it is has to read it; here it is passed over like a description of media.
                try require(error.problem == .duplicateName, "a notification token is JSON, found: \(error)")
            }
        case .terminate:
            _ = try Self.encoded(.registerRefused(.terminate, .unknownIdentifier))
        case .malformed(let action):
            _ = try Self.encoded(.registerRefused(action, .invalidMessage))
        }
    }

    private static func check(_ number: DialString?) throws(BrokenProperty) {
        guard let number else { return }
        try require(DialString(number.text) == number, "a dial string is in its canonical form")
    }

    private static func checkPresentable(_ description: String?) throws(BrokenProperty) {
        guard let description else { return }
        try require((1...256).contains(description.utf8.count), "a description has 1 to 256 bytes")
        try require(
            description.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) },
            "a description has no control characters"
        )
    }

    // MARK: Writing

    private static func label(_ identifier: CallIdentifier, _ description: String? = nil) -> LegLabel {
        LegLabel(identifier: identifier, local: Self.address, remote: Self.address, remoteDescription: description)
    }

    private static let address = PartyAddress(dialString: .anonymous, displayName: "Ada \"L\"")

    private static let encoder = MessageEncoder(
        serverDescription: "fuzz",
        iceServers: nil,
        notificationConfiguration: nil
    )

    /// What a client would read.
    private static func encoded(
        _ indication: Indication,
        mayRepeat: Bool = false
    ) throws(BrokenProperty) -> JSONObject? {
        var buffer = ByteBuffer()
        Self.encoder.encode(indication, into: &buffer)
        // A relayed member stands as deep as it did.
        switch Self.tree(of: Array(buffer.readableBytesView)) {
        case .success(.object(let object)):
            try require(object["version"] == .number("1"), "what is written has version 1")
            return object
        case .success:
            throw BrokenProperty("what is written is an object")
        case .failure(let error):
            try require(mayRepeat && error.problem == .duplicateName, "what is written is JSON, found: \(error)")
            return nil
        }
    }
}
