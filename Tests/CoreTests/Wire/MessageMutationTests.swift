import Core
import Telephony
import Testing

/// Damaged messages (S10): whatever arrives, the decoder gives one of its documented results.
@Suite struct MessageMutationTests {
    private static let samples = [
        #"{"version":1,"operation":"register","action":"start","assignment":{"username":"alice","dialString":"49"}}"#,
        #"{"version":1,"operation":"register","action":"status","identifier":"6f","notificationToken":{"a":1},"confirm":true}"#,
        #"{"version":1,"operation":"register","action":"status","notificationToken":"t","notificationUrl":"https://a/\u00e9"}"#,
        #"{"version":1,"operation":"register","action":"terminate","identifier":"6f"}"#,
        #"{"version":1,"operation":"signaling","action":"start","identifier":"c","remoteAddress":{"dialString":"1"}}"#,
        #"{"version":1,"operation":"signaling","action":"start","identifier":"c","remoteAddress":"1","localAddress":{}}"#,
        #"{"version":1,"operation":"signaling","action":"terminate","identifier":"c","reason":"busy"}"#,
        #"{"version":1,"operation":"signaling","action":"transfer","identifier":"c","transferIdentifier":"d"}"#,
        #"{"version":1,"operation":"media","action":"offer","identifier":"c","sdp":{"type":"offer","sdp":"v=0\r\n\ud83d\ude00"}}"#,
        #"{"version":1,"operation":"media","action":"answer","identifier":"c","sdp":"é😀","ice":[{"candidate":"x"},1e3]}"#,
    ].map { Array($0.utf8) }

    @Test(arguments: 1...4)
    func mutations(_ seed: Int) {
        var random = MutationGenerator(seed: UInt64(seed))
        var outcomes: [String: Int] = [:]
        for _ in 0..<2_500 {
            let bytes = mutated(using: &random)
            outcomes[outcome(of: bytes), default: 0] += 1
        }
        // The mutations are gentle enough to reach every part of the decoder.
        for expected in ["call", "malformed", "invalid identifier", "register", "discarded", "no object", "version"] {
            #expect(outcomes[expected, default: 0] > 0, "no mutation came out as \(expected)")
        }
    }

    private func outcome(of bytes: [UInt8]) -> String {
        do throws(DecodeFailure) {
            let message = try bytes.withUnsafeBufferPointer { bytes throws(DecodeFailure) in
                try MessageDecoder().decode(bytes)
            }
            // What is accepted is UTF-8 all over, so that nothing else is ever relayed.
            #expect(String(validating: bytes, as: UTF8.self) != nil)
            switch message {
            case .call(_, .malformed): return "malformed"
            case .call(_, .media(let description)):
                #expect(String(validating: description.members, as: UTF8.self) != nil)
                return "call"
            case .call: return "call"
            case .invalidCallIdentifier(let echo):
                #expect((echo?.utf8.count ?? 0) <= 128)
                return "invalid identifier"
            case .register: return "register"
            case .discarded: return "discarded"
            }
        } catch {
            switch error {
            case .notAnObject(let problem):
                #expect(problem.utf8.allSatisfy { (0x20...0x7E).contains($0) } && problem.utf8.count <= 123)
                return "no object"
            case .version(let problem):
                #expect(problem.utf8.allSatisfy { (0x20...0x7E).contains($0) } && problem.utf8.count <= 123)
                return "version"
            }
        }
    }

    private func mutated(using random: inout MutationGenerator) -> [UInt8] {
        var bytes = Self.samples[Int.random(in: 0..<Self.samples.count, using: &random)]
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let start = Int.random(in: 0..<max(bytes.count, 1), using: &random)
            let end = min(bytes.count, start + Int.random(in: 0...6, using: &random))
            switch Int.random(in: 0..<8, using: &random) {
            case 0: bytes.replaceSubrange(start..<max(start, end), with: [UInt8.random(in: 0...255, using: &random)])
            case 1: bytes.removeSubrange(start..<max(start, end))
            case 2: bytes.insert(contentsOf: bytes[start..<max(start, end)], at: start)
            case 3: bytes.insert(contentsOf: Self.fragment(using: &random), at: start)
            case 4: bytes = Array(bytes[..<start])
            case 5, 6: Self.replaceValue(in: &bytes, using: &random)
            default: Self.changeLetter(in: &bytes, using: &random)
            }
            if bytes.isEmpty { bytes = [0x20] }
        }
        return bytes
    }

    private static func fragment(using random: inout MutationGenerator) -> [UInt8] {
        let fragments = [
            "\"", "\\", "{", "}", "[", "]", ",", ":", "null", "1e999", "\\ud800", "\\u0000", "\u{0}", "\u{FEFF}", "é",
            "\u{202E}", "\"version\":2,", "\"sdp\":[[[[", "\"identifier\":\"é\",", "-", "0", "//",
        ]
        let bytes = fragments.randomElement(using: &random).map { Array($0.utf8) } ?? []
        return Bool.random(using: &random) ? bytes : bytes + [0xC0, 0xFF]
    }

    /// Keeps the text JSON: another value for some member.
    private static func replaceValue(in bytes: inout [UInt8], using random: inout MutationGenerator) {
        let colons = bytes.indices.filter { bytes[$0] == UInt8(ascii: ":") }
        guard let colon = colons.randomElement(using: &random) else { return }
        let rest = bytes[(colon + 1)...]
        let end = rest.firstIndex { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "}") } ?? bytes.endIndex
        let values = [
            "null", "true", "1", "\"\"", "\"x y\"", "[]", "{}", "\"start\"", "\"media\"", "-1.5E+3", "\"+49-1\"",
        ]
        bytes.replaceSubrange(rest.startIndex..<end, with: Array((values.randomElement(using: &random) ?? "").utf8))
    }

    private static func changeLetter(in bytes: inout [UInt8], using random: inout MutationGenerator) {
        let letters = bytes.indices.filter { (0x61...0x7A).contains(bytes[$0]) }
        guard let index = letters.randomElement(using: &random) else { return }
        bytes[index] = UInt8.random(in: 0x61...0x7A, using: &random)
    }
}

/// SplitMix64: the same mutations in every run.
private struct MutationGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var value = self.state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}
