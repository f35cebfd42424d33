import COpenSSL

/// The hash functions that log-ins are made of, by OpenSSL.
package enum MessageDigest {
    /// SHA-256 (FIPS 180-4): 32 bytes.
    package static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        self.digest(bytes, EVP_sha256())
    }

    /// MD5 (RFC 1321): 16 bytes. Only for HTTP Digest, where old telephones know nothing better.
    package static func md5(_ bytes: [UInt8]) -> [UInt8] {
        self.digest(bytes, EVP_md5())
    }

    /// HMAC-SHA-256 (RFC 2104): 32 bytes.
    package static func hmacSHA256(key: [UInt8], _ bytes: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { output, count in
            var length: UInt32 = 0
            let result = HMAC(EVP_sha256(), key, Int32(key.count), bytes, bytes.count, output.baseAddress, &length)
            count = result == nil ? 0 : Int(length)
        }
    }

    /// Compares in a time that depends on the lengths only.
    package static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
    }

    private static func digest(_ bytes: [UInt8], _ function: OpaquePointer?) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { output, count in
            var length: UInt32 = 0
            let isDone = EVP_Digest(bytes, bytes.count, output.baseAddress, &length, function, nil)
            count = isDone == 1 ? Int(length) : 0
        }
    }
}

extension [UInt8] {
    /// The bytes written in lower-case hexadecimal digits; `nil` for anything else.
    package init?(hexadecimal text: String) {
        var bytes: [UInt8] = []
        var high: UInt8?
        for byte in text.utf8 {
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            default: return nil
            }
            if let first = high {
                bytes.append(first << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        guard high == nil else { return nil }
        self = bytes
    }

    /// In lower-case hexadecimal digits.
    package var hexadecimal: String {
        String(unsafeUninitializedCapacity: self.count * 2) { text in
            for (index, byte) in self.enumerated() {
                for (offset, digit) in [byte >> 4, byte & 0xF].enumerated() {
                    text[index * 2 + offset] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
                }
            }
            return self.count * 2
        }
    }
}
