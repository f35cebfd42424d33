internal import Logging
internal import PluginAPI
internal import StrictJSON
internal import Telephony

/// Everything that follows from one configuration and is never changed: another configuration makes another setup, and
/// connections keep the one they began with.
final class ServerSetup: Sendable {
    /// What outlives all configurations.
    struct Services: Sendable {
        let switchboard: Switchboard
        let directory: any DirectoryService
        let authentication: any AuthenticationService
        let serverDescription: String
        let logger: Logger
        let gatewayCounters = GatewayCounters()
        let loginCounters = LoginCounters()
    }

    let configuration: ServerConfiguration
    let tokens: TokenVerifier?
    let gateway: Gateway
    let desk: LoginDesk
    let rate: HandshakeRate

    /// - Parameter predecessor: The setup whose memory of tickets, failures and rates goes on where the rules are the same.
    init(
        _ configuration: ServerConfiguration,
        tokens: TokenVerifier?,
        notificationConfiguration: JSONValue?,
        _ services: Services,
        after predecessor: ServerSetup? = nil
    ) {
        self.configuration = configuration
        self.tokens = tokens
        self.gateway = Gateway(
            settings: Gateway.Settings(configuration),
            switchboard: services.switchboard,
            desk: RegistrationDesk(directory: services.directory, modes: configuration.assignment.modes),
            encoder: MessageEncoder(
                serverDescription: services.serverDescription,
                iceServers: configuration.iceServers,
                notificationConfiguration: notificationConfiguration
            ),
            counters: services.gatewayCounters,
            logger: services.logger
        )
        let (old, before) = (predecessor?.configuration, predecessor?.desk)
        let throttle = LoginThrottle.Limits(configuration)
        var nonces: DigestNonces?
        if old?.authentication.digest.nonceLifetime == configuration.authentication.digest.nonceLifetime {
            nonces = before?.nonces
        }
        self.desk = LoginDesk(
            authentication: services.authentication,
            tokens: tokens,
            switchboard: services.switchboard,
            nonces: nonces ?? .fresh(lifetime: configuration.authentication.digest.nonceLifetime),
            tickets: before.flatMap {
                $0.tickets.lifetime == configuration.authentication.ticketLifetime ? $0.tickets : nil
            }
                ?? Tickets(lifetime: configuration.authentication.ticketLifetime),
            throttle: before.flatMap { old.map(LoginThrottle.Limits.init) == throttle ? $0.throttle : nil }
                ?? LoginThrottle(limits: throttle),
            counters: services.loginCounters,
            logger: services.logger,
            now: self.gateway.now
        )
        let (perSecond, burst) = (configuration.limits.handshakesPerSecond, configuration.limits.handshakeBurst)
        if let predecessor, old?.limits.handshakesPerSecond == perSecond, old?.limits.handshakeBurst == burst {
            self.rate = predecessor.rate
        } else {
            self.rate = HandshakeRate(perSecond: perSecond, burst: burst)
        }
    }
}

extension DigestNonces {
    fileprivate static func fresh(lifetime: Duration) -> DigestNonces {
        var generator = SystemRandomNumberGenerator()
        return DigestNonces(
            key: (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) },
            lifetime: lifetime
        )
    }
}
