import Telephony

/// What waits to be written to one client: ordered, and bounded, since a client that reads slowly must cost its neighbours
/// nothing.
package struct Outbox: Sendable {
    package struct Limits: Sendable, Hashable {
        package var bytes: Int
        package var messages: Int

        package init(bytes: Int, messages: Int) {
            self.bytes = bytes
            self.messages = messages
        }
    }

    private var items: [OutboxItem] = []
    private var bytes = 0
    private var isFlushPromised = false
    /// Set when the bound was passed: the client has missed something, so nothing more is worth telling.
    package private(set) var hasOverflowed = false

    package init() {}

    /// `true`: nobody has promised to flush yet, so the caller must.
    package mutating func append(_ item: OutboxItem, limits: Limits) -> Bool {
        defer { self.isFlushPromised = true }
        guard !self.hasOverflowed else { return !self.isFlushPromised }
        self.bytes += item.estimatedSize
        if self.bytes > limits.bytes || self.items.count >= limits.messages {
            self.hasOverflowed = true
            self.items = []
            self.bytes = 0
        } else {
            self.items.append(item)
        }
        return !self.isFlushPromised
    }

    /// Takes everything out, and gives an emptied array back to be used again.
    package mutating func takeAll(into taken: inout [OutboxItem]) {
        swap(&self.items, &taken)
        self.bytes = 0
        self.isFlushPromised = false
    }

    /// The promised flush found the socket full: what waits stays, and the next item promises anew.
    package mutating func postpone() {
        self.isFlushPromised = false
    }
}

extension OutboxItem {
    /// Close enough for a bound: only media is large.
    fileprivate var estimatedSize: Int {
        if case .tell(.call(_, .media(let message))) = self {
            message.members.count + 128
        } else {
            512
        }
    }
}
