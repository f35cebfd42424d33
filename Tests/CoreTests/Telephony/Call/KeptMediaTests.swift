import Testing

@testable import Telephony

@Suite("Kept media")
struct KeptMediaTests {
    @Test("The last description and the candidates after it")
    func last() {
        var kept = KeptMedia()
        #expect(kept.isEmpty)
        let messages: [SessionDescription] = [
            .candidate("1"), .offer("2"), .candidate("3"), .answer("4"), .candidate("5"), .candidate("6"),
        ]
        messages.forEach { kept.keep($0) }
        #expect(kept.all == Array(messages.suffix(3)))
        #expect(!kept.isEmpty)
        #expect(kept.takeAll() == Array(messages.suffix(3)))
        #expect(kept.isEmpty && kept.takeAll().isEmpty)
    }

    @Test("Candidates without a description are kept as well")
    func candidatesOnly() {
        var kept = KeptMedia()
        kept.keep(.candidate("1"))
        kept.keep(.candidate("2"))
        #expect(kept.all == [.candidate("1"), .candidate("2")])
    }

    @Test("So many candidates, with a description and without", arguments: [true, false])
    func count(hasDescription: Bool) {
        var kept = KeptMedia()
        if hasDescription { kept.keep(.offer("o")) }
        for number in 0..<200 { kept.keep(.candidate("\(number)")) }
        #expect(kept.all.count == KeptMedia.candidateLimit + (hasDescription ? 1 : 0))
        #expect(kept.all.last == .candidate("\(KeptMedia.candidateLimit - 1)"))
        kept.keep(.offer("new"))
        kept.keep(.candidate("x"))
        #expect(kept.all == [.offer("new"), .candidate("x")])
    }

    @Test("So many bytes of candidates: a big one does not crowd out the small ones after it")
    func bytes() {
        var kept = KeptMedia()
        kept.keep(.offer(String(repeating: "o", count: 200_000)))
        kept.keep(.candidate(String(repeating: "x", count: KeptMedia.candidateBytesLimit + 1)))
        #expect(kept.all.count == 1)
        kept.keep(.candidate(String(repeating: "x", count: KeptMedia.candidateBytesLimit - 1)))
        kept.keep(.candidate("yy"))
        kept.keep(.candidate("y"))
        kept.keep(.candidate("z"))
        #expect(kept.all.dropFirst().map(\.members.count) == [KeptMedia.candidateBytesLimit - 1, 1])
        _ = kept.takeAll()
        kept.keep(.candidate("again"))
        #expect(kept.all == [.candidate("again")])
    }
}
