internal import Telephony

/// Which users a number was seen at when all of them were listed.
///
/// A hint where to look, never an answer: since then somebody may have left, and somebody may have come.
struct NumberIndex: Sendable {
    private enum Owners: Sendable {
        case one(Username)
        case several([Username])
    }

    private var owners: [DialString: Owners] = [:]
    /// Those with more than one owner.
    private(set) var contested: [DialString: [String]] = [:]
    /// The entry that each number was first seen at, until the list is complete.
    private var names: [DialString: String] = [:]
    /// The directory has not told all of its entries.
    var isIncomplete = false

    var count: Int { self.owners.count }

    mutating func add(_ person: Person) {
        for number in person.numbers {
            switch self.owners[number] {
            case nil:
                self.owners[number] = .one(person.username)
                self.names[number] = person.name
            case .one(let first):
                self.owners[number] = .several([first, person.username])
                self.contested[number] = [self.names[number] ?? "", person.name]
            case .several(let earlier):
                self.owners[number] = .several(earlier + [person.username])
                self.contested[number, default: []].append(person.name)
            }
        }
    }

    /// No more are to come.
    mutating func complete() {
        self.names = [:]
    }

    /// Whether nobody else was seen at this number.
    func isFree(_ number: DialString, for username: Username) -> Bool {
        switch self.owners[number] {
        case nil: true
        case .one(let owner): owner == username
        case .several: false
        }
    }

    /// Whom to look at.
    func users(at number: DialString) -> [Username] {
        switch self.owners[number] {
        case nil: []
        case .one(let username): [username]
        case .several(let usernames): usernames
        }
    }
}
