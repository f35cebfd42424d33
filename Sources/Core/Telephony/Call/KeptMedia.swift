/// Media kept for somebody who is not there: the last description and the candidates that came after it.
package struct KeptMedia: Sendable, Hashable {
    /// Enough for every interface of a well-equipped machine; what comes beyond is dropped, since ICE does without.
    package static let candidateLimit = 64

    private var messages: [SessionDescription] = []

    package init() {}

    package var isEmpty: Bool { self.messages.isEmpty }

    package mutating func keep(_ message: SessionDescription) {
        if message.hasSDP {
            self.messages = [message]
        } else if self.messages.count <= Self.candidateLimit {
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
