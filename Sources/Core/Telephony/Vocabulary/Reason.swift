/// Why something completed as it did, as the client is told (§8.1.5; the table in docs/protocol.md).
package enum Reason: String, Sendable, Hashable, CaseIterable {
    /// A register action succeeded.
    case success
    /// Ended by a party after it was answered.
    case normal
    /// The caller ended it before it was answered.
    case cancelled
    /// The callee declined it.
    case rejected
    /// The callee is busy.
    case busy
    /// Nobody answered within the ring time-out.
    case noAnswer
    /// No such number or user.
    case notFound
    /// Known, but not reachable now.
    case unavailable
    /// Another device of the same number answered.
    case answeredElsewhere
    /// This side transferred the call.
    case transferred
    /// A party did not come back within the reconnect grace.
    case connectionLost
    /// The access token expired (§4.2.2).
    case expired
    /// A newer registration took the number.
    case replaced
    /// Ended through the admin API.
    case administrator
    /// The server drains.
    case shutdown
    /// Not this user's number or right.
    case forbidden
    /// Needs a registration first.
    case notRegistered
    /// This socket holds another registration.
    case alreadyRegistered
    /// The directory did not answer in time.
    case directoryUnavailable
    /// The call identifier breaks the rules of §10.2.
    case invalidIdentifier
    /// No call of this client has that identifier.
    case unknownIdentifier
    /// A live call of this client has that identifier already.
    case duplicateIdentifier
    /// The call's state does not allow the request.
    case invalidState
    /// A member is missing, has the wrong type or breaks its rules.
    case invalidMessage
    /// A limit was reached.
    case overload
    /// Anything else.
    case `internal`
}
