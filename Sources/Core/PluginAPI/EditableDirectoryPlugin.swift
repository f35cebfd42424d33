public import StrictJSON
public import Telephony

/// A directory whose entries an operator can list, and change through the admin API where they stand in its settings.
public protocol EditableDirectoryPlugin: DirectoryPlugin {
    /// Some of its entries in an order of its own, beginning at a place, and the place to go on with; `nil` at the end.
    func entries(from start: Int, limit: Int) async throws -> (entries: [DirectoryEntry], next: Int?)

    /// Settings with one entry more, or with another in the place of that user's.
    ///
    /// - Throws: ``PluginError/invalidSettings(_:)`` when its entries do not stand there, or the edit makes no sense.
    static func settings(_ settings: JSONValue, putting edit: DirectoryEdit) throws -> (
        settings: JSONValue, isNew: Bool
    )

    /// Settings without a user's entry; `nil` when there is none in them.
    static func settings(_ settings: JSONValue, removing username: Username) throws -> JSONValue?
}

/// What an operator wants to stand in a directory.
public struct DirectoryEdit: Sendable {
    /// Who it is; an entry of that name is replaced.
    public var username: Username
    /// The number that is assigned.
    public var dialString: DialString
    /// The name shown to others.
    public var displayName: String?
    /// A new password in clear text; without one, a password that is there stays.
    public var password: Secret?

    /// An edit.
    public init(username: Username, dialString: DialString, displayName: String?, password: Secret?) {
        self.username = username
        self.dialString = dialString
        self.displayName = displayName
        self.password = password
    }
}
