import PluginAPI
import StaticDirectory
import Testing

@Suite("Password hashes")
struct PasswordHashTests {
    @Test("Every known method tells right from wrong", arguments: Hashes.all)
    func methods(text: String) throws {
        let hash = try #require(PasswordHash(text))
        #expect(hash.matches(Secret("demo")))
        for wrong in ["", "Demo", "demo ", "dem", "demo\0", "\0demo", text, String(repeating: "x", count: 10000)] {
            #expect(!hash.matches(Secret(wrong)))
        }
    }

    @Test("What hash-password makes is a hash of that password, with a salt of its own")
    func make() throws {
        let texts = try (0..<2).map { _ in try PasswordHash.make("dëmo") }
        #expect(texts[0] != texts[1])
        for text in texts {
            #expect(text.hasPrefix("$y$"))
            let hash = try #require(PasswordHash(text))
            #expect(hash.matches(Secret("dëmo")))
            #expect(!hash.matches(Secret("demo")))
        }
    }

    @Test("Passwords nobody could log in with", arguments: ["", "a\0b", String(repeating: "x", count: 512)])
    func unusable(password: String) {
        #expect(throws: PasswordFailure.unusable) { try PasswordHash.make(password) }
    }

    @Test(
        "Anything but a whole hash of a known method is none",
        arguments: [
            "", "demo", "$", "$$", "$y$", "$6$", "$1$xyADfGuV$oqDsn6SjTPVgKayFv7GDV1", "{SSHA}abc", "*", "!",
            "$y$j75$80YF2CpzgxPDHCNbYWwKW1$vufSRcaPPHbVzibbeCTwt45.opmpAJgvDtmwWYhZd7",
            "$y$j75$80YF2CpzgxPDHCNbYWwKW1$vufSRcaPPHbVzibbeCTwt45.opmpAJgvDtmwWYhZd7CC",
            "$y$j75$80YF2CpzgxPDHCNbYWwKW1$",
            "$y$j75$$vufSRcaPPHbVzibbeCTwt45.opmpAJgvDtmwWYhZd7C",
            "$5$rounds=1000$o5EcCj8lJ4WNGkBA$FFh68NxMbPv95rSfZiPSDFPYeG0sX5.xmVKxfZn5D. ",
            "$5$rounds=1000$o5EcCj8lJ4WNGkBA$FFh68NxMbPv95rSfZiPSDFPYeG0sX5.xmVKxfZn5D.\n",
            "!$5$rounds=1000$o5EcCj8lJ4WNGkBA$FFh68NxMbPv95rSfZiPSDFPYeG0sX5.xmVKxfZn5D.2",
        ]
    )
    func unknown(text: String) {
        #expect(PasswordHash(text) == nil)
    }

    @Test("Nothing prints a hash")
    func description() throws {
        let hash = try #require(PasswordHash(Hashes.sha256))
        var dumped = ""
        dump(hash, to: &dumped)
        #expect(!"\(hash)\(String(reflecting: hash))\(dumped)".contains("FFh68"))
    }
}
