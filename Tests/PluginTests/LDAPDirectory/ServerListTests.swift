import Testing

@testable import LDAPDirectory

@Suite("LDAP: which server to try")
struct ServerListTests {
    @Test("The first in order that has not failed lately")
    func order() {
        var list = ServerList(["a", "b", "c"])
        #expect(list.next(at: .zero) == 0)
        list.failed(0, "down", at: .zero, chance: 0.5)
        #expect(list.next(at: .zero) == 1)
        list.failed(1, "down", at: .zero, chance: 0.5)
        list.failed(2, "down", at: .zero, chance: 0.5)
        #expect(list.next(at: .milliseconds(499)) == nil)
        #expect(list.next(at: .milliseconds(500)) == 0)
        #expect(list.problems.map(\.url) == ["a", "b", "c"])
        list.succeeded(1)
        #expect(list.next(at: .milliseconds(499)) == 1)
        #expect(list.problems.map(\.url) == ["a", "c"])
    }

    @Test("Pauses double up to half a minute, and end with a success")
    func pauses() {
        var list = ServerList(["a"])
        var now = Duration.zero
        var pauses: [Duration] = []
        for _ in 0..<9 {
            list.failed(0, "down", at: now, chance: 0.5)
            var pause = Duration.zero
            while list.next(at: now + pause) == nil { pause += .milliseconds(250) }
            pauses.append(pause)
            now += pause
        }
        #expect(pauses == [0.5, 1, 2, 4, 8, 16, 30, 30, 30].map { .seconds($0) })
        list.succeeded(0)
        list.failed(0, "down", at: now, chance: 0.5)
        #expect(list.next(at: now + .milliseconds(500)) == 0)
    }

    @Test("Chance spreads a pause by a fifth to either side", arguments: [(0.0, 400), (0.5, 500), (1.0, 600)])
    func chance(chance: Double, milliseconds: Int) {
        var list = ServerList(["a"])
        list.failed(0, "down", at: .zero, chance: chance)
        #expect(list.next(at: .milliseconds(milliseconds - 1)) == nil)
        #expect(list.next(at: .milliseconds(milliseconds + 1)) == 0)
    }
}
