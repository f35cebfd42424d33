internal import PluginAPI
internal import Telephony

/// All entries of a static directory, found by name and by number; never changed, only replaced.
final class DirectoryTable: Sendable {
    static let empty = Builder().table

    private let entries: [StaticEntry]
    private let byUsername: [Username: Int]
    private let byDialString: [DialString: Int]
    /// What a password is compared with when there is nobody to compare it with: as costly as most are here.
    let decoy: PasswordHash

    private init(
        entries: [StaticEntry],
        byUsername: [Username: Int],
        byDialString: [DialString: Int],
        decoy: PasswordHash
    ) {
        self.entries = entries
        self.byUsername = byUsername
        self.byDialString = byDialString
        self.decoy = decoy
    }

    var count: Int { self.entries.count }

    func entry(of username: Username) -> StaticEntry? {
        self.byUsername[username].map { self.entries[$0] }
    }

    /// Some entries in the order in which they were read, and where to go on; `nil` at the end.
    func page(from start: Int, limit: Int) -> (entries: [DirectoryEntry], next: Int?) {
        let begin = min(max(start, 0), self.entries.count)
        let end = min(begin + max(limit, 1), self.entries.count)
        return (self.entries[begin..<end].map(\.directoryEntry), end < self.entries.count ? end : nil)
    }

    func entry(owning dialString: DialString) -> StaticEntry? {
        self.byDialString[dialString].map { self.entries[$0] }
    }
}

/// Where an entry was written.
enum EntryOrigin: Sendable, CustomStringConvertible {
    /// An element of `entries` in the settings.
    case settings(Int)
    /// A line of a CSV file, from 1.
    case line(Int)
    /// An element of a JSON file.
    case element(Int)

    var description: String {
        switch self {
        case .settings(let index): "/entries/\(index)"
        case .line(let line): "line \(line)"
        case .element(let index): "/\(index)"
        }
    }
}

/// Problems with entries: the first twenty in words, the rest as a number. A file of the wrong kind has one on every line.
struct EntryProblems: Sendable, Equatable {
    private static let limit = 20
    private var texts: [String] = []
    private(set) var count = 0

    mutating func add(_ text: @autoclosure () -> String) {
        if self.count < Self.limit { self.texts.append(text()) }
        self.count += 1
    }

    /// What to show.
    var shown: [String] {
        self.count > self.texts.count ? self.texts + ["and \(self.count - self.texts.count) more"] : self.texts
    }
}

extension DirectoryTable {
    /// Collects entries, and refuses names and numbers that have an owner already.
    struct Builder {
        private(set) var problems = EntryProblems()
        private var entries: [StaticEntry] = []
        private var origins: [EntryOrigin] = []
        private var byUsername: [Username: Int] = [:]
        private var byDialString: [DialString: Int] = [:]
        private var costs: [String: (count: Int, example: PasswordHash)] = [:]

        mutating func reserve(_ count: Int) {
            self.entries.reserveCapacity(count)
            self.origins.reserveCapacity(count)
            self.byUsername.reserveCapacity(count)
            self.byDialString.reserveCapacity(count)
        }

        mutating func add(_ entry: StaticEntry, from origin: EntryOrigin) {
            let index = self.entries.count
            let directoryEntry = entry.directoryEntry
            if let owner = self.byUsername[directoryEntry.username] {
                self.refuse("the username \(directoryEntry.username.text.presentable)", of: owner, at: origin)
            } else {
                self.byUsername[directoryEntry.username] = index
            }
            self.claim(directoryEntry.dialString, for: index, at: origin)
            for further in directoryEntry.furtherDialStrings {
                self.claim(further, for: index, at: origin)
            }
            if let password = entry.password {
                self.costs[password.cost, default: (0, password)].count += 1
            }
            self.entries.append(entry)
            self.origins.append(origin)
        }

        /// One's own number may be repeated.
        private mutating func claim(_ dialString: DialString, for index: Int, at origin: EntryOrigin) {
            let owner = self.byDialString.updateValue(index, forKey: dialString)
            guard let owner, owner != index else { return }
            self.byDialString[dialString] = owner
            self.refuse("the number \(dialString)", of: owner, at: origin)
        }

        private mutating func refuse(_ thing: String, of owner: Int, at origin: EntryOrigin) {
            self.problems.add("\(origin): expected one owner of \(thing), found another at \(self.origins[owner])")
        }

        mutating func addProblem(at origin: EntryOrigin, _ problem: @autoclosure () -> String) {
            self.problems.add("\(origin): \(problem())")
        }

        mutating func add(_ problem: ConfigurationProblem) {
            self.problems.add(problem.description)
        }

        /// What has been collected; of use only when there is no problem.
        var table: DirectoryTable {
            let mostCommon = self.costs.values.max { $0.count < $1.count }
            return DirectoryTable(
                entries: self.entries,
                byUsername: self.byUsername,
                byDialString: self.byDialString,
                decoy: mostCommon?.example ?? .decoy
            )
        }
    }
}
