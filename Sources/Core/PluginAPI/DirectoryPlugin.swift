public import Telephony

/// Knows whose a number is and which number is whose (§5).
///
/// `nil` means "not mine": the next directory of the chain is asked. An error means "I could not find out": the client is
/// told `directoryUnavailable`, never that somebody does not exist.
public protocol DirectoryPlugin: Plugin {
    /// Whether the host keeps answers for a while, and serves old ones when the plugin fails; `true` unless said otherwise. Not
    /// for a directory that answers from memory.
    static var isCached: Bool { get }

    /// The entry of a user.
    func entry(forUsername username: Username) async throws -> DirectoryEntry?

    /// The entry that owns a number.
    func entry(forDialString dialString: DialString) async throws -> DirectoryEntry?
}

extension DirectoryPlugin {
    /// Answers are kept.
    public static var isCached: Bool { true }
}

/// One person, or one telephone, of a directory.
public struct DirectoryEntry: Sendable, Hashable {
    /// The name the person logs in with.
    public var username: Username
    /// The number that is assigned when the client names none.
    public var dialString: DialString
    /// Further numbers that this user may claim.
    public var furtherDialStrings: [DialString]
    /// The name to show to the other party of a call.
    public var displayName: String?
    /// The plugin that knows it; the host fills it in.
    package var source: String?

    /// An entry; `dialString` need not be repeated in `furtherDialStrings`.
    public init(
        username: Username,
        dialString: DialString,
        furtherDialStrings: [DialString] = [],
        displayName: String? = nil
    ) {
        self.username = username
        self.dialString = dialString
        self.furtherDialStrings = furtherDialStrings
        self.displayName = displayName
    }

    /// Whether this user may register for a number.
    public func owns(_ dialString: DialString) -> Bool {
        self.dialString == dialString || self.furtherDialStrings.contains(dialString)
    }

    /// Where an entry was found is no part of it.
    public static func == (left: DirectoryEntry, right: DirectoryEntry) -> Bool {
        left.username == right.username && left.dialString == right.dialString
            && left.furtherDialStrings == right.furtherDialStrings && left.displayName == right.displayName
    }

    /// By the user's name.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(self.username)
    }

    /// How the other party sees this entry under one of its numbers.
    public func address(as dialString: DialString) -> PartyAddress {
        PartyAddress(dialString: dialString, displayName: self.displayName)
    }
}
