/// Why a registration, with all its calls, goes.
package enum Departure: Sendable, Hashable, CaseIterable {
    /// The client ended it.
    case unregistered
    /// The client did not come back in time.
    case connectionLost
    /// A newer registration took the number.
    case replaced
    /// The access token expired.
    case expired
    /// An operator ended it.
    case administrator
    /// The server stops.
    case shutdown

    /// What the client itself is told about its registration.
    package var reason: Reason {
        switch self {
        case .unregistered: .success
        case .connectionLost: .connectionLost
        case .replaced: .replaced
        case .expired: .expired
        case .administrator: .administrator
        case .shutdown: .shutdown
        }
    }

    /// What its calls end with, on both sides, unless the calls themselves know better.
    package var callReason: Reason? {
        switch self {
        case .unregistered, .replaced: nil
        case .connectionLost, .expired, .administrator, .shutdown: self.reason
        }
    }
}
