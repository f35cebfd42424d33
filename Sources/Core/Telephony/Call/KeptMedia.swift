/// Media kept for somebody who is not there: the last description and the candidates that came after it.
package struct KeptMedia: Sendable, Hashable {
    /// Enough for every interface of a well-equipped machine; what comes beyond is dropped, since ICE does without.
    package static let candidateLimit = 64
    /// How much all candidates together may take: a thousand bytes each, several times what they need.
    package static let candidateBytesLimit = 64 * 1024

    private var messages: [SessionDescription] = []

    package init() {}

    package var isEmpty: Bool { self.messages.isEmpty }

    package mutating func keep(_ message: SessionDescription) {
        if message.hasSDP {
            self.messages = [message]
        } else {
            let candidates = self.messages.lazy.filter { !$0.hasSDP }
            let bytes = candidates.reduce(message.members.count) { $0 + $1.members.count }
            guard candidates.count < Self.candidateLimit, bytes <= Self.candidateBytesLimit else { return }
            self.messages.append(message)
        }
    }

    /// Everything kept, in the order in which it came.
    package var all: [SessionDescription] { self.messages }

    package mutating func takeAll() -> [SessionDescription] {
        defer { self.messages = [] }
        return self.messages
    }
}
