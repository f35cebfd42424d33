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
        self.rememberedCalls = configuration.limits.rememberedCalls
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

extension ConnectionLedger.Limits {
    init(_ configuration: ServerConfiguration) {
        self.init(
            connections: configuration.limits.connections,
            connectionsPerAddress: configuration.limits.connectionsPerAddress
        )
    }
}

extension LoginThrottle.Limits {
    init(_ configuration: ServerConfiguration) {
        self.init(
            logins: configuration.limits.loginFailuresPerMinute,
            secrets: configuration.limits.secretFailuresPerMinute
        )
    }
}
