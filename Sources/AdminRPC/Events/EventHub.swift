package import Core
package import StrictJSON
import Synchronization
import Telephony

/// Tells subscribers what happens. Costs the server nothing while nobody follows. On any thread.
///
/// The switchboard only notes; words are made of it here, some fifty times a second at most, and once for all subscribers.
package final class EventHub: Sendable {
    private struct Subscriber {
        let queue: EventQueue
        let topics: Topics
    }

    private struct State {
        var subscribers: [String: Subscriber] = [:]
        var count = 0
        var lost = 0
    }

    private let switchboard: Switchboard
    private let state = Mutex(State())
    private let isDue = Atomic<Bool>(false)
    /// Held while news are told, so that they are told in order.
    private let telling = Mutex(())
    /// Runs something a moment later.
    private let later: @Sendable (@escaping @Sendable () -> Void) -> Void

    package init(
        switchboard: Switchboard,
        later: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void
    ) {
        self.switchboard = switchboard
        self.later = later
        let views = Views(switchboard: switchboard)
        switchboard.pushHistory.follow { [weak self] record in
            guard let self, self.hasSubscribers else { return }
            let event = record.outcome == .accepted ? "notification.sent" : "notification.failed"
            self.publish(event, views.json(record))
        }
    }

    // MARK: Subscribers

    func subscribe(_ queue: EventQueue, to topics: Topics) -> String {
        let (name, isFirst) = self.state.withLock { state in
            state.count += 1
            state.subscribers[String(state.count)] = Subscriber(queue: queue, topics: topics)
            return (String(state.count), state.subscribers.count == 1)
        }
        if isFirst { self.switchboard.follow { [weak self] in self?.newsArrived() } }
        return name
    }

    func unsubscribe(_ subscription: String) {
        let isLast = self.state.withLock { state in
            state.subscribers.removeValue(forKey: subscription) != nil && state.subscribers.isEmpty
        }
        guard isLast else { return }
        self.switchboard.follow(nil)
        // Somebody may have come meanwhile.
        if self.hasSubscribers { self.switchboard.follow { [weak self] in self?.newsArrived() } }
    }

    package var hasSubscribers: Bool { self.state.withLock { !$0.subscribers.isEmpty } }

    /// Events that subscribers lost since they read too slowly.
    package var lostCount: Int { self.state.withLock(\.lost) }

    // MARK: Telling

    private func newsArrived() {
        guard !self.isDue.exchange(true, ordering: .acquiringAndReleasing) else { return }
        self.later { [weak self] in self?.tellNews() }
    }

    /// Takes what the switchboard has noted, and tells it.
    package func tellNews() {
        self.telling.withLock { _ in
            self.isDue.store(false, ordering: .releasing)
            let (occurrences, lost) = self.switchboard.takeOccurrences()
            let subscribers = self.state.withLock(\.subscribers)
            var takers: [String: [String]] = [:]
            var messages: [String: [[UInt8]]] = [:]
            var (text, stamp): ([UInt8], Stamp) = ([], Stamp())
            for occurrence in occurrences {
                let name = occurrence.event.name
                let wanted = takers[name] ?? subscribers.filter { $0.value.topics.contain(name) }.map(\.key)
                takers[name] = wanted
                guard !wanted.isEmpty else { continue }
                text.removeAll(keepingCapacity: true)
                occurrence.write(into: &text, at: stamp.text(self.switchboard.time(of: occurrence.moment)))
                for subscription in wanted {
                    messages[subscription, default: []].append(Self.message(to: subscription, text))
                }
            }
            self.send(messages, to: subscribers)
            if lost > 0 {
                for (name, subscriber) in subscribers { subscriber.queue.lose(lost, of: name) }
            }
        }
    }

    /// Tells something that is no matter of registrations and calls.
    package func publish(_ event: String, _ data: JSONValue) {
        guard self.hasSubscribers else { return }
        // What has happened before it is told before it.
        self.tellNews()
        let takers = self.state.withLock(\.subscribers).filter { $0.value.topics.contain(event) }
        guard !takers.isEmpty else { return }
        var text: [UInt8] = []
        let params: JSONValue = ["event": .string(event), "at": Timestamp.json(.now), "data": data]
        params.write(into: &text)
        text.removeFirst()
        self.send(
            takers.reduce(into: [:]) { $0[$1.key] = [Self.message(to: $1.key, text)] },
            to: takers
        )
    }

    /// - Parameter text: The params without their opening brace, where the subscription's name is put in.
    private static func message(to subscription: String, _ text: [UInt8]) -> [UInt8] {
        var message: [UInt8] = []
        message.reserveCapacity(self.opening.count + subscription.utf8.count + text.count + 4)
        message += self.opening
        message += subscription.utf8
        message += #"","#.utf8
        message += text
        message.append(UInt8(ascii: "}"))
        return message
    }

    private static let opening = Array(#"{"jsonrpc":"2.0","method":"event","params":{"subscription":""#.utf8)

    /// All at once, so that whoever sends them is woken once.
    private func send(_ messages: [String: [[UInt8]]], to subscribers: [String: Subscriber]) {
        var lost = 0
        for (name, texts) in messages {
            lost += subscribers[name]?.queue.add(texts, of: name) ?? 0
        }
        if lost > 0 { self.state.withLock { $0.lost += lost } }
    }

    /// The time in words: many events share their millisecond.
    private struct Stamp {
        private var last: (time: CalendarTime, text: String)?

        mutating func text(_ time: CalendarTime) -> String {
            if let last, last.time == time { return last.text }
            let text = Timestamp.text(time)
            self.last = (time, text)
            return text
        }
    }

    /// What is told to a subscriber who has lost some.
    package static func lossNotice(_ count: Int, of subscription: String) -> [UInt8] {
        let notice: JSONValue = [
            "jsonrpc": "2.0", "method": "event",
            "params": [
                "subscription": .string(subscription), "event": "system.lost", "at": Timestamp.json(.now),
                "data": ["count": .integer(count)],
            ],
        ]
        var bytes: [UInt8] = []
        notice.write(into: &bytes)
        return bytes
    }
}
