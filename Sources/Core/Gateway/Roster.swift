package import NIOCore
package import Telephony

/// The connections of one event loop, and what they share: the keep-alive rounds, and a spare array for emptying outboxes.
///
/// Connections are dealt into as many groups as there are ticks in a ping interval; each tick looks at one group. So a
/// connection needs no timer of its own, and pings are spread evenly.
///
/// - Important: confined to its event loop.
package final class Roster: @unchecked Sendable {
    private static let groupCount = 25

    let loop: any EventLoop
    private var groups: [[ObjectIdentifier: ConnectionHandler]]
    private var turn = 0
    private var nextGroup = 0
    private var spare: [OutboxItem] = []
    private var task: RepeatedTask?
    /// What its connections have done.
    var tally = TrafficTally()
    private var pulse: RepeatedTask?
    private var pulseDue = Moment(nanoseconds: 0)
    private var lag = Duration.zero

    /// How often it is looked how late the loop is.
    private static let pulseInterval = Duration.seconds(1)

    package init(loop: any EventLoop) {
        self.loop = loop
        self.groups = Array(repeating: [:], count: Self.groupCount)
    }

    /// Begins the rounds. Call it on the loop.
    package func start(pingInterval: Duration, now: @escaping @Sendable () -> Moment) {
        let tick = TimeAmount.nanoseconds(max(1_000_000, pingInterval.inNanoseconds / Int64(Self.groupCount)))
        self.task = self.loop.scheduleRepeatedTask(initialDelay: tick, delay: tick) { [weak self] _ in
            self?.tick(at: now())
        }
        self.startPulse(now)
    }

    private func startPulse(_ now: @escaping @Sendable () -> Moment) {
        let interval = TimeAmount.nanoseconds(Self.pulseInterval.inNanoseconds)
        self.pulseDue = now() + Self.pulseInterval
        self.pulse = self.loop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { [weak self] _ in
            guard let self else { return }
            let moment = now()
            self.lag = max(self.lag, .nanoseconds(moment.nanoseconds - self.pulseDue.nanoseconds))
            self.pulseDue = moment + Self.pulseInterval
        }
    }

    /// How late the loop was at worst since this was asked for last.
    func takeLag() -> Duration {
        defer { self.lag = .zero }
        return self.lag
    }

    package func stop() {
        self.task?.cancel()
        self.pulse?.cancel()
        (self.task, self.pulse) = (nil, nil)
    }

    private func tick(at now: Moment) {
        self.turn = (self.turn + 1) % Self.groupCount
        for connection in self.groups[self.turn].values {
            connection.keepAliveIntervalPassed(at: now)
        }
    }

    func add(_ connection: ConnectionHandler) {
        self.nextGroup = (self.nextGroup + 1) % Self.groupCount
        connection.rosterGroup = self.nextGroup
        self.groups[self.nextGroup][ObjectIdentifier(connection)] = connection
    }

    func remove(_ connection: ConnectionHandler) {
        self.groups[connection.rosterGroup][ObjectIdentifier(connection)] = nil
    }

    /// Everybody on this loop, with the name the switchboard knows him by.
    var attendance: [(connection: ConnectionHandler, port: PortID)] {
        self.groups.flatMap(\.values).compactMap { connection in
            connection.port.map { (connection, $0) }
        }
    }

    func takeSpare() -> [OutboxItem] {
        defer { self.spare = [] }
        return self.spare
    }

    func giveBack(_ items: inout [OutboxItem]) {
        items.removeAll(keepingCapacity: items.capacity <= 64)
        self.spare = items
        items = []
    }
}
