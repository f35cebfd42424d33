import Testing

@testable import Telephony

@Suite("Moments, durations and rates")
struct TimeTests {
    @Test(
        "Durations in nanoseconds",
        arguments: [
            (Duration.zero, 0), (.nanoseconds(1), 1), (.seconds(1), 1_000_000_000),
            (.milliseconds(-1500), -1_500_000_000),
            (.seconds(30 * 86_400), 2_592_000_000_000_000),
            (Duration(secondsComponent: 0, attosecondsComponent: 999_999_999), 0),
            // What 64 bits do not hold is clamped.
            (.seconds(9_223_372_036), 9_223_372_036_000_000_000), (.seconds(9_223_372_037), .max),
            (.seconds(Int64.max), .max),
            (.seconds(-9_223_372_036), -9_223_372_036_000_000_000), (.seconds(-9_223_372_037), .min),
            (.seconds(Int64.min), .min),
            (.nanoseconds(Int64.max), .max), (.nanoseconds(Int64.max) + .nanoseconds(1), .max),
            (.nanoseconds(Int64.min), .min), (.nanoseconds(Int64.min) - .nanoseconds(1), .min),
        ] as [(Duration, Int64)]
    )
    func nanoseconds(duration: Duration, nanoseconds: Int64) {
        #expect(duration.inNanoseconds == nanoseconds)
    }

    @Test(
        "A moment plus a duration never traps",
        arguments: [
            (Int64(0), Duration.seconds(1), Int64(1_000_000_000)), (5, .nanoseconds(-7), -2),
            (.max, .nanoseconds(1), .max),
            (.max, .seconds(Int64.max), .max), (.max, .nanoseconds(-1), .max - 1), (.min, .nanoseconds(-1), .min),
            (.min, .seconds(Int64.min), .min), (.min, .nanoseconds(1), .min + 1), (.min, .seconds(Int64.max), -1),
        ] as [(Int64, Duration, Int64)]
    )
    func sum(moment: Int64, duration: Duration, sum: Int64) {
        #expect((Moment(nanoseconds: moment) + duration).nanoseconds == sum)
    }

    @Test("Moments are ordered")
    func order() {
        let moments = [Int64.min, -1, 0, 1, .max].map(Moment.init(nanoseconds:))
        #expect(moments.reversed().sorted() == moments)
        #expect(!(moments[0] < moments[0]))
    }

    // MARK: Rates

    private func admitted(_ limit: inout RateLimit, at millisecond: Int64, _ rate: Int, _ burst: Int, tries: Int) -> Int
    {
        let now = Moment(nanoseconds: millisecond * 1_000_000)
        return (0..<tries).count { _ in limit.admit(at: now, perSecond: rate, burst: burst) }
    }

    @Test("A burst at once, then the even rate")
    func burst() {
        var limit = RateLimit()
        #expect(self.admitted(&limit, at: 0, 5, 10, tries: 20) == 10)
        #expect(self.admitted(&limit, at: 199, 5, 10, tries: 20) == 0)
        #expect(self.admitted(&limit, at: 200, 5, 10, tries: 20) == 1)
        #expect(self.admitted(&limit, at: 1000, 5, 10, tries: 20) == 4)
        #expect(self.admitted(&limit, at: 100_000, 5, 10, tries: 20) == 10)
    }

    @Test("What is refused does not count")
    func refusedIsFree() {
        var limit = RateLimit()
        for _ in 0..<1000 { _ = limit.admit(at: Moment(nanoseconds: 0), perSecond: 1, burst: 1) }
        #expect(self.admitted(&limit, at: 1000, 1, 1, tries: 1) == 1)
    }

    @Test("Over ten seconds the rate is kept to", arguments: [1, 5, 100, 999])
    func rate(rate: Int) {
        var limit = RateLimit()
        let count = (0..<10_000).reduce(0) { $0 + self.admitted(&limit, at: Int64($1), rate, 2, tries: 3) }
        #expect((rate * 10...rate * 10 + 2).contains(count))
    }

    @Test(
        "No rate, no event; and no number makes it trap",
        arguments: [
            (0, 5), (5, 0), (-1, 5), (5, -1), (.min, .min), (1, .max), (.max, 1), (.max, .max), (1, 1),
        ] as [(Int, Int)]
    )
    func extremes(rate: Int, burst: Int) {
        for start in [Int64.min, -1, 0, .max - 1, .max] {
            var limit = RateLimit()
            for moment in [start, .min, 0, .max, .max, .min, start] {
                let isAdmitted = limit.admit(at: Moment(nanoseconds: moment), perSecond: rate, burst: burst)
                #expect(!isAdmitted || (rate > 0 && burst > 0))
            }
        }
    }

    @Test("A clock that jumps back refuses at worst, and recovers")
    func clockBack() {
        var limit = RateLimit()
        #expect(self.admitted(&limit, at: 10_000, 1, 1, tries: 1) == 1)
        #expect(self.admitted(&limit, at: 0, 1, 1, tries: 1) == 0)
        #expect(self.admitted(&limit, at: 11_000, 1, 1, tries: 1) == 1)
        var far = RateLimit()
        let isFirst = far.admit(at: Moment(nanoseconds: .max - 5), perSecond: 1, burst: 1)
        let isSecond = far.admit(at: Moment(nanoseconds: .min), perSecond: 1, burst: .max)
        #expect(isFirst && !isSecond)
    }
}
