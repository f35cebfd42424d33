import PluginAPI
import StrictJSON
import Telephony
import Testing

@Suite("The example of docs/plugins.md")
struct ExtensionDirectoryTests {
    @Test("It is a directory")
    func conformance() async throws {
        try await checkDirectoryConformance(
            ExtensionDirectoryPlugin.self,
            settings: ["prefix": "495363819"],
            knows: [
                DirectoryEntry(
                    username: try #require(Username("100")),
                    dialString: try #require(DialString("+49-5363-819-100"))
                )
            ],
            strangers: [
                (try #require(Username("1000")), try #require(DialString("4953638191000"))),
                (try #require(Username("10x")), try #require(DialString("100"))),
                (try #require(Username("１００")), try #require(DialString("49536381910x"))),
            ]
        )
    }

    @Test("Its settings")
    func settings() {
        let found = #expect(throws: ConfigurationProblems.self) {
            try PluginFixture.settings(ExtensionDirectoryPlugin.self, ["prefix": "+49", "digits": 9])
        }
        #expect(
            found?.list.map(\.description) == [
                "/plugins/0/settings/digits: expected a whole number from 1 to 8, found the number 9",
                "/plugins/0/settings/prefix: expected digits, found other characters",
            ]
        )
    }

    @Test("The document shows the code that is compiled here")
    func document() throws {
        let document = try Repository.text(of: "docs/plugins.md")
        let code = try Repository.text(of: "Tests/PluginTests/Examples/ExtensionDirectoryPlugin.swift")
        #expect(document.contains("```swift\n\(code)```\n"))
    }
}
