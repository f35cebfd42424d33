import Testing

@testable import Telephony

@Suite("Random walks")
struct RandomWalkTests {
    /// Several seeds a case, so that the list of cases stays short.
    @Test("Whatever happens, what clients are told makes sense", arguments: 0..<20)
    func walk(batch: UInt64) {
        for seed in batch * 10..<batch * 10 + 10 {
            var walk = RandomWalk(seed: seed)
            do {
                try walk.walk(500)
                try walk.end()
            } catch {
                Issue.record("seed \(seed): \(error)\n\(walk.story)")
                return
            }
        }
    }
}
