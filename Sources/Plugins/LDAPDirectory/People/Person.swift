internal import PluginAPI
internal import Telephony

/// Somebody in the directory, as far as telephony is concerned.
struct Person: Sendable, Hashable {
    /// The distinguished name of the entry.
    let name: String
    let username: Username
    let displayName: String?
    /// In the order of the directory, each once; the first is the one that is assigned. May be empty.
    let numbers: [DialString]
    /// Values that should be numbers and are none, or are too many.
    let unusable: [String]

    func owns(_ number: DialString) -> Bool { self.numbers.contains(number) }
}

/// How entries become persons.
struct PersonReader: Sendable {
    /// What to ask the directory for.
    let attributes: LDAPAttributes
    private let users: UserSettings
    private let numbers: NumberSettings

    init(_ users: UserSettings, _ numbers: NumberSettings) {
        self.users = users
        self.numbers = numbers
        self.attributes = LDAPAttributes(
            [users.usernameAttribute] + numbers.attributes + users.displayNameAttributes
        )
    }

    /// The person of an entry, under the name it is known by, or under this one of several.
    ///
    /// - Returns: `nil` when the entry has no such name. A server compares more generously than we do: without regard to case, to
    ///   spaces, to ways of writing an accent. Whoever is let in must be known by the very bytes.
    func person(_ entry: LDAPEntry, named username: Username? = nil) -> Person? {
        guard entry.values.count == self.attributes.names.count else { return nil }
        guard let name = self.name(among: entry.values[0], username) else { return nil }
        var numbers: [DialString] = []
        var unusable: [String] = []
        let titles = 1 + self.numbers.attributes.count
        for values in entry.values[1..<titles] {
            for value in values {
                guard let number = self.numbers.rewriting.dialString(of: value) else {
                    unusable.append(value)
                    continue
                }
                if !numbers.contains(number) { numbers.append(number) }
            }
        }
        return Person(
            name: entry.name,
            username: name,
            displayName: entry.values[titles...].lazy.joined().map(\.presentable).first { !$0.isEmpty },
            numbers: numbers,
            unusable: unusable
        )
    }

    private func name(among values: [String], _ wanted: Username?) -> Username? {
        for value in values {
            guard let name = Username(self.users.isLowercased ? value.asciiLowercased : value) else { continue }
            if wanted == nil || wanted == name { return name }
        }
        return nil
    }
}

extension String {
    fileprivate var asciiLowercased: String {
        let upper = UInt8(ascii: "A")...UInt8(ascii: "Z")
        guard self.utf8.contains(where: { upper.contains($0) }) else { return self }
        return String(decoding: self.utf8.map { upper.contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    }
}
