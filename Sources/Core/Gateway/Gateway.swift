package import Logging
package import NIOCore
package import Synchronization
package import Telephony

/// What all connections share.
package final class Gateway: Sendable {
    /// The limits of one connection.
    package struct Settings: Sendable, Hashable {
        package var messageLimit = 256 * 1024
        package var messagesPerSecond = 100
        package var messageBurst = 200
        package var outbox = Outbox.Limits(bytes: 1024 * 1024, messages: 1000)
        package var pingInterval: Duration = .seconds(25)
        package var registrationTimeout: Duration = .seconds(60)
        /// From accepting a socket to the end of its handshake, all in all.
        package var handshakeTimeout: TimeAmount = .seconds(10)
        /// How long a closing handshake may take.
        package var closeWait: TimeAmount = .seconds(5)

        package init() {}
    }

    /// What is counted, for metrics.
    package struct Counters: ~Copyable, Sendable {
        /// Messages silently discarded (§8.1.3).
        package let discarded = Atomic<Int>(0)
        /// Sockets accepted.
        package let accepted = Atomic<Int>(0)
        /// Handshakes that were not let in.
        package let refused = Atomic<Int>(0)
    }

    package let settings: Settings
    package let switchboard: Switchboard
    package let desk: RegistrationDesk
    package let encoder: MessageEncoder
    package let decoder = MessageDecoder()
    package let logger: Logger
    package let counters = Counters()
    package let now: @Sendable () -> Moment

    package init(
        settings: Settings,
        switchboard: Switchboard,
        desk: RegistrationDesk,
        encoder: MessageEncoder,
        logger: Logger,
        now: @escaping @Sendable () -> Moment = { .now }
    ) {
        self.settings = settings
        self.switchboard = switchboard
        self.desk = desk
        self.encoder = encoder
        self.logger = logger
        self.now = now
    }
}
