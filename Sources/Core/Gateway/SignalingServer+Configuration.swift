import NIOCore
package import Telephony

extension ExchangePolicy {
    package init(_ configuration: ServerConfiguration) {
        self.init()
        self.reconnectGrace = configuration.signaling.reconnectGrace
        self.ringTimeout = configuration.signaling.ringTimeout
        self.notificationRetention = configuration.signaling.notificationRetention
        self.wakeupTimeout = configuration.signaling.wakeupTimeout
        self.reloadWait = configuration.signaling.reloadWait
        self.devices = configuration.signaling.devices
        self.devicesPerNumber = configuration.limits.devicesPerNumber
        self.callsPerRegistration = configuration.limits.callsPerRegistration
        self.callStartsPerSecond = configuration.limits.callStartsPerSecond
    }
}

extension Gateway.Settings {
    package init(_ configuration: ServerConfiguration) {
        self.init()
        self.messageLimit = configuration.signaling.messageLimit
        self.pingInterval = configuration.signaling.pingInterval
        self.registrationTimeout = configuration.signaling.registrationTimeout
        self.messagesPerSecond = configuration.limits.messagesPerSecond
        self.messageBurst = configuration.limits.messageBurst
        self.outbox = Outbox.Limits(
            bytes: configuration.limits.outboundBytes,
            messages: configuration.limits.outboundMessages
        )
        self.handshakeTimeout = .nanoseconds(configuration.limits.handshakeTimeout.inNanoseconds)
    }
}

extension LoginDesk {
    convenience init(
        _ configuration: ServerConfiguration,
        authentication: any AuthenticationService,
        tokens: TokenVerifier?,
        gateway: Gateway
    ) {
        var generator = SystemRandomNumberGenerator()
        self.init(
            authentication: authentication,
            tokens: tokens,
            switchboard: gateway.switchboard,
            nonces: DigestNonces(
                key: (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) },
                lifetime: configuration.authentication.digest.nonceLifetime
            ),
            tickets: Tickets(lifetime: configuration.authentication.ticketLifetime),
            throttle: LoginThrottle(
                limits: LoginThrottle.Limits(
                    logins: configuration.limits.loginFailuresPerMinute,
                    secrets: configuration.limits.secretFailuresPerMinute
                )
            ),
            logger: gateway.logger,
            now: gateway.now
        )
    }
}
