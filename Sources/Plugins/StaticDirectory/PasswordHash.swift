internal import CCrypt
internal import Glibc
package import PluginAPI

/// A crypt(3) hash of a password: yescrypt, scrypt, bcrypt, SHA-512 or SHA-256, as `/etc/shadow` has them.
package struct PasswordHash: Sendable, Equatable {
    private let text: Secret
    /// What decides how long it takes to compute: method and parameters, without salt and hash.
    let cost: String

    /// What to say when something else was found; the value itself is nobody's business.
    package static let expected =
        "expected a crypt(3) hash such as `$y$…` (make one with `anynode-server hash-password`), found something else"

    /// Compared with when nobody here has a password; of what password it is has been forgotten.
    static let decoy = PasswordHash(
        unchecked: "$y$j9T$FqRxPbZBq9chTdRipPJtG1$66D/GZEX7Pzj9FpJuPbubDlPseFNmNZfsjZSFkeNgZ.",
        cost: "$y$j9T"
    )

    /// `nil` unless the text is a whole hash of a known method.
    package init?(_ text: String) {
        guard let cost = Self.cost(of: Array(text.utf8)) else { return nil }
        self.init(unchecked: text, cost: cost)
    }

    private init(unchecked text: String, cost: String) {
        self.text = Secret(text)
        self.cost = cost
    }

    /// Makes a yescrypt hash with a salt from the system's random source.
    package static func make(_ password: String) throws(PasswordFailure) -> String {
        guard !password.isEmpty, !password.utf8.contains(0) else { throw PasswordFailure.unusable }
        var setting = [CChar](repeating: 0, count: Int(CRYPT_GENSALT_OUTPUT_SIZE))
        let isMade = setting.withUnsafeMutableBufferPointer { buffer in
            crypt_gensalt_rn("$y$", 0, nil, 0, buffer.baseAddress, Int32(buffer.count)) != nil
        }
        let text = String(decoding: setting.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard isMade, let hash = Self.crypt(password, setting: text) else { throw PasswordFailure.unusable }
        return hash
    }

    /// Whether it is the hash of this password. Takes tens of milliseconds of a processor, by design.
    package func matches(_ password: Secret) -> Bool {
        let computed = password.withText { password -> String? in
            // A NUL would end the password early, and an empty one proves nothing.
            guard !password.isEmpty, !password.utf8.contains(0) else { return nil }
            return self.text.withText { Self.crypt(password, setting: $0) }
        }
        // Secrets compare in constant time.
        return computed.map { Secret($0) == self.text } ?? false
    }

    /// `nil` when the library refuses, as it does passwords of more than 511 bytes.
    private static func crypt(_ password: String, setting: String) -> String? {
        // 32 KB: too much for the stack of a thread. It holds the password, hence it is wiped.
        let data = UnsafeMutablePointer<crypt_data>.allocate(capacity: 1)
        memset(data, 0, MemoryLayout<crypt_data>.size)
        defer {
            explicit_bzero(data, MemoryLayout<crypt_data>.size)
            data.deallocate()
        }
        guard let output = crypt_r(password, setting, data), output.pointee == CChar(bitPattern: UInt8(ascii: "$"))
        else { return nil }
        return String(cString: output)
    }

    /// What crypt(5) allows in a hash.
    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: ":"), UInt8(ascii: ";"), UInt8(ascii: "*"), UInt8(ascii: "!"), UInt8(ascii: "\\"): false
        default: (0x21...0x7E).contains(byte)
        }
    }

    /// Method and parameters of a hash that is whole.
    private static func cost(of bytes: [UInt8]) -> String? {
        guard bytes.allSatisfy(Self.isAllowed) else { return nil }
        let parts = bytes.split(separator: UInt8(ascii: "$"), omittingEmptySubsequences: false)
        guard parts.count >= 4, parts[0].isEmpty, let hash = parts.last, parts.dropFirst().allSatisfy({ !$0.isEmpty })
        else { return nil }
        let method = String(decoding: parts[1], as: UTF8.self)
        let parameters: ArraySlice<UInt8>
        switch (method, parts.count, hash.count) {
        case ("y", 5, 43): parameters = parts[2]
        // Rounds, block size and parallelism in eleven characters; salt and hash follow.
        case ("7", 4, 43): parameters = parts[2].prefix(11)
        case ("2b", 4, 53): parameters = parts[2]
        case ("5", 4, 43), ("6", 4, 86): parameters = []
        case ("5", 5, 43), ("6", 5, 86): parameters = parts[2]
        default: return nil
        }
        return "$\(method)$\(String(decoding: parameters, as: UTF8.self))"
    }
}

/// A password of which no hash can be made.
package enum PasswordFailure: Error, Sendable, CustomStringConvertible {
    /// It is empty, holds a NUL or is longer than crypt(3) takes.
    case unusable

    package var description: String { "expected a password of 1 to 511 bytes without NUL, found another" }
}
