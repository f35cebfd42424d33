/// A media message on its way from one client to the other: opaque, kept as the bytes that came (§8.1.15, §8.1.16).
package struct SessionDescription: Hashable, Sendable {
    package enum Kind: String, Sendable, Hashable {
        case offer
        case answer
    }

    package let kind: Kind
    /// The JSON members `"sdp":…` and `"ice":…`, ready to be spliced into an object; their values are the sender's bytes.
    package let members: [UInt8]
    /// Whether `members` holds a session description. Without one it carries only candidates that trickled in later.
    package let hasSDP: Bool

    package init(kind: Kind, members: [UInt8], hasSDP: Bool) {
        self.kind = kind
        self.members = members
        self.hasSDP = hasSDP
    }
}
