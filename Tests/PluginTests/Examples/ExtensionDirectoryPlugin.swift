import PluginAPI
import Telephony

/// Everybody named like an extension, `100` for instance, has that extension behind the company's number.
struct ExtensionDirectoryPlugin: DirectoryPlugin {
    struct Settings: PluginSettings {
        let prefix: String
        let digits: Int

        init(from reader: SettingsReader) {
            self.prefix = reader.string("prefix", summary: "The company's number, without extension.")
            self.digits = reader.integer("digits", default: 3, in: 1...8, summary: "How long an extension is.")
            if !self.prefix.utf8.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains) {
                reader.problem(at: "prefix", "expected digits, found other characters")
            }
        }
    }

    static let kind = "ExtensionDirectory"

    let settings: Settings

    init(settings: Settings, context: PluginContext) {
        self.settings = settings
    }

    func entry(forUsername username: Username) -> DirectoryEntry? {
        DialString(self.settings.prefix + username.text).flatMap(self.entry(forDialString:))
    }

    func entry(forDialString dialString: DialString) -> DirectoryEntry? {
        let digits = dialString.text.utf8.suffix(self.settings.digits)
        let isNumber = digits.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains)
        guard isNumber, let username = Username(String(Substring(digits))) else { return nil }
        guard dialString.text == self.settings.prefix + username.text else { return nil }
        return DirectoryEntry(username: username, dialString: dialString)
    }
}
