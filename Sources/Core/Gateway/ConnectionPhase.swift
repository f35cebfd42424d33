/// Where a connection stands between its first message and its end.
///
///        open ⇄ registering            closing ──▶ closed
///          └────────┴─────────────────────▲
package enum ConnectionPhase: Sendable {
    case open
    /// The directory is being asked; what the client sends meanwhile waits, so that order is kept.
    case registering(waiting: [ClientMessage])
    /// A close frame was sent; nothing the client sends matters any more but its own close frame.
    case closing
    case closed

    /// More than this many messages sent before the answer to a registration is a client that doesn't wait for anything.
    package static let waitingLimit = 64

    package enum Arrival: Sendable, Hashable {
        case handle(ClientMessage)
        case wait
        case tooMany
        case ignore
    }

    /// A message arrived.
    package mutating func arrived(_ message: ClientMessage) -> Arrival {
        switch self {
        case .open:
            return .handle(message)
        case .registering(var waiting):
            guard waiting.count < Self.waitingLimit else { return .tooMany }
            waiting.append(message)
            self = .registering(waiting: waiting)
            return .wait
        case .closing, .closed:
            return .ignore
        }
    }

    /// The directory was asked for a registration.
    package mutating func beginRegistration() {
        if case .open = self {
            self = .registering(waiting: [])
        }
    }

    /// The directory has answered: the messages that waited. `nil` when the connection is closing meanwhile.
    package mutating func endRegistration() -> [ClientMessage]? {
        guard case .registering(let waiting) = self else { return nil }
        self = .open
        return waiting
    }

    /// `true` the first time.
    package mutating func beginClose() -> Bool {
        switch self {
        case .open, .registering:
            self = .closing
            return true
        case .closing, .closed:
            return false
        }
    }

    package mutating func closed() {
        self = .closed
    }
}
