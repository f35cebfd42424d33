/// What a party asks of a call, or of the exchange about one (§10.1, §11.1).
package enum CallRequest: Sendable, Hashable {
    /// A new call. No dial string: what was dialled cannot be one. The description is the caller's own (§8.1.13).
    case start(to: DialString?, description: String?)
    /// The phone rings.
    case accept
    /// Somebody picked up.
    case answer
    /// Hang up, decline or give up. Before the answer a callee may say why: `busy` or `rejected`.
    case terminate(Reason?)
    case hold
    case retrieve
    /// Attended transfer: join the far ends of this call and of that one.
    case transfer(to: CallIdentifier)
    /// Blind transfer: send the far end of this call to a number.
    case redirect(to: DialString?)
    case media(SessionDescription)
    /// A message about the call that makes no sense; it is answered with the call's true state.
    case malformed
}

/// What a call tells one of its parties.
package enum CallIndication: Sendable, Hashable {
    /// Somebody calls (§10.4).
    case start
    /// The call's state as this party sees it. A reason says how the call ended, or why a request was refused.
    case status(CallState, Reason?)
    case media(SessionDescription)
    /// Please make a fresh offer, with a new peer connection: the far end is somebody else now (after a transfer).
    case offerRequest
}

/// Everything the exchange tells a client.
package enum Indication: Sendable, Hashable {
    case call(LegLabel, CallIndication)
    /// A request that names no call of this client, or names it in a way that cannot be. Echoed only when fit to be.
    case callRefused(identifier: String?, Reason)
    /// The registration as it stands: the answer to `start`, or unasked after a restore (§9.2, §9.5.1).
    case registered(RegistrationLabel)
    case registerFailed(Reason)
    /// The registration ended, as asked (`success`) or for the reason given (§9.6).
    case registrationEnded(RegistrationIdentifier, Reason)
    /// A `status` or `terminate` of the register operation was refused.
    case registerRefused(RegisterAction, Reason)
    /// The notification data of a `status` with `confirm` was stored.
    case notificationStored(RegistrationIdentifier)
}

/// The actions of the register operation (§9.1).
package enum RegisterAction: String, Sendable, Hashable {
    case start
    case status
    case terminate
}

/// What a client is told about its registration.
package struct RegistrationLabel: Sendable, Hashable {
    package var identifier: RegistrationIdentifier
    package var address: PartyAddress

    package init(identifier: RegistrationIdentifier, address: PartyAddress) {
        self.identifier = identifier
        self.address = address
    }
}
