internal import PluginAPI
package import Telephony

/// What happens when a second device registers for a number.
package typealias DevicePolicy = ExchangePolicy.Devices

/// How registrations and calls are treated.
package struct SignalingConfiguration: Sendable, Equatable {
    /// How long a registration outlives its socket, with its calls (§9.5.1).
    package var reconnectGrace = Duration.seconds(60)
    /// How long a call may ring.
    package var ringTimeout = Duration.seconds(60)
    /// How long a call waits for a client that was woken by a push (§9.5.2).
    package var wakeupTimeout = Duration.seconds(30)
    /// How long a registration with a notification token lives without a socket.
    package var notificationRetention = Duration.seconds(30 * 86400)
    /// How long a new call waits for a device that has just lost its socket: a page being reloaded takes that long.
    package var reloadWait = Duration.seconds(5)
    package var devices = DevicePolicy.fork
    /// The longest message from a client, in bytes.
    package var messageLimit = 256 << 10
    /// How often a client is pinged; two pings without an answer end the connection.
    package var pingInterval = Duration.seconds(25)
    /// How long a connection may stay without a registration.
    package var registrationTimeout = Duration.seconds(60)

    package init() {}

    init(from reader: SettingsReader) {
        let standard = SignalingConfiguration()
        let day = Duration.seconds(86400)
        self.reconnectGrace = reader.duration(
            "reconnectGrace",
            default: standard.reconnectGrace,
            in: .zero...day,
            summary: "How long a registration and its calls outlive a lost socket."
        )
        self.ringTimeout = reader.duration(
            "ringTimeout",
            default: standard.ringTimeout,
            in: .seconds(1)...day,
            summary: "How long a call may ring before it ends as unanswered."
        )
        self.wakeupTimeout = reader.duration(
            "wakeupTimeout",
            default: standard.wakeupTimeout,
            in: .seconds(1) ... .seconds(3600),
            summary: "How long a call waits for a client that was woken by a push."
        )
        self.notificationRetention = reader.duration(
            "notificationRetention",
            default: standard.notificationRetention,
            in: .seconds(60)...(day * 3650),
            summary: "How long a registration that can be woken by a push lives without a socket."
        )
        self.reloadWait = reader.duration(
            "reloadWait",
            default: standard.reloadWait,
            in: .zero ... .seconds(60),
            summary: "How long a new call waits for a device whose socket was just lost."
        )
        self.devices = reader.choice(
            "devices",
            default: standard.devices,
            summary: """
                What a second device of one number does: `fork` rings all of them, `replace` takes the place of the \
                others, `reject` is refused.
                """
        )
        self.messageLimit = reader.size(
            "messageLimit",
            default: standard.messageLimit,
            in: (4 << 10)...(16 << 20),
            summary: "The longest message from a client; a longer one closes the connection with 1009."
        )
        self.pingInterval = reader.duration(
            "pingInterval",
            default: standard.pingInterval,
            in: .seconds(1) ... .seconds(3600),
            summary: "How often a client is pinged; two pings without an answer close the connection with 4004."
        )
        self.registrationTimeout = reader.duration(
            "registrationTimeout",
            default: standard.registrationTimeout,
            in: .seconds(1)...day,
            summary: "How long a connection may stay without a registration; then it is closed with 1008."
        )
    }
}
