package import PluginAPI
internal import StrictJSON
internal import Telephony

/// What stands under `settings` of a static directory.
package struct StaticDirectorySettings: PluginSettings {
    /// Entries that stand in `plugins.json` itself.
    let entries: [StaticEntry]
    /// A CSV or JSON file with more of them; absolute.
    let file: String?
    /// How often the file is looked at.
    let reload: Duration
    /// Where secrets that the file refers to stand.
    let baseDirectory: String

    package init(from reader: SettingsReader) {
        self.entries = reader.objects("entries", summary: "People and their numbers.") { StaticEntry(from: $0) }
            .compactMap { $0 }
        self.file = reader.optionalPath("file", summary: "A file with more of them: `.csv` or `.json`.")
        self.reload = reader.duration(
            "reload",
            default: .seconds(2),
            in: .milliseconds(100) ... .seconds(86400),
            summary: "How often to look whether the file has changed."
        )
        self.baseDirectory = reader.baseDirectory
        if let file, DirectoryFormat(path: file) == nil {
            reader.problem(at: "file", "expected a file whose name ends in .csv or .json, found another")
        }
        // Only whole entries have been kept, so places count only when nothing was wrong.
        guard !reader.hasProblem(at: "entries") else { return }
        var builder = DirectoryTable.Builder()
        for (index, entry) in self.entries.enumerated() { builder.add(entry, from: .settings(index)) }
        for problem in builder.problems.shown {
            reader.problem(at: "entries", problem)
        }
    }
}

/// Somebody in a static directory.
struct StaticEntry: Sendable, Equatable {
    var directoryEntry: DirectoryEntry
    /// Without one, nobody logs in under this name.
    var password: PasswordHash?
    /// Without one of the algorithm in question, nobody logs in under this name by HTTP Digest.
    var digests: [DigestAlgorithm: DigestHash] = [:]

    init(directoryEntry: DirectoryEntry, password: PasswordHash?) {
        self.directoryEntry = directoryEntry
        self.password = password
    }

    /// Reads an element of `entries`, or of a JSON file; `nil` when something was wrong.
    init?(from reader: SettingsReader) {
        let username = reader.username("username", summary: "The name to log in with.")
        let dialString = reader.dialString("dialString", summary: "The number that is assigned to this user.")
        let further = reader.dialStrings("furtherDialStrings", summary: "Further numbers that this user may claim.")
        let displayName = reader.optionalString("displayName", summary: "The name shown to the other party of a call.")
        let secret = reader.optionalSecret(
            "password",
            summary:
                "A crypt(3) hash, made with `anynode-server hash-password`. Without one nobody logs in as this user."
        )
        let password = secret.flatMap { $0.withText(PasswordHash.init) }
        if secret != nil, password == nil {
            reader.problem(at: "password", PasswordHash.expected)
        }
        let digests = reader.object("digest", summary: "What HTTP Digest needs; it holds for one realm only.") {
            Self.digests(from: $0)
        }
        guard let username, !reader.hasProblem(at: "dialString") else { return nil }
        self.directoryEntry = DirectoryEntry(
            username: username,
            dialString: dialString,
            furtherDialStrings: further,
            displayName: displayName
        )
        self.password = password
        self.digests = digests
    }

    private static func digests(from reader: SettingsReader) -> [DigestAlgorithm: DigestHash] {
        var digests: [DigestAlgorithm: DigestHash] = [:]
        for algorithm in DigestAlgorithm.allCases {
            let secret = reader.optionalSecret(
                algorithm.rawValue,
                summary:
                    "The \(algorithm.rawValue) digest of `username:realm:password`, in lower-case hexadecimal digits."
            )
            digests[algorithm] = secret.flatMap { $0.withText { DigestHash($0, algorithm) } }
            if secret != nil, digests[algorithm] == nil {
                reader.problem(at: algorithm.rawValue, DigestHash.expected(algorithm))
            }
        }
        return digests
    }
}
