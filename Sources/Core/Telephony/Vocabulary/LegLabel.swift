/// What a client is told about its leg of a call in every status: the same until a transfer changes the other side.
///
/// Immutable, and a reference only so that the many messages of a call share one copy.
package final class LegLabel: Sendable {
    /// The call as this client names it.
    package let identifier: CallIdentifier
    /// This client's own side.
    package let local: PartyAddress
    /// The other side.
    package let remote: PartyAddress
    /// How the other side's program describes itself (§8.1.13).
    package let remoteDescription: String?

    package init(
        identifier: CallIdentifier,
        local: PartyAddress,
        remote: PartyAddress,
        remoteDescription: String? = nil
    ) {
        self.identifier = identifier
        self.local = local
        self.remote = remote
        self.remoteDescription = remoteDescription
    }

    /// The same leg with another party at the far end.
    package func connected(to remote: PartyAddress, description: String?) -> LegLabel {
        LegLabel(identifier: self.identifier, local: self.local, remote: remote, remoteDescription: description)
    }
}

extension LegLabel: Equatable {
    package static func == (left: LegLabel, right: LegLabel) -> Bool {
        left === right
            || (left.identifier == right.identifier && left.local == right.local && left.remote == right.remote
                && left.remoteDescription == right.remoteDescription)
    }
}

extension LegLabel: Hashable {
    package func hash(into hasher: inout Hasher) {
        hasher.combine(self.identifier)
    }
}
