internal import Logging
internal import Synchronization
internal import Telephony

/// The directory says two things of which only one can be true.
struct Contradiction: Error, Sendable, Hashable {
    enum Kind: String, Sendable {
        case entriesOfOneUser = "two entries for one user"
        case ownersOfOneNumber = "two owners of one number"
    }

    let kind: Kind
    /// Which user, which number.
    let subject: String
    /// The distinguished names of the entries, in order.
    let names: [String]

    /// Two entries for one user.
    init(_ username: Username, _ persons: [Person]) {
        self.kind = .entriesOfOneUser
        self.subject = username.text
        self.names = persons.map(\.name).sorted()
    }

    /// Two owners of one number.
    init(_ number: DialString, names: [String]) {
        self.kind = .ownersOfOneNumber
        self.subject = number.text
        self.names = names.sorted()
    }
}

/// Tells the operator of contradictions, but not each time somebody asks.
final class ContradictionLog: Sendable {
    private let logger: Logger
    private let told = Mutex<Set<Contradiction>>([])
    private static let longest = 1000

    init(logger: Logger) {
        self.logger = logger
    }

    func report(_ contradiction: Contradiction) {
        let isNews = self.told.withLock { told in
            if told.count >= Self.longest { told = [] }
            return told.insert(contradiction).inserted
        }
        guard isNews else { return }
        self.logger.error(
            "the directory contradicts itself: \(contradiction.kind.rawValue)",
            metadata: [
                "about": .quoted(contradiction.subject), "entries": "\(contradiction.names.map(\.presentable))",
            ]
        )
    }

    /// All numbers were looked at, and these have more than one owner: what has been mended may be told again.
    func keep(_ current: Set<Contradiction>) {
        self.told.withLock { told in told = told.filter { $0.kind != .ownersOfOneNumber || current.contains($0) } }
        current.sorted { $0.subject < $1.subject }.prefix(Self.longest / 2).forEach(self.report)
    }
}

extension Logger.MetadataValue {
    /// A text of the directory's, on one line.
    static func quoted(_ text: String) -> Self { "\"\(text.presentable)\"" }
}
