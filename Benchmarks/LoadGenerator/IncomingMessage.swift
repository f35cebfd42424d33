import CLinux
import Glibc

/// A message from the server. It is searched, not parsed: the generator must cost less than what it measures.
///
/// - Important: the bytes are lent for as long as the message is handled.
struct IncomingMessage {
    enum News {
        case registered, unregistered
        case start, ringing, active, terminating, terminated
        case media
        case other
    }

    private let bytes: UnsafeBufferPointer<UInt8>

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    var count: Int { self.bytes.count }
    var text: String { String(decoding: self.bytes, as: UTF8.self) }

    /// What the message says. The server writes the members that tell at the very front.
    var news: News {
        if self.find("\"operation\":\"media\"", within: Self.front) != nil { return .media }
        guard let state = self.find("\"state\":\"", within: Self.front) else {
            return self.find("\"action\":\"start\"", within: Self.front) == nil ? .other : .start
        }
        let isCall = self.find("\"operation\":\"signaling\"", within: Self.front) != nil
        switch isCall {
        case true where self.has("ringing\"", at: state): return .ringing
        case true where self.has("active\"", at: state): return .active
        case true where self.has("terminating\"", at: state): return .terminating
        case true where self.has("terminated\"", at: state): return .terminated
        case false where self.has("registered\"", at: state): return .registered
        case false where self.has("terminated\"", at: state): return .unregistered
        case true, false: return .other
        }
    }

    func says(_ text: StaticString) -> Bool {
        self.find(text, within: self.count) != nil
    }

    /// The value of the member `identifier`, as it goes into an answer.
    var identifier: MaskedText {
        guard let start = self.find("\"identifier\":\"", within: self.count) else { return MaskedText("") }
        return MaskedText(masking: self.bytes[start...].prefix { $0 != UInt8(ascii: "\"") })
    }

    private static let front = 120

    /// Where a text ends that occurs among the first bytes.
    private func find(_ text: StaticString, within limit: Int) -> Int? {
        let length = text.utf8CodeUnitCount
        guard let base = UnsafeRawPointer(self.bytes.baseAddress),
            let found = bench_find(base, min(self.count, limit), text.utf8Start, length)
        else { return nil }
        return base.distance(to: found) + length
    }

    private func has(_ text: StaticString, at position: Int) -> Bool {
        guard let base = self.bytes.baseAddress, self.count - position >= text.utf8CodeUnitCount else { return false }
        return memcmp(base + position, text.utf8Start, text.utf8CodeUnitCount) == 0
    }
}
