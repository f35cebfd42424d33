internal import Synchronization
package import Telephony

/// The nonces of HTTP Digest: recognised without being remembered, and each count of each of them good only once.
///
/// A nonce carries the moment of its making and 128 random bits, sealed by an HMAC; so a stranger who asks for a thousand
/// challenges costs no memory. Only nonces that somebody logged in with are noted, for as long as they are fresh.
package final class DigestNonces: Sendable {
    fileprivate struct Name: Hashable {
        let high: UInt64
        let low: UInt64
    }

    fileprivate struct State {
        var lastCounts: [Name: UInt32] = [:]
        /// In the order of their first use.
        var used: [(name: Name, made: Moment)] = []
        /// What was made before this was forgotten for lack of room, hence can't be told from a replay.
        var horizon = Moment(nanoseconds: .min)
    }

    private let key: [UInt8]
    private let lifetime: Duration
    private let limit: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - key: At least 16 random bytes that nobody else knows.
    ///   - limit: How many nonces in use are remembered.
    package init(key: [UInt8], lifetime: Duration, limit: Int = 65536) {
        self.key = key
        self.lifetime = lifetime
        self.limit = limit
    }

    /// Makes one. The generator must be fit for secrets.
    package func make(at now: Moment, using generator: inout some RandomNumberGenerator) -> String {
        let body = [UInt64(bitPattern: now.nanoseconds), generator.next(), generator.next()].flatMap(Self.bytes)
        return Base64.encode(body + self.seal(body))
    }

    /// Uses up a count of a nonce: the first to come with it, after all that were lower, gets it. Call it once the response
    /// was found right, or strangers could use up the counts of others.
    ///
    /// `false` for a nonce that is too old, made by another process or made up, and for a count that is not higher than the
    /// last: the client should try again with a new nonce (`stale=true`, RFC 7616 §3.3).
    package func spend(_ nonce: String, count: UInt32, at now: Moment) -> Bool {
        guard let (made, name) = self.open(nonce), made <= now, now < made + self.lifetime else { return false }
        return self.state.withLock { state in
            guard state.horizon < made else { return false }
            if let last = state.lastCounts[name] {
                guard count > last else { return false }
                state.lastCounts[name] = count
                return true
            }
            state.forget(until: now, lifetime: self.lifetime, limit: self.limit)
            guard state.horizon < made else { return false }
            state.lastCounts[name] = count
            state.used.append((name, made))
            return true
        }
    }

    /// How many are remembered.
    package var count: Int { self.state.withLock { $0.lastCounts.count } }

    // MARK: Form

    private func open(_ nonce: String) -> (made: Moment, name: Name)? {
        guard nonce.utf8.count == 56, let bytes = Base64.decode(nonce), bytes.count == 40,
            MessageDigest.areEqual(self.seal(Array(bytes[..<24])), Array(bytes[24...]))
        else { return nil }
        let words = [0, 8, 16].map { start in bytes[start..<start + 8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
        return (Moment(nanoseconds: Int64(bitPattern: words[0])), Name(high: words[1], low: words[2]))
    }

    private func seal(_ body: [UInt8]) -> [UInt8] {
        Array(MessageDigest.hmacSHA256(key: self.key, body).prefix(16))
    }

    private static func bytes(_ word: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * $0)) }
    }
}

extension DigestNonces.State {
    /// Makes room for one more: what has expired goes first, then what was used first.
    fileprivate mutating func forget(until now: Moment, lifetime: Duration, limit: Int) {
        var gone = 0
        while gone < self.used.count {
            let oldest = self.used[gone]
            let isOver = oldest.made + lifetime <= now
            guard isOver || self.used.count - gone >= limit else { break }
            if !isOver {
                self.horizon = max(self.horizon, oldest.made)
            }
            self.lastCounts[oldest.name] = nil
            gone += 1
        }
        self.used.removeFirst(gone)
    }
}
