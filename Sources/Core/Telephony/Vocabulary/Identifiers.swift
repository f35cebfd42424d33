/// A call as one client names it: chosen by whoever started the call on that socket, unique only for that client (§10.2).
package struct CallIdentifier: Hashable, Sendable, CustomStringConvertible {
    package let text: String

    package static let longest = 128

    /// `nil` unless 1–128 characters of `A–Z a–z 0–9 - _`.
    package init?(_ text: String) {
        var text = text
        // In one buffer: it is on the path of every message (benchmark `relay`).
        guard text.withUTF8({ CallIdentifier.isWellFormed($0) }) else { return nil }
        self.text = text
    }

    package static func isWellFormed(_ bytes: some Collection<UInt8>) -> Bool {
        (1...Self.longest).contains(bytes.count)
            && bytes.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default:
                    false
                }
            }
    }

    /// A random (version 4) UUID from 128 bits; six of them are overwritten by version and variant (RFC 9562 §5.4).
    package init(uuidFrom high: UInt64, _ low: UInt64) {
        let high = high & ~0xF000 | 0x4000
        let low = low & ~(0b11 << 62) | (0b10 << 62)
        self.text = String(unsafeUninitializedCapacity: 36) { text in
            var position = 0
            for digit in 0..<32 {
                if digit == 8 || digit == 12 || digit == 16 || digit == 20 {
                    text[position] = UInt8(ascii: "-")
                    position += 1
                }
                text[position] = hexadecimalDigit(digit % 16, of: digit < 16 ? high : low)
                position += 1
            }
            return position
        }
    }

    package var description: String { self.text }
}

/// The secret that lets a client come back to its registration (§9.5.1).
package typealias RegistrationIdentifier = SecretIdentifier<Registration>

/// The secret in a push: lets a sleeping client come back to its registration, once (§9.5.2).
package typealias WakeupToken = SecretIdentifier<Wakeup>

/// 128 random bits, written as 32 hexadecimal digits. Who knows them *is* the client, so the description says nothing.
package struct SecretIdentifier<Purpose>: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
    private let high: UInt64
    private let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// The generator must be fit for secrets.
    package init(using generator: inout some RandomNumberGenerator) {
        self.init(high: generator.next(), low: generator.next())
    }

    /// Reads the wire form, and no other spelling of it: exactly 32 lower-case hexadecimal digits.
    package init?(_ text: some StringProtocol) {
        var words: [UInt64] = [0, 0]
        var count = 0
        for byte in text.utf8 {
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            default: return nil
            }
            guard count < 32 else { return nil }
            words[count / 16] = words[count / 16] << 4 | UInt64(digit)
            count += 1
        }
        guard count == 32 else { return nil }
        self.init(high: words[0], low: words[1])
    }

    /// The wire form: only for the client that owns it.
    package var secretText: String {
        String(unsafeUninitializedCapacity: 32) { text in
            for digit in 0..<32 {
                text[digit] = hexadecimalDigit(digit % 16, of: digit < 16 ? self.high : self.low)
            }
            return 32
        }
    }

    package var description: String { "a secret" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// One of the 16 digits of a word, the highest first.
private func hexadecimalDigit(_ position: Int, of word: UInt64) -> UInt8 {
    let value = UInt8(truncatingIfNeeded: word >> UInt64(60 - 4 * position)) & 0xF
    return value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
}
