import COpenSSL

/// The server's half of the WebSocket handshake (RFC 6455 §4.2.2, step 5.4).
enum AcceptKey {
    static func answer(to key: String) -> String {
        let text = Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)
        let digest = [UInt8](unsafeUninitializedCapacity: Int(SHA_DIGEST_LENGTH)) { digest, count in
            _ = SHA1(text, text.count, digest.baseAddress)
            count = Int(SHA_DIGEST_LENGTH)
        }
        return Base64.encode(digest)
    }
}
