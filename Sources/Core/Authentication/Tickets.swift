internal import Synchronization
package import Telephony

/// The purpose of a ``Ticket``.
package enum Entrance {}

/// A log-in made by an HTTP request, to be used by one WebSocket handshake soon after: for clients that can't send
/// credentials with the handshake itself (docs/protocol.md, section 2).
package typealias Ticket = SecretIdentifier<Entrance>

/// The tickets that were given out and not used yet. May be asked on any thread.
package final class Tickets: Sendable {
    fileprivate struct Entry {
        let admission: Admission
        let end: Moment
    }

    fileprivate struct State {
        var entries: [Ticket: Entry] = [:]
        /// In the order in which they end.
        var order: [Ticket] = []
    }

    package let lifetime: Duration
    private let limit: Int
    private let state = Mutex(State())

    /// `limit`: how many may be out at once; the oldest goes first.
    package init(lifetime: Duration, limit: Int = 20000) {
        self.lifetime = lifetime
        self.limit = limit
    }

    /// Gives one out. The generator must be fit for secrets.
    package func issue(
        _ admission: Admission,
        at now: Moment,
        using generator: inout some RandomNumberGenerator
    ) -> Ticket {
        let ticket = Ticket(using: &generator)
        self.state.withLock { state in
            state.forget(until: now, limit: self.limit)
            state.entries[ticket] = Entry(admission: admission, end: now + self.lifetime)
            state.order.append(ticket)
        }
        return ticket
    }

    /// What a ticket entitles to, once.
    package func redeem(_ ticket: Ticket, at now: Moment) -> Admission? {
        self.state.withLock { state in
            guard let entry = state.entries.removeValue(forKey: ticket), now < entry.end else { return nil }
            return entry.admission
        }
    }

    /// How many are out.
    package var count: Int { self.state.withLock { $0.entries.count } }
}

extension Tickets.State {
    fileprivate mutating func forget(until now: Moment, limit: Int) {
        var gone = 0
        for ticket in self.order {
            guard let entry = self.entries[ticket] else {
                gone += 1
                continue
            }
            guard entry.end <= now || self.order.count - gone >= limit else { break }
            self.entries[ticket] = nil
            gone += 1
        }
        self.order.removeFirst(gone)
    }
}
