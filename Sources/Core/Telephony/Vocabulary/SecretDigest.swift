/// What is known of a secret by those who need only recognise it: its SHA-256. Who reads it can't do what the secret can.
package struct SecretDigest: Hashable, Sendable {
    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// From the 32 bytes of the digest; `nil` for any other number of them.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        let word = { (start: Int) in
            bytes[start..<(start + 8)].reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        }
        self.words = (word(0), word(8), word(16), word(24))
    }

    /// The 32 bytes of the digest.
    package var bytes: [UInt8] {
        [self.words.0, self.words.1, self.words.2, self.words.3].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * $0)) }
        }
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.words == right.words
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(self.words.0)
        hasher.combine(self.words.1)
    }
}
