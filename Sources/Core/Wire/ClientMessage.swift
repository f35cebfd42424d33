package import Telephony

/// One message of a client, read and checked as far as the message alone allows (docs/protocol.md, §8.1).
package enum ClientMessage: Sendable, Hashable {
    case register(RegisterRequest)
    case call(CallIdentifier, CallRequest)
    /// A signaling or media message whose identifier breaks §10.2; echoed when it is a string of at most 128 bytes.
    case invalidCallIdentifier(echo: String?)
    /// Nothing this version knows: silently discarded (§8.1.3).
    case discarded
}

/// A message of the register operation (§9.1).
package enum RegisterRequest: Sendable, Hashable {
    case start(Assignment, description: String?)
    case status(identifier: String?, NotificationData?, confirm: Bool)
    case terminate(identifier: String?)
    /// A message that makes no sense: answered `invalidMessage`.
    case malformed(RegisterAction)
}

/// Which number a client wants, by user name, by the number itself, or by both, which must then agree (§8.1.14).
package struct Assignment: Sendable, Hashable {
    package var username: String?
    package var dialString: String?

    package init(username: String? = nil, dialString: String? = nil) {
        self.username = username
        self.dialString = dialString
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.username.map { Array($0.utf8) } == right.username.map { Array($0.utf8) }
            && left.dialString.map { Array($0.utf8) } == right.dialString.map { Array($0.utf8) }
    }
}

/// A message after which the connection cannot go on.
package enum DecodeFailure: Error, Sendable, Hashable {
    /// Not UTF-8, not JSON, or not an object: close code 1007. The text says what was wrong, and where.
    case notAnObject(String)
    /// `version` is missing or is not 1: close code 1002 (§8.1.1).
    case version(String)
}
