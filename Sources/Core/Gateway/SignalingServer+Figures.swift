internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// What is counted, for those who show it.
extension SignalingServer {
    /// Everything that is counted at sockets and doors.
    package struct Figures: Sendable {
        package var connections = 0
        package var accepted = 0
        package var discarded = 0
        package var traffic = TrafficTally()
        /// By HTTP status; 101 for those that were let in.
        package var handshakes: [Int: Int] = [:]
        /// How late each event loop was at worst since this was asked for last.
        package var loopLags: [Duration] = []
    }

    package func figures() async -> Figures {
        let counters = self.services.gatewayCounters
        var figures = Figures()
        figures.connections = self.ledger.total
        figures.accepted = counters.accepted.load(ordering: .relaxed)
        figures.discarded = counters.discarded.load(ordering: .relaxed)
        figures.handshakes = counters.handshakes
        // In the order of the loops, so that each keeps its number.
        for loop in self.group.makeIterator() {
            guard let roster = self.rosters[ObjectIdentifier(loop)],
                let (traffic, lag) = try? await loop.submit({ (roster.tally, roster.takeLag()) }).get()
            else { continue }
            figures.traffic.add(traffic)
            figures.loopLags.append(lag)
        }
        return figures
    }
}
