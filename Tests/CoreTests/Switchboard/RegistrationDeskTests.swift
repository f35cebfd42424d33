import Core
import PluginAPI
import Telephony
import Testing

/// Who may register for what (§5), without a network.
@Suite("Registration desk")
struct RegistrationDeskTests {
    /// Alice with two numbers, Bob with one; `broken` is a name and a number that the directory cannot look up.
    struct SmallDirectory: DirectoryService {
        struct Broken: Error {}

        func entry(forUsername username: Username) async throws -> DirectoryEntry? {
            if username.text == "broken" { throw Broken() }
            return PeopleDirectory.people.first { $0.username == username }
        }

        func entry(forDialString dialString: DialString) async throws -> DirectoryEntry? {
            if dialString.text == "666" { throw Broken() }
            return PeopleDirectory.people.first { $0.owns(dialString) }
        }
    }

    struct Case: CustomTestStringConvertible, Sendable {
        var username: String?
        var dialString: String?
        var login: String?
        /// The number that is assigned, or the reason for the refusal.
        var expected: String

        var testDescription: String {
            "\(self.login ?? "anonymous") asks for \(self.username ?? "-") \(self.dialString ?? "-"): \(self.expected)"
        }
    }

    static let cases = [
        Case(username: "alice", login: "alice", expected: "4953638195123"),
        Case(username: "alice", dialString: "4953638195124", login: "alice", expected: "4953638195124"),
        Case(username: "alice", dialString: "+4953638195123", login: "alice", expected: "4953638195123"),
        Case(dialString: "4953638195124", login: "alice", expected: "4953638195124"),
        Case(username: "alice", login: nil, expected: "4953638195123"),
        Case(dialString: "4953638195999", login: nil, expected: "4953638195999"),
        Case(username: "bob", login: "alice", expected: "forbidden"),
        Case(username: "nobody", login: "alice", expected: "forbidden"),
        Case(username: "Alice", login: "alice", expected: "forbidden"),
        Case(username: "alice ", login: "alice", expected: "forbidden"),
        Case(username: "alice\u{301}", login: "alice", expected: "forbidden"),
        Case(username: "", login: "alice", expected: "forbidden"),
        Case(username: "", login: nil, expected: "notFound"),
        Case(username: "a\u{0}", login: nil, expected: "notFound"),
        Case(username: "nobody", login: nil, expected: "notFound"),
        Case(username: "alice", dialString: "4953638195999", login: "alice", expected: "forbidden"),
        Case(username: "alice", dialString: "4953638195999", login: nil, expected: "forbidden"),
        Case(username: "alice", dialString: "not a number", login: "alice", expected: "notFound"),
        Case(dialString: "4953638195999", login: "alice", expected: "forbidden"),
        Case(dialString: "00495363819599", login: "alice", expected: "notFound"),
        Case(dialString: "tel:4953638195123", login: "alice", expected: "notFound"),
        Case(dialString: "4953638195*", login: "alice", expected: "notFound"),
        Case(dialString: "٤٩٥٣٦٣٨١٩٥١٢٣", login: "alice", expected: "notFound"),
        Case(dialString: "4953638195123\u{200B}", login: "alice", expected: "notFound"),
        Case(username: "broken", login: "broken", expected: "directoryUnavailable"),
        Case(dialString: "666", login: "alice", expected: "directoryUnavailable"),
        Case(login: "alice", expected: "invalidMessage"),
    ]

    @Test("Nobody becomes somebody else, or takes a number that is not his", arguments: cases)
    func decision(_ testCase: Case) async {
        let desk = RegistrationDesk(directory: SmallDirectory(), modes: [.username, .dialString])
        let identity = testCase.login.flatMap { Username($0) }.map(Identity.user) ?? .anonymous
        let assignment = Assignment(username: testCase.username, dialString: testCase.dialString)
        switch await desk.decide(assignment, for: identity) {
        case .admitted(_, let address, _): #expect(address.dialString.text == testCase.expected)
        case .refused(let reason): #expect(reason.rawValue == testCase.expected)
        }
    }

    @Test("A mode that is switched off is forbidden")
    func modes() async {
        let alice = Identity.anonymous
        let byName = RegistrationDesk(directory: SmallDirectory(), modes: [.username])
        let byNumber = RegistrationDesk(directory: SmallDirectory(), modes: [.dialString])
        let number = await byName.decide(Assignment(dialString: "4953638195123"), for: alice)
        #expect(number == .refused(.forbidden))
        let both = await byName.decide(Assignment(username: "alice", dialString: "4953638195123"), for: alice)
        #expect(both == .refused(.forbidden))
        let name = await byNumber.decide(Assignment(username: "alice"), for: alice)
        #expect(name == .refused(.forbidden))
    }
}
