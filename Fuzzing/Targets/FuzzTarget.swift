/// A piece of the server that takes bytes from strangers, with what must hold whatever the bytes are.
///
/// That nothing traps and that no memory is misused need no words: the driver's process would end.
package struct FuzzTarget: Sendable {
    /// What `FUZZ_TARGET` and the folders of seeds, crashers and dictionaries call it.
    package let name: String
    /// Feeds the bytes, and throws when a property does not hold.
    package let run: @Sendable (_ bytes: [UInt8]) throws(BrokenProperty) -> Void

    /// Every fuzz target. A new one is one line here, a folder of seeds, and a dictionary.
    package static let all = [
        FuzzTarget(name: "configuration", run: ConfigurationTarget.run),
        FuzzTarget(name: "digest", run: DigestTarget.run),
        FuzzTarget(name: "door", run: FrontDoorTarget.run),
        FuzzTarget(name: "envelope", run: EnvelopeTarget.run),
        FuzzTarget(name: "frames", run: FramesTarget.run),
        FuzzTarget(name: "proxy", run: ProxyTarget.run),
        FuzzTarget(name: "query", run: QueryTarget.run),
        FuzzTarget(name: "request", run: RequestTarget.run),
        FuzzTarget(name: "token", run: TokenTarget.run),
    ]
}

/// A property that did not hold for some input.
package struct BrokenProperty: Error, Hashable, Sendable, CustomStringConvertible {
    /// What should have been.
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Throws unless a property holds.
func require(_ holds: Bool, _ property: @autoclosure () -> String) throws(BrokenProperty) {
    guard holds else { throw BrokenProperty(property()) }
}
