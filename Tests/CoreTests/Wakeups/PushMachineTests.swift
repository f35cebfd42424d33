import PluginAPI
import StrictJSON
import Testing

@testable import Core
@testable import Telephony

@Suite("When a push is tried again")
struct PushRetryTests {
    @Test("Soon, then later each time, four tries in all; by chance between half of it and all of it")
    func pauses() {
        for (chance, expected) in [(0.0, [250, 500, 1000]), (1.0, [500, 1000, 2000])] {
            var retry = PushRetry()
            let pauses = (0..<5).compactMap { _ in
                retry.pause(asked: nil, remaining: .seconds(30), chance: chance)
            }
            #expect(pauses == expected.map { .milliseconds($0) })
        }
    }

    @Test("The service's own wish counts, when it is the longer")
    func asked() {
        var retry = PushRetry()
        #expect(retry.pause(asked: .seconds(7), remaining: .seconds(30), chance: 1) == .seconds(7))
        #expect(retry.pause(asked: .zero, remaining: .seconds(30), chance: 1) == .seconds(1))
        #expect(retry.pause(asked: .seconds(30), remaining: .seconds(30), chance: 1) == nil)
    }

    @Test("Never so late that the client could not come in time")
    func late() {
        var retry = PushRetry()
        #expect(retry.pause(asked: nil, remaining: .milliseconds(1499), chance: 1) == nil)
        #expect(retry.pause(asked: nil, remaining: .milliseconds(1500), chance: 1) == .milliseconds(500))
        #expect(retry.pause(asked: nil, remaining: .zero, chance: 0) == nil)
    }
}

@Suite("Pushes that wait for their turn")
struct WakeupQueueTests {
    private func wakeup(_ number: UInt32) -> Wakeup {
        Wakeup(
            registration: RegistrationID(index: number, generation: 0),
            call: CallID(index: number, generation: 0),
            seat: Seat(1),
            notification: NotificationData(token: [], url: nil),
            caller: .anonymous,
            earliest: Moment(nanoseconds: 0),
            end: Moment(nanoseconds: 0),
            record: nil
        )
    }

    @Test("So many at once, the others in order; when too many wait the oldest has to go")
    func order() {
        var queue = WakeupQueue(.init(atOnce: 2, waiting: 3))
        #expect((0..<2).map { queue.add(self.wakeup($0)) } == [.send, .send])
        #expect(
            (2..<5).map { queue.add(self.wakeup($0)) } == [
                .wait(instead: nil), .wait(instead: nil), .wait(instead: nil),
            ]
        )
        #expect(queue.add(self.wakeup(5)) == .wait(instead: self.wakeup(2)))
        let rest = (0..<5).map { _ in queue.finished()?.call.index }
        #expect(rest == [3, 4, 5, nil, nil])
        #expect(queue.underWay == 0)
        #expect(queue.add(self.wakeup(6)) == .send)
    }

    @Test("Ten thousand at once: nobody is forgotten, nobody comes twice")
    func storm() {
        var queue = WakeupQueue()
        var (sent, failed): ([UInt32], [UInt32]) = ([], [])
        for index in 0..<10_000 as Range<UInt32> {
            switch queue.add(self.wakeup(index)) {
            case .send: sent.append(index)
            case .wait(let surplus): if let surplus { failed.append(surplus.call.index) }
            }
        }
        #expect(queue.waiting == 4096)
        var running = sent.count
        while running > 0 {
            if let next = queue.finished() { sent.append(next.call.index) } else { running -= 1 }
        }
        #expect(sent.count + failed.count == 10_000)
        #expect(Set(sent).union(failed).count == 10_000)
        #expect(failed == Array(128..<UInt32(128 + failed.count)))
        #expect(queue.waiting == 0 && queue.underWay == 0)
    }
}

@Suite("A messaging service that asks to slow down")
struct PushThrottleTests {
    private let phone = NotificationTarget(token: "phone")
    private let other = NotificationTarget(token: "other")

    @Test("One client: nobody else suffers, and not for ever")
    func client() {
        var throttle = PushThrottle()
        throttle.note(.client, self.phone, for: .seconds(10), at: .seconds(100))
        #expect(throttle.outcome(for: self.phone, at: .seconds(104)) == .throttled(.client, retryAfter: .seconds(6)))
        #expect(throttle.outcome(for: self.other, at: .seconds(104)) == nil)
        #expect(throttle.outcome(for: self.phone, at: .seconds(110)) == nil)
        #expect(throttle.pause(at: .seconds(104)) == nil)
    }

    @Test("Everybody: for a minute unless it says how long, and for an hour at most")
    func everybody() {
        var throttle = PushThrottle()
        throttle.note(.everybody, self.phone, for: nil, at: .zero)
        #expect(throttle.outcome(for: self.other, at: .seconds(1)) == .throttled(.everybody, retryAfter: .seconds(59)))
        #expect(throttle.pause(at: .seconds(1)) == .seconds(59))
        #expect(throttle.outcome(for: self.other, at: .seconds(60)) == nil)
        throttle.note(.everybody, self.phone, for: .seconds(1_000_000), at: .zero)
        #expect(throttle.pause(at: .zero) == .seconds(3600))
        throttle.note(.everybody, self.phone, for: .seconds(-5), at: .zero)
        #expect(throttle.pause(at: .zero) == .seconds(1))
    }

    @Test("Only so many clients are remembered")
    func bounded() {
        var throttle = PushThrottle()
        for index in 0..<10_000 {
            throttle.note(.client, .init(token: .string("\(index)")), for: .seconds(10), at: .zero)
        }
        throttle.note(.client, self.phone, for: .seconds(10), at: .seconds(1))
        #expect(throttle.outcome(for: self.phone, at: .seconds(2)) == nil)
        throttle.note(.client, self.phone, for: .seconds(10), at: .seconds(10))
        #expect(throttle.outcome(for: self.phone, at: .seconds(11)) != nil)
    }
}
