import StrictJSON

/// Where the known members of one message stand in its bytes: found in a single pass that builds nothing.
///
/// Values are turned into Swift values one by one, and only when the operation asks for them: most messages are media, of
/// which nothing but the identifier and the raw bytes of `sdp` and `ice` is wanted.
///
/// - Important: it borrows the bytes; use it only inside the closure that lent them.
struct MessageMembers {
    /// How deep the value of a member may be nested: deeper than anything a browser makes, and safe on a small stack.
    static let depthLimit = 60

    /// One for each ``MemberName``, in place and not in an array: this is the hot path (PARTS.md, JSON).
    private var values: InlineArray<15, MemberValue?>

    /// Reads the whole text: strictly JSON, an object, and no known name twice.
    init(of text: UnsafeBufferPointer<UInt8>) throws(JSONSyntaxError) {
        self.values = InlineArray(repeating: nil)
        var scanner = JSONScanner(text, depthLimit: Self.depthLimit)
        try scanner.expect(UInt8(ascii: "{"))
        if !scanner.skip(UInt8(ascii: "}")) {
            repeat {
                try self.readMember(of: text, &scanner)
            } while scanner.skip(UInt8(ascii: ","))
            try scanner.expect(UInt8(ascii: "}"))
        }
        try scanner.expectEnd()
    }

    private mutating func readMember(
        of text: UnsafeBufferPointer<UInt8>,
        _ scanner: inout JSONScanner
    ) throws(JSONSyntaxError) {
        _ = scanner.peek()
        let start = scanner.position
        let token = try scanner.string()
        let name: MemberName?
        if token.isEscaped {
            var unescaped = scanner.text(of: token)
            name = unescaped.withUTF8 { MemberName($0) }
        } else {
            name = MemberName(UnsafeBufferPointer(rebasing: text[token.range]))
        }
        try scanner.expect(UInt8(ascii: ":"))
        guard let name else {
            try scanner.value()
            return
        }
        guard self.values[name.rawValue] == nil else { throw JSONSyntaxError(.duplicateName, at: start) }
        self.values[name.rawValue] = try MemberValue(in: text, &scanner)
    }

    /// The member's value, be it `null`; `nil` when there is none.
    func written(_ name: MemberName) -> MemberValue? {
        self.values[name.rawValue]
    }

    /// The member's value; `nil` when there is none or it is `null`.
    subscript(name: MemberName) -> MemberValue? {
        self.values[name.rawValue]?.unlessNull
    }
}
