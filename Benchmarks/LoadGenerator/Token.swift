import CSecure
import Glibc

/// Access tokens as the benchmarks' own issuer signs them.
enum Token {
    static let issuer = "https://bench.example"
    static let secret = "a secret of more than 32 bytes, for benchmarks only"

    /// Good for an hour.
    static func of(_ index: Int) -> String {
        let end = time(nil) + 3600
        let header = Self.base64URL(Array(#"{"alg":"HS256","typ":"JWT"}"#.utf8))
        let claims = #"{"iss":"\#(Self.issuer)","exp":\#(end),"username":"user\#(index)"}"#
        let signed = Array("\(header).\(Self.base64URL(Array(claims.utf8)))".utf8)
        var signature = [UInt8](repeating: 0, count: 32)
        bench_hmac(Self.secret, Self.secret.utf8.count, signed, signed.count, &signature)
        return "\(String(decoding: signed, as: UTF8.self)).\(Self.base64URL(signature))"
    }

    private static func base64URL(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        var (text, bits, count): ([UInt8], Int, Int) = ([], 0, 0)
        for byte in bytes {
            bits = (bits << 8 | Int(byte)) & 0xFFFF
            count += 8
            while count >= 6 {
                count -= 6
                text.append(alphabet[bits >> count & 0x3F])
            }
        }
        if count > 0 { text.append(alphabet[bits << (6 - count) & 0x3F]) }
        return String(decoding: text, as: UTF8.self)
    }
}
