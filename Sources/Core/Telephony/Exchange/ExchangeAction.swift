package typealias PortID = Handle<ExchangePort>

/// A way by which a client can be told something: a socket, as the exchange knows it.
package struct ExchangePort: Sendable, Hashable {
    /// What was registered on it, or restored to it.
    package internal(set) var registration: RegistrationID? = nil
    /// Whether its closing was asked for: what still comes from it comes too late.
    package internal(set) var isClosing = false
    /// Until when it may be here; a registration takes the lease over.
    package internal(set) var lease: Lease? = nil
    /// Whether nothing has come from it for longer than a ping interval: it may be dead.
    package internal(set) var isSilent = false
    /// How somebody without a registration is shown when he may place calls all the same (§4.2).
    package let guest: PartyAddress?
}

/// What the exchange wants done. To be carried out in this order.
package enum ExchangeAction: Sendable, Hashable {
    case tell(PortID, Indication)
    /// Close the socket, after what it was told before.
    case close(PortID, CloseCause)
    /// Ask the directory whether somebody owns this number, and report with `resolved`.
    case resolve(CallID, DialString)
    /// Send a push, and report with `pushed`. Its token must be noted before.
    case wake(Wakeup)
    /// Tell a client by push that the call it was woken for is over.
    case callOff(Wakeup)
    /// Store a registration as it is now.
    case store(RegistrationID)
    /// Strike a registration from the store.
    case unstore(Int64)
    /// Strike a push from the store: it was answered, or can't be any more.
    case unstoreWakeup(SecretDigest)
}

/// Why a socket is closed. The gateway knows the code for it.
package enum CloseCause: Sendable, Hashable {
    /// A newer socket carries its registration.
    case replaced
    /// An operator ended its registration.
    case administrator
    /// An operator wants its client to come again.
    case disconnected
    /// The access token expired.
    case expired
    /// A guest's last call is over.
    case finished
    /// The server stops.
    case shutdown
}

/// What the directory says of a number.
package enum Resolution: Sendable, Hashable {
    case known
    case unknown
    /// It did not answer.
    case failed
}

/// The rules of the house for registrations and calls.
package struct ExchangePolicy: Sendable, Hashable {
    /// What happens when a number is registered that has a registration already.
    package enum Devices: String, Sendable, Hashable, CaseIterable {
        /// All ring, the first answer wins.
        case fork
        /// The newer takes the number.
        case replace
        /// The newer is refused.
        case reject
    }

    /// How long a registration lives without a socket, and its calls with it.
    package var reconnectGrace: Duration = .seconds(60)
    package var ringTimeout: Duration = .seconds(60)
    /// How long a registration with notification data lives without a socket.
    package var notificationRetention: Duration = .seconds(30 * 86_400)
    /// How long a new call waits for a device that is being woken.
    package var wakeupTimeout: Duration = .seconds(30)
    /// How long the token in a push can be used, at most.
    package var wakeupTokenLife: Duration = .seconds(60)
    /// How long the token of a client that its messaging service does not know any more is remembered.
    package var quarantine: Duration = .seconds(86_400)
    /// How long a new call waits for a device whose socket was just lost: a page that reloads.
    package var reloadWait: Duration = .seconds(5)
    package var devices: Devices = .fork
    package var devicesPerNumber = 5
    package var callsPerRegistration = 64
    package var callStartsPerSecond = 5
    /// How many ended calls are remembered with their stories.
    package var rememberedCalls = 1000

    package init() {}
}
