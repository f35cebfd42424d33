import PluginAPI
import Telephony
import Testing

@testable import StaticDirectory

/// A clock would not tell on a busy machine, but the work itself can be compared: method and parameters of the hash that
/// is computed for nobody.
@Suite("Static directory: the hash for those who have none")
struct DecoyTests {
    private func decoy(_ hashes: [String]) throws -> PasswordHash {
        var builder = DirectoryTable.Builder()
        for (index, hash) in hashes.enumerated() {
            let entry = DirectoryEntry(
                username: try #require(Username("user\(index)")),
                dialString: try #require(DialString("\(index)"))
            )
            builder.add(StaticEntry(directoryEntry: entry, password: PasswordHash(hash)), from: .line(index))
        }
        #expect(builder.problems.count == 0)
        return builder.table.decoy
    }

    @Test("It costs what most hashes of the directory cost")
    func cost() throws {
        #expect(try self.decoy([]).cost == "$y$j9T")
        #expect(try self.decoy(["", ""]).cost == "$y$j9T")
        #expect(try self.decoy([Hashes.sha256, Hashes.bcrypt, Hashes.bcrypt]).cost == "$2b$04")
        #expect(try self.decoy([Hashes.sha256, Hashes.sha256, Hashes.yescrypt]).cost == "$5$rounds=1000")
        #expect(try self.decoy([Hashes.scrypt]).cost == "$7$BU..../....")
        #expect(try self.decoy([Hashes.sha512]).cost == "$6$rounds=1000")
    }

    @Test("The one for a directory without passwords is a whole hash, of a password nobody knows")
    func standard() {
        for guess in ["", "demo", "password", "secret", "*"] {
            #expect(!PasswordHash.decoy.matches(Secret(guess)))
        }
    }
}
