/// The members that a client's message can carry; every other is passed over (docs/protocol.md, section 1).
enum MemberName: Int, CaseIterable {
    case version
    case operation
    case action
    case reason
    case identifier
    case transferIdentifier
    case assignment
    case localAddress
    case remoteAddress
    case localSideDescription
    case notificationToken
    case notificationUrl
    case confirm
    case sdp
    case ice

    /// The member with this name: the length tells nearly all of them apart, so that one comparison is enough.
    init?(_ bytes: UnsafeBufferPointer<UInt8>) {
        let candidate: MemberName? =
            switch bytes.count {
            case 3: bytes[0] == UInt8(ascii: "s") ? .sdp : .ice
            case 6: bytes[0] == UInt8(ascii: "a") ? .action : .reason
            case 7: bytes[0] == UInt8(ascii: "v") ? .version : .confirm
            case 9: .operation
            case 10: bytes[0] == UInt8(ascii: "i") ? .identifier : .assignment
            case 12: .localAddress
            case 13: .remoteAddress
            case 15: .notificationUrl
            case 17: .notificationToken
            case 18: .transferIdentifier
            case 20: .localSideDescription
            default: nil
            }
        guard let candidate, bytes.spells(candidate.text) else { return nil }
        self = candidate
    }

    private var text: StaticString {
        switch self {
        case .version: "version"
        case .operation: "operation"
        case .action: "action"
        case .reason: "reason"
        case .identifier: "identifier"
        case .transferIdentifier: "transferIdentifier"
        case .assignment: "assignment"
        case .localAddress: "localAddress"
        case .remoteAddress: "remoteAddress"
        case .localSideDescription: "localSideDescription"
        case .notificationToken: "notificationToken"
        case .notificationUrl: "notificationUrl"
        case .confirm: "confirm"
        case .sdp: "sdp"
        case .ice: "ice"
        }
    }
}
