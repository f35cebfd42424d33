import Testing

@testable import Core

@Suite("Plugin host: circuit breaker")
struct CircuitBreakerTests {
    /// One that has failed as often as it takes.
    private func opened(at now: Duration = .zero) -> CircuitBreaker {
        var breaker = CircuitBreaker()
        for _ in 0..<CircuitBreaker.threshold { _ = breaker.failed(isProbe: false, at: now, chance: 0.5) }
        return breaker
    }

    @Test("Closed: everybody is let through, and failures in a row are counted")
    func closed() {
        var breaker = CircuitBreaker()
        for round in 0..<3 {
            for _ in 1..<CircuitBreaker.threshold {
                #expect(breaker.failed(isProbe: false, at: .zero, chance: 0.5) == nil)
                #expect(breaker.admit(at: .zero) == .ask(isProbe: false))
            }
            // A success in between, and they begin again.
            let hasClosed = breaker.succeeded()
            #expect(!hasClosed, "\(round)")
        }
        #expect(breaker.remaining(at: .zero) == nil)
    }

    @Test("Open: nobody is let through until the pause is over, then one")
    func open() {
        var breaker = CircuitBreaker()
        for _ in 1..<CircuitBreaker.threshold { _ = breaker.failed(isProbe: false, at: .zero, chance: 0.5) }
        #expect(breaker.failed(isProbe: false, at: .seconds(1), chance: 0.5) == .seconds(1))
        #expect(breaker.admit(at: .milliseconds(1999)) == .refuse)
        #expect(breaker.remaining(at: .milliseconds(1500)) == .milliseconds(500))
        #expect(breaker.admit(at: .seconds(2)) == .ask(isProbe: true))
        #expect(breaker.admit(at: .seconds(2)) == .refuse)
        #expect(breaker.admit(at: .seconds(1000)) == .refuse)
        let hasClosed = breaker.succeeded()
        #expect(hasClosed)
        #expect(breaker.admit(at: .seconds(2)) == .ask(isProbe: false))
        // And it takes as many failures as before to open it.
        #expect(breaker.failed(isProbe: false, at: .seconds(2), chance: 0.5) == nil)
    }

    @Test("A probe that fails opens it for twice as long, up to half a minute")
    func probes() {
        var breaker = self.opened()
        var now = Duration.seconds(1)
        var pauses: [Duration] = []
        for _ in 0..<7 {
            #expect(breaker.admit(at: now) == .ask(isProbe: true))
            guard let pause = breaker.failed(isProbe: true, at: now, chance: 0.5) else {
                Issue.record("expected it to open")
                return
            }
            pauses.append(pause)
            now += pause
        }
        #expect(pauses == [2, 4, 8, 16, 30, 30, 30].map { .seconds($0) })
    }

    @Test("What comes from before it opened changes nothing, unless it is good")
    func late() {
        var breaker = self.opened()
        #expect(breaker.failed(isProbe: false, at: .zero, chance: 0.5) == nil)
        #expect(breaker.admit(at: .seconds(1)) == .ask(isProbe: true))
        #expect(breaker.failed(isProbe: false, at: .seconds(1), chance: 0.5) == nil)
        #expect(breaker.admit(at: .seconds(1)) == .refuse)
        let hasClosed = breaker.succeeded()
        #expect(hasClosed)
        #expect(breaker.admit(at: .seconds(1)) == .ask(isProbe: false))
        // The probe comes back to a breaker that has closed meanwhile: one failure of five.
        #expect(breaker.failed(isProbe: true, at: .seconds(1), chance: 0.5) == nil)
    }

    @Test("A probe that is given up leaves its place to the next")
    func cancelled() {
        var breaker = self.opened()
        #expect(breaker.admit(at: .seconds(1)) == .ask(isProbe: true))
        breaker.cancelled(isProbe: false, at: .seconds(1))
        #expect(breaker.admit(at: .seconds(1)) == .refuse)
        breaker.cancelled(isProbe: true, at: .seconds(1))
        #expect(breaker.admit(at: .seconds(1)) == .ask(isProbe: true))
        // Its pause was not forgotten.
        #expect(breaker.failed(isProbe: true, at: .seconds(1), chance: 0.5) == .seconds(2))
    }

    @Test("Chance spreads a pause by a fifth to either side", arguments: [(0.0, 800), (0.5, 1000), (1.0, 1200)])
    func chance(chance: Double, milliseconds: Int) {
        var breaker = CircuitBreaker()
        var pause: Duration?
        for _ in 0..<CircuitBreaker.threshold { pause = breaker.failed(isProbe: false, at: .zero, chance: chance) }
        let difference = (pause ?? .zero) - .milliseconds(milliseconds)
        #expect(difference < .milliseconds(1) && difference > .milliseconds(-1))
    }
}
