import Logging
import NIOCore
import Telephony

/// How a server empties itself: spread over time, so that its clients do not all knock on the next door at once.
struct Drain {
    private let spread: Duration
    private let deadline: Duration
    private let calls: CallsAtDrain
    private let gateway: Gateway
    private let rosters: [Roster]
    private let clock = ContinuousClock()

    init(configuration: DrainConfiguration, gateway: Gateway, rosters: [Roster]) {
        self.spread = configuration.spread
        self.deadline = configuration.deadline
        self.calls = configuration.calls
        self.gateway = gateway
        self.rosters = rosters
    }

    func run() async {
        guard self.calls == .end || !self.gateway.switchboard.canKeepSnapshot else {
            return await self.runKeepingCalls()
        }
        let start = self.clock.now
        let end = start + self.deadline
        // Who has no call goes first, evenly over the spread.
        let idle = await self.attendees().filter { !self.isInCall($0) }.shuffled()
        for (index, attendee) in idle.enumerated() {
            guard !Task.isCancelled else { return }
            let due = min(start + self.spread * index / max(1, idle.count), end)
            if due > self.clock.now {
                try? await self.clock.sleep(until: due, tolerance: nil)
            }
            if !self.isInCall(attendee) {
                self.sendAway(attendee)
            }
        }
        // Who has a call goes when it is over, or when time is.
        var remaining = await self.attendees()
        while !remaining.isEmpty, self.clock.now < end, !Task.isCancelled {
            remaining.filter { !self.isInCall($0) }.forEach(self.sendAway)
            try? await self.clock.sleep(for: .milliseconds(50))
            remaining = await self.attendees()
        }
        guard !remaining.isEmpty, !Task.isCancelled else { return }
        self.gateway.switchboard.endAllCalls()
        await self.sendAway(remaining)
    }

    /// Calls go on without us, as media does: everybody leaves at once, and only then is written down how things stand, so
    /// that nothing changes any more. When to come back is what is spread.
    private func runKeepingCalls() async {
        await self.sendAway(await self.attendees())
        let isKept = await self.gateway.switchboard.keepSnapshot()
        // Another drain has taken the place of this one, and does it.
        guard !Task.isCancelled else { return }
        if !isKept {
            self.gateway.logger.error("calls could not be written down: they are lost")
        }
    }

    private func sendAway(_ attendees: [Attendee]) async {
        attendees.forEach(self.sendAway)
        let patience = self.clock.now + .seconds(2)
        while !(await self.attendees()).isEmpty, self.clock.now < patience, !Task.isCancelled {
            try? await self.clock.sleep(for: .milliseconds(20))
        }
    }

    /// A connection, and the name the switchboard knows it by: asked on its loop, for nobody else may ask it.
    private typealias Attendee = (connection: ConnectionHandler, port: PortID)

    private func isInCall(_ attendee: Attendee) -> Bool {
        self.gateway.switchboard.isInCall(attendee.port)
    }

    /// 1001, and when to come back: not the same time for all.
    private func sendAway(_ attendee: Attendee) {
        let spread = max(1000, self.spread.inNanoseconds / 1_000_000)
        let milliseconds = Int64.random(in: 500...500 + spread)
        let connection = attendee.connection
        connection.loop.execute {
            connection.close(.goingAway, "retry-after-ms=\(milliseconds)")
        }
    }

    private func attendees() async -> [Attendee] {
        var attendees: [Attendee] = []
        for roster in self.rosters {
            let some = try? await roster.loop.submit { roster.attendance }.get()
            attendees.append(contentsOf: some ?? [])
        }
        return attendees
    }
}
