/// How one party of a call is shown to the other: a dial string, and a name where the directory knows one.
public struct PartyAddress: Hashable, Sendable {
    /// The number or name to call back.
    public let dialString: DialString
    /// The name from the directory, fit to be shown.
    public let displayName: String?

    /// Control characters and direction overrides in `displayName` are dropped; an empty name is none.
    public init(dialString: DialString, displayName: String? = nil) {
        self.dialString = dialString
        let shown = displayName?.presentable
        self.displayName = shown?.isEmpty == true ? nil : shown
    }
}
