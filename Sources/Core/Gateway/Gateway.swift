package import Logging
package import NIOCore
internal import Synchronization
package import Telephony

/// What all connections share that were made under the same configuration.
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

    package let settings: Settings
    package let switchboard: Switchboard
    package let desk: RegistrationDesk
    package let encoder: MessageEncoder
    package let decoder = MessageDecoder()
    package let logger: Logger
    package let counters: GatewayCounters
    package let now: @Sendable () -> Moment

    package init(
        settings: Settings,
        switchboard: Switchboard,
        desk: RegistrationDesk,
        encoder: MessageEncoder,
        counters: GatewayCounters = GatewayCounters(),
        logger: Logger,
        now: @escaping @Sendable () -> Moment = { .now }
    ) {
        self.settings = settings
        self.switchboard = switchboard
        self.desk = desk
        self.encoder = encoder
        self.counters = counters
        self.logger = logger
        self.now = now
    }
}
