internal import PluginAPI

/// What one client, one address and all of them together may use.
package struct LimitsConfiguration: Sendable, Equatable {
    package var connections = 10000
    /// An IPv6 address counts as its /64.
    package var connectionsPerAddress = 200
    package var messagesPerSecond = 100
    package var messageBurst = 200
    /// Bytes that may wait for a client that does not read.
    package var outboundBytes = 1 << 20
    /// Messages that may wait for a client that does not read.
    package var outboundMessages = 1000
    package var callsPerRegistration = 64
    package var callStartsPerSecond = 5
    package var devicesPerNumber = 5
    /// From the first byte of a connection to the end of its upgrade.
    package var handshakeTimeout = Duration.seconds(10)
    /// From one address, in the long run.
    package var handshakesPerSecond = 20
    /// From one address, at once.
    package var handshakeBurst = 200
    /// From one address, and for one user.
    package var loginFailuresPerMinute = 10
    /// Unknown identifiers, tickets and wakeup tokens, from one address.
    package var secretFailuresPerMinute = 100
    /// Ended calls that are remembered with their stories.
    package var rememberedCalls = 1000

    package init() {}

    init(from reader: SettingsReader) {
        let standard = LimitsConfiguration()
        self.connections = reader.integer(
            "connections",
            default: standard.connections,
            in: 1...1_000_000,
            summary: "Connections at once; more are answered with 503."
        )
        self.connectionsPerAddress = reader.integer(
            "connectionsPerAddress",
            default: standard.connectionsPerAddress,
            in: 1...1_000_000,
            summary: "Connections at once from one address (of IPv6: one /64); more are answered with 429."
        )
        self.messagesPerSecond = reader.integer(
            "messagesPerSecond",
            default: standard.messagesPerSecond,
            in: 1...100_000,
            summary: "Messages a second from one client, in the long run."
        )
        self.messageBurst = reader.integer(
            "messageBurst",
            default: standard.messageBurst,
            in: 1...100_000,
            summary: "Messages from one client at once."
        )
        self.outboundBytes = reader.size(
            "outboundBytes",
            default: standard.outboundBytes,
            in: (64 << 10)...(1 << 30),
            summary: "What may wait for a client that does not read; then it is closed with 1008."
        )
        self.outboundMessages = reader.integer(
            "outboundMessages",
            default: standard.outboundMessages,
            in: 10...1_000_000,
            summary: "How many messages may wait for a client that does not read; then it is closed with 1008."
        )
        self.callsPerRegistration = reader.integer(
            "callsPerRegistration",
            default: standard.callsPerRegistration,
            in: 1...10000,
            summary: "Calls of one registration at once."
        )
        self.callStartsPerSecond = reader.integer(
            "callStartsPerSecond",
            default: standard.callStartsPerSecond,
            in: 1...10000,
            summary: "Calls that one registration may start a second."
        )
        self.devicesPerNumber = reader.integer(
            "devicesPerNumber",
            default: standard.devicesPerNumber,
            in: 1...1000,
            summary: "Registrations of one number at once."
        )
        self.handshakeTimeout = reader.duration(
            "handshakeTimeout",
            default: standard.handshakeTimeout,
            in: .seconds(1) ... .seconds(300),
            summary: "From the first byte of a connection to the end of its WebSocket upgrade."
        )
        self.handshakesPerSecond = reader.integer(
            "handshakesPerSecond",
            default: standard.handshakesPerSecond,
            in: 1...100_000,
            summary:
                "WebSocket handshakes and ticket requests a second from one address, in the long run; more are answered with 429."
        )
        self.handshakeBurst = reader.integer(
            "handshakeBurst",
            default: standard.handshakeBurst,
            in: 1...1_000_000,
            summary: "WebSocket handshakes and ticket requests from one address at once."
        )
        self.loginFailuresPerMinute = reader.integer(
            "loginFailuresPerMinute",
            default: standard.loginFailuresPerMinute,
            in: 3...10000,
            summary: """
                Wrong passwords and tokens a minute, from one address and for one user; then passwords, right or wrong, and \
                wrong tokens are answered with 429 for a minute, and twice as long each further time.
                """
        )
        self.secretFailuresPerMinute = reader.integer(
            "secretFailuresPerMinute",
            default: standard.secretFailuresPerMinute,
            in: 10...100_000,
            summary:
                "Unknown registration identifiers, tickets and wakeup tokens a minute from one address; the same then."
        )
        self.rememberedCalls = reader.integer(
            "rememberedCalls",
            default: standard.rememberedCalls,
            in: 0...100_000,
            summary: """
                Ended calls that are remembered for `calls.history` and `calls.trace`, about 1.5 KiB each; with 0 no call's \
                story is written down.
                """
        )
    }
}
