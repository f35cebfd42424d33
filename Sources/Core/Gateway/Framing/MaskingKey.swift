/// The four bytes that a client's payload is masked with (RFC 6455 §5.3).
struct MaskingKey {
    /// The bytes in the order in which they stand in memory, twice.
    private let word: UInt64

    /// - Parameter bytes: the four bytes as an integer in the machine's own byte order.
    init(inMemoryOrder bytes: UInt32) {
        self.word = UInt64(bytes) << 32 | UInt64(bytes)
    }

    /// Unmasks what stands at `source` and writes it to `target`; the two may be the same memory.
    ///
    /// Every byte from a client passes here, hence as many at a time as there is room for (benchmark `relay`).
    func apply(from source: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer) {
        guard let from = source.baseAddress, let to = target.baseAddress else { return }
        let count = min(source.count, target.count)
        var offset = 0
        let words = SIMD4(repeating: self.word)
        while offset &+ 32 <= count {
            let masked = from.loadUnaligned(fromByteOffset: offset, as: SIMD4<UInt64>.self)
            to.storeBytes(of: masked ^ words, toByteOffset: offset, as: SIMD4<UInt64>.self)
            offset &+= 32
        }
        while offset &+ 8 <= count {
            let masked = from.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            to.storeBytes(of: masked ^ self.word, toByteOffset: offset, as: UInt64.self)
            offset &+= 8
        }
        withUnsafeBytes(of: self.word) { key in
            while offset < count {
                target[offset] = source[offset] ^ key[offset & 7]
                offset &+= 1
            }
        }
    }
}
